// One schema with every default, unit and range. The result is validated once and handed on, never imported.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { DEVICES, type Device } from '../core/device.ts';
import type { LanguageFolder } from '../core/language-folder.ts';
import type { SourceRules } from '../core/source-rules.ts';
import { availableMemory, LEAST_MEMORY_BYTES, workersWithin } from './memory.ts';
import { packageRoot } from './package.ts';

/** What a run needs to know, after flags, environment, file and defaults were merged. Frozen. */
export interface Config {
  /** Absolute path of the tree to index. */
  readonly root: string;
  /** Absolute path of the index directory (`<root>/.mcp-vector-search` unless told otherwise). */
  readonly indexDir: string;
  /** Worker threads of either phase, as many as fit into the memory that was allowed. */
  readonly workers: number;
  /** Batches of 512 rows between two checkpoints. */
  readonly checkpointInterval: number;
  /** Files above this many bytes are skipped (both limits of Phase 1 are capped by it). */
  readonly maxFileBytes: number;
  /** Ignore patterns, relative to the root; if there are any, only files that match are indexed. */
  readonly include: readonly string[];
  /** Ignore patterns, relative to the root, of files and folders that are left out; a later `!` takes one back. */
  readonly exclude: readonly string[];
  /** False leaves out files that hold secrets by their name. */
  readonly allowSecrets: boolean;
  /** Languages of the user's own. */
  readonly languages?: readonly LanguageFolder[] | undefined;
  /** `full` fsyncs at every barrier; `fast` leaves that to the operating system. */
  readonly durability: 'full' | 'fast';
  /** Absolute path of the model's folder. */
  readonly modelDir: string;
  /** Where the model comes from if its folder is not there: `org/name` at a hub, if the user allows a download. */
  readonly hub?: {
    readonly id: string;
    readonly endpoint: string;
    readonly isAllowed: boolean;
    readonly answerMs: number;
  } | null;
  /** What vectors are made on; the CPU where nothing is said. */
  readonly device?: Device | undefined;
  /** What mcp-vector-search's own settings say about files; undefined where it has none. */
  readonly sources?: SourceRules | undefined;
  /** The model they ask for; an index is not made with another one. */
  readonly mvsModel?: string | null | undefined;
  /** Vectors kept for other runs on this machine; null where they are not to be used. */
  readonly cache: { readonly directory: string; readonly bytes: number } | null;
  /** What a user should know of where the settings came from. */
  readonly warnings?: readonly string[] | undefined;
}

const BYTES_PER_UNIT = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const;
const MOST_FILE_BYTES = BYTES_PER_UNIT.g;
const MOST_MEMORY_BYTES = 1024 * BYTES_PER_UNIT.g;
const MOST_CACHE_BYTES = 1024 * BYTES_PER_UNIT.g;

/** Numbers arrive as JSON numbers or, from flags and environment, as text. */
function wholeNumber(least: number, most: number) {
  const expected = `a whole number from ${least} to ${most}`;
  const limits = between(least, most, expected);
  const digits = v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number), ...limits);
  return v.union([v.pipe(v.number(), ...limits), digits], expected);
}

/** `range` says in words what `least` and `most` are. */
function byteCount(range: string, least: number, most: number) {
  const expected = `a size in bytes ${range}, such as 500000, "512k" or "2MiB"`;
  const limits = between(least, most, expected);
  const written = v.pipe(
    v.string(),
    v.regex(/^\d{1,12} ?([kKmMgG]([iI]?[bB])?|[bB])?$/),
    v.transform((text) => {
      const unit = /[kmg]/i.exec(text)?.[0].toLowerCase() ?? '';
      return Number.parseInt(text, 10) * BYTES_PER_UNIT[unit as keyof typeof BYTES_PER_UNIT];
    }),
    ...limits,
  );
  return v.union([v.pipe(v.number(), ...limits), written], expected);
}

function between(least: number, most: number, expected: string) {
  return [
    v.integer<number, string>(expected),
    v.minValue<number, number, string>(least, expected),
    v.maxValue<number, number, string>(most, expected),
  ] as const;
}

/** From the environment: one pattern a line. */
function patterns() {
  const expected = 'a list of at most 1000 patterns as in .gitignore, such as ["src/", "*.ts"]';
  const pattern = v.pipe(
    v.string(expected),
    v.nonEmpty(expected),
    v.maxLength(1000, expected),
    v.regex(/^[^\0\n\r]*$/, expected),
  );
  return lines(pattern, 1000, expected);
}

/** A list, or one text with an entry on each line. */
function lines(entry: v.GenericSchema<string>, most: number, expected: string) {
  const list = [v.array(entry), v.maxLength<string[], number, string>(most, expected)] as const;
  const text = v.pipe(
    v.string(),
    v.transform((whole) => whole.split('\n').filter((line) => line !== '')),
    ...list,
  );
  return v.union([v.pipe(...list), text], expected);
}

