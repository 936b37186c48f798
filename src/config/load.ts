// Flags over environment over project file over user file over defaults → one frozen Config.
import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, parse, resolve } from 'node:path';
import * as v from 'valibot';
import { errnoOf, IndexerError, messageOf } from '../core/errors.ts';
import type { LanguageFolder } from '../core/language-folder.ts';
import { editDistance, nearest } from '../core/nearest.ts';
import { type Environment, invocationDirectory } from './environment.ts';
import { defaultIndexDir, namedIndexDir } from './index-place.ts';
import { workersWithin } from './memory.ts';
import { readMvsConfig } from './mvs-config.ts';
import { mvsVariables } from './mvs-environment.ts';
import { hubSettings, indexPath, namedModel, relativePlaces, userCacheDir, userFilePath } from './places.ts';
import { INDEX_DIR_NAME, isInside, realPath, resolveRoot } from './root.ts';
import {
  type Config,
  defaultSettings,
  SETTING_KEYS,
  type SettingKey,
  type Settings,
  SettingsSchema,
} from './schema.ts';

const PROJECT_FILE_NAME = '.tandem.json';
const MOST_FILE_BYTES = 1024 * 1024;

/** What was typed, by setting. */
export type Flags = { readonly [key in SettingKey]?: string | boolean | readonly string[] | undefined };

export interface ConfigRequest {
  /** The path argument of the command. */
  readonly path?: string | undefined;
  readonly projectRoot?: string | undefined;
  readonly flags?: Flags | undefined;
  /** True for commands that make an index (they may take the git top level for the root). */
  readonly creates: boolean;
  readonly env?: Environment | undefined;
  readonly cwd?: string | undefined;
}

/** One place that settings come from. */
interface Layer {
  readonly settings: Settings;
  /** Where its relative paths start. */
  readonly base: string;
  /** True for what the project says of itself. */
  readonly isProjects?: boolean;
}

/**
 * Resolves the root and merges all layers. Errors: those of `resolveRoot`, and CONFIG_INVALID for a value out of range,
 * an unknown key, a file that is no JSON object, or a project file that asks for more than a project may.
 */
export function loadConfig(request: ConfigRequest): Config {
  const env = request.env ?? process.env;
  const standing = invocationDirectory(env, request.cwd ?? currentFolder(request));
  const warnings = relativePlaces(env);
  const root = resolveRoot({
    path: request.path,
    projectRoot: request.projectRoot,
    standing,
    creates: request.creates,
  });
  const userFile = userFilePath(env);

  const layers: Layer[] = [
    { settings: parseSettings(request.flags ?? {}, flagName, 'the command line'), base: standing },
    { settings: environmentSettings(env), base: standing },
    { settings: readProjectFile(root, userFile), base: root, isProjects: true },
    ...(userFile === null ? [] : [{ settings: readUserFile(userFile, warnings), base: dirname(userFile) }]),
  ];
  const merged = mergeLayers(layers, userCacheDir(env));
  const indexDir = merged.indexDir === undefined ? defaultIndexDir(root) : namedIndexDir(merged.indexDir);
  const cacheDir = merged.cacheDir ?? userCacheDir(env);
  const mvs = readMvsConfig(indexDir);
  return Object.freeze({
    root,
    indexDir,
    workers: merged.maxMemory === undefined ? merged.workers : workersWithin(merged.maxMemory, merged.workers),
    checkpointInterval: merged.checkpointInterval,
    maxFileBytes: merged.maxFileSize,
    include: merged.include,
    exclude: merged.exclude,
    allowSecrets: merged.allowSecrets,
    languages: languageFolders(layers),
    durability: merged.durability,
    modelDir: merged.modelDir,
    hub:
      merged.hubId === null
        ? null
        : Object.freeze({ id: merged.hubId, isAllowed: merged.allowDownload, ...hubSettings(env) }),
    // No other device was measured to be faster with the bundled model, which is made for processors.
    device: merged.device === 'auto' ? 'cpu' : merged.device,
    sources: mvs?.sources,
    mvsModel: mvs?.embeddingModel ?? env.MCP_VECTOR_SEARCH_EMBEDDING_MODEL ?? null,
    cache:
      merged.cache === 'off' || cacheDir === null
        ? null
        : Object.freeze({ directory: cacheDir, bytes: merged.cacheSize }),
    warnings,
  });
}

/** `checkpointInterval` → `--checkpoint-interval`. */
export function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `checkpointInterval` → `TANDEM_CHECKPOINT_INTERVAL`. */
export function variableName(key: string): string {
  return `TANDEM_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** The first layer that has a value wins; but what is excluded anywhere is excluded. */
function mergeLayers(layers: readonly Layer[], cacheDir: string | null) {
  const merged: Settings = {};
  let hubId: string | null = null;
  for (const { settings, base } of layers.toReversed()) {
    const exclude = merged.exclude ?? [];
    Object.assign(merged, settings);
    merged.exclude = [...exclude, ...(settings.exclude ?? [])];
    if (settings.modelDir !== undefined) [merged.modelDir, hubId] = [resolve(base, settings.modelDir), null];
    if (settings.model !== undefined) {
      const named = namedModel(settings.model, base, cacheDir);
      [merged.modelDir, hubId] = [named.folder, named.hubId];
    }
    if (settings.indexDir !== undefined) merged.indexDir = resolve(base, settings.indexDir);
    if (settings.cacheDir !== undefined) merged.cacheDir = resolve(base, settings.cacheDir);
  }
  return { ...defaultSettings(), ...merged, hubId };
}

/** Those of all layers, the user's last: they win where two claim the same files. */
function languageFolders(layers: readonly Layer[]): LanguageFolder[] {
  const projectsFirst = layers.toSorted((a, b) => Number(b.isProjects ?? false) - Number(a.isProjects ?? false));
  return projectsFirst.flatMap(({ settings, base, isProjects }) =>
    (settings.languages ?? []).map((path) => ({ path: resolve(base, path), isTrusted: isProjects !== true })),
  );
}

function environmentSettings(env: Environment): Settings {
  const given: Record<string, string> = {};
  const mvs = mvsVariables(env);
  const nameOf = (key: string) => (env[variableName(key)] ? undefined : mvs.get(key)) ?? variableName(key);
  for (const key of SETTING_KEYS) {
    const value = env[nameOf(key)];
    if (value) given[key] = value;
  }
  refuseMisspelt(env);
  const settings = parseSettings(given, nameOf, 'the environment');
  const shared = indexPath(env);
  if (settings.indexDir === undefined && shared !== null) settings.indexDir = join(shared, INDEX_DIR_NAME);
  return settings;
}

/** Others may use our prefix too, so only what is a slip of the keyboard away from a setting is refused. */
function refuseMisspelt(env: Environment): void {
  const known = SETTING_KEYS.map(variableName);
  for (const name of Object.keys(env)) {
    if (!name.startsWith('TANDEM_') || known.includes(name)) continue;
    const meant = known.find((each) => editDistance(name, each) <= 2);
    if (meant !== undefined)
      throw invalid('the environment', `sets ${name}, which is not known`, `did you mean ${meant}?`);
  }
}

/** A cloned project is not trusted: it may tune how its files are read, not what is loaded or where we write. */
function readProjectFile(root: string, userPath: string | null): Settings {
  const userFile = userPath ?? 'your own settings file';
  const path = join(root, PROJECT_FILE_NAME);
  const settings = readSettingsFile(path);
  for (const key of ['modelDir', 'model', 'device', 'cacheDir', 'cacheSize'] as const) {
    if (settings[key] === undefined) continue;
    throw invalid(path, `sets ${key}, which a project may not`, `set it in ${userFile} or as ${variableName(key)}`);
  }
  for (const key of ['allowSecrets', 'allowDownload'] as const) {
    if (settings[key] !== true) continue;
    throw invalid(path, `sets ${key}, which a project may not`, `set it in ${userFile} or with ${flagName(key)}`);
  }
  const outside = settings.languages?.find((folder) => !isInside(root, realPath(resolve(root, folder))));
  if (outside !== undefined) {
    throw invalid(path, `names the language ${outside}, outside the project`, `name it in ${userFile}`);
  }
  if (settings.indexDir !== undefined && !isInside(root, realPath(resolve(root, settings.indexDir)))) {
    throw invalid(path, 'sets indexDir to a place outside the project', `set it in ${userFile} or with --index-dir`);
  }
  return settings;
}

/** One that the system does not let us read is passed over, as git does: HOME may be another user's. */
function readUserFile(path: string, warnings: string[]): Settings {
  try {
    return readSettingsFile(path);
  } catch (error) {
    const errno = error instanceof IndexerError ? errnoOf(error.cause) : '';
    if (errno === '') throw error;
    warnings.push(`the settings in ${path} cannot be read (${errno}) and are passed over`);
    return {};
  }
}

/** `{}` where there is no file. */
function readSettingsFile(path: string): Settings {
  let parsed: unknown;
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return {};
    if (!stats.isFile() || stats.size > MOST_FILE_BYTES) {
      throw invalid(path, 'is not a small regular file', 'make it a JSON file of settings, or remove it');
    }
    parsed = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    if (error instanceof IndexerError) throw error;
    if (errnoOf(error) === 'ENOTDIR') return {};
    throw invalid(path, `cannot be read: ${messageOf(error)}`, 'correct it, or remove it to use the defaults', error);
  }
  return parseSettings(parsed, (key) => key, path);
}

/** Checks one layer; `nameOf` gives a key as the user wrote it there. Undefined values count as not given. */
function parseSettings(raw: unknown, nameOf: (key: string) => string, source: string): Settings {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw invalid(source, 'holds no JSON object', 'for example { "workers": 2 }');
  }
  const unknown = Object.keys(raw).find((key) => !SETTING_KEYS.includes(key as SettingKey));
  if (unknown !== undefined) {
    const meant = nearest(unknown, SETTING_KEYS);
    const hint = meant === undefined ? `the settings are ${SETTING_KEYS.join(', ')}` : `did you mean ${nameOf(meant)}?`;
    throw invalid(source, `sets ${nameOf(unknown)}, which is not known`, hint);
  }
  const given = Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined));
  const result = v.safeParse(SettingsSchema, given);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const key = v.getDotPath(issue) ?? '';
  throw invalid(source, `sets ${nameOf(key)} to ${JSON.stringify(given[key])}`, `it must be ${issue.message}`);
}

/** Where the user stands may be removed by now. What was named by absolute paths does not need it. */
function currentFolder({ path, projectRoot, flags = {} }: ConfigRequest): string {
  try {
    return process.cwd();
  } catch (error) {
    const named = [path, projectRoot].filter((each) => each !== undefined);
    const others = [flags.indexDir, flags.modelDir, flags.model].filter((each) => typeof each === 'string');
    if (named.length > 0 && [...named, ...others].every(isAbsolute)) return parse(named[0]!).root;
    throw new IndexerError('PATH_NOT_FOUND', 'the current directory no longer exists', {
      hint: 'go to another one, or name everything by absolute paths',
      cause: error,
    });
  }
}

function invalid(source: string, message: string, hint: string, cause?: unknown): IndexerError {
  return new IndexerError('CONFIG_INVALID', `${source} ${message}`, { hint, cause });
}