function yesOrNo() {
  const expected = 'true or false';
  const written = v.pipe(
    v.picklist(['true', 'false', '1', '0']),
    v.transform((text) => text === 'true' || text === '1'),
  );
  return v.union([v.boolean(), written], expected);
}

/** From the environment: one path a line. */
function folders() {
  const expected = 'a list of at most 100 paths of folders, such as ["languages/cobol"]';
  const path = v.pipe(v.string(expected), v.nonEmpty(expected), v.regex(/^[^\0\n\r]*$/, expected));
  return lines(path, 100, expected);
}

function folder() {
  const expected = 'the path of a folder';
  return v.pipe(v.string(expected), v.nonEmpty(expected));
}

/** `note` is what documentation and the JSON Schema say of it. */
function setting<const T extends v.BaseSchema<unknown, unknown, v.BaseIssue<unknown>>>(schema: T, note: string) {
  return v.exactOptional(v.pipe(schema, v.description(note)));
}

/**
 * The settings as one layer (flags, environment or a file) may give them. A key's flag and environment variable follow
 * from it: `maxFileSize`, `--max-file-size`, `TANDEM_MAX_FILE_SIZE`. The message of an issue says what was expected.
 */
export const SettingsSchema = v.strictObject({
  workers: setting(
    wholeNumber(1, 1024),
    'Maximum worker threads per phase. Default: the CPU count, limited by memory.',
  ),
  checkpointInterval: setting(
    wholeNumber(1, 10_000),
    'Batches of 512 chunks between two checkpoints. A crash loses at most this much embedding.',
  ),
  maxFileSize: setting(
    byteCount('from 1 to 1 GiB', 1, MOST_FILE_BYTES),
    'Larger files are skipped: bytes, or a number with a unit, such as "512k" or "2MiB".',
  ),
  maxMemory: setting(
    byteCount('from 384 MiB to 1 TiB', LEAST_MEMORY_BYTES, MOST_MEMORY_BYTES),
    'Memory that the workers may use together: bytes, or a number with a unit. Default: what is available.',
  ),
  include: setting(
    patterns(),
    'Patterns as in .gitignore, relative to the root: if there are any, only matching files are indexed.',
  ),
  exclude: setting(
    patterns(),
    'Patterns as in .gitignore, relative to the root: matching files are left out. All places add to this list.',
  ),
  allowSecrets: setting(
    yesOrNo(),
    'Index files whose names say that they hold secrets, such as .env. A project file may not switch this on.',
  ),
  languages: setting(folders(), 'Folders of additional languages, relative to the file that names them.'),
  durability: setting(
    v.picklist(['full', 'fast'], '"full" or "fast"'),
    '"full" syncs files to the disk at every barrier; "fast" leaves that to the operating system.',
  ),
  modelDir: setting(folder(), 'Folder of the embedding model. Not in a project file.'),
  model: setting(
    v.pipe(v.string('the name or folder of a model'), v.nonEmpty('the name or folder of a model')),
    'Embedding model: a folder, or org/name as on huggingface.co. Not in a project file.',
  ),
  allowDownload: setting(
    yesOrNo(),
    'Download the model if it is not in the cache folder. A project file may not switch this on.',
  ),
  device: setting(
    v.picklist(['auto', ...DEVICES], `one of auto, ${DEVICES.join(', ')}`),
    'Device that embeddings are computed on. "auto" is the CPU. Not in a project file.',
  ),
  cache: setting(
    v.picklist(['on', 'off'], '"on" or "off"'),
    'Whether vectors are kept for other indexes of this user.',
  ),
  cacheDir: setting(
    folder(),
    "Folder of that cache and of downloaded models. Not in a project file. Default: the platform's cache folder.",
  ),
  cacheSize: setting(
    byteCount('from 1 to 1 TiB', 1, MOST_CACHE_BYTES),
    'Size limit of that cache: bytes, or a number with a unit. Not in a project file.',
  ),
  indexDir: setting(
    folder(),
    'Index directory. A project file may only name one inside the project. Default: .mcp-vector-search in the root.',
  ),
});

export type Settings = v.InferOutput<typeof SettingsSchema>;
export type SettingKey = keyof typeof SettingsSchema.entries;

export const SETTING_KEYS = Object.keys(SettingsSchema.entries) as readonly SettingKey[];

/** What holds where no layer says otherwise; `indexDir` follows from the root, `cacheDir` from the user. */
export function defaultSettings() {
  return {
    workers: workersWithin(availableMemory(), Math.min(availableParallelism(), 1024)),
    checkpointInterval: 20,
    maxFileSize: 2 * BYTES_PER_UNIT.m,
    include: [],
    exclude: [],
    allowSecrets: false,
    durability: 'full',
    modelDir: join(packageRoot, 'models/all-MiniLM-L6-v2'),
    allowDownload: false,
    device: 'auto',
    cache: 'on',
    cacheSize: 2 * BYTES_PER_UNIT.g,
  } as const;
}
