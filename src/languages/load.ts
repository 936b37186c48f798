// Reads languages from their directories. The built-in ones lie beside this file, in src/ and in dist/ alike.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import type { ChunkKind } from '../core/chunk.ts';
import { errnoOf, IndexerError, messageOf } from '../core/errors.ts';
import { type GrammarRecord, grammarManifestSchema, languageSchema } from './schema.ts';
import { DEFINITION_KINDS } from './vocabulary.ts';

/** A grammar's wasm file. `sha256` is what it must have, null for a user's own. */
export interface GrammarFile {
  readonly path: string;
  readonly sha256: string | null;
}

/** A language as data. */
export interface Language {
  readonly id: string;
  readonly extensions: readonly string[];
  readonly sharedExtensions: readonly { readonly extension: string; readonly unless: string }[];
  readonly filenames: readonly string[];
  readonly shebangs: readonly string[];
  readonly separator: string;
  readonly comments: readonly string[];
  readonly blanks: readonly string[];
  readonly notInNames: RegExp | null;
  readonly methodsIn: ReadonlySet<ChunkKind>;
  readonly textWhenSmall: ReadonlySet<ChunkKind>;
  readonly joins: ReadonlySet<ChunkKind>;
  readonly commentsBelow: boolean;
  readonly prose: boolean;
  readonly notebook: boolean;
  readonly density: number;
  /** Null for a language that is only known by name. */
  readonly grammar: GrammarFile | null;
  /** The text of its queries. */
  readonly query: string;
}

const HERE = new URL('./', import.meta.url);
const GRAMMAR_LIST = new URL('grammars.json', HERE);
/** Where the built-in grammars lie. */
export const GRAMMARS_DIR = new URL('../../dist/grammars/', import.meta.url);

/** All built-in languages, sorted by id. Throws GRAMMAR_DAMAGED if there are none. */
export function loadBuiltInLanguages(grammarsDir: URL = GRAMMARS_DIR): Language[] {
  const names = readdirSync(HERE, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  if (names.length === 0) {
    // Without this every file would quietly be cut into lines.
    throw new IndexerError('GRAMMAR_DAMAGED', `there are no languages in ${fileURLToPath(HERE)}`, {
      hint: 'install tandem-index again, or rebuild a checkout',
    });
  }
  return names.map((name) => loadLanguage(new URL(`${name}/`, HERE), { grammarsDir }));
}

/**
 * One language from its directory (a URL that ends in `/`). Throws CONFIG_INVALID, naming the file and the place in it.
 * `confined` sees each file that is there before it is read, and may throw.
 */
export function loadLanguage(
  directory: URL,
  options: { readonly grammarsDir?: URL; readonly confined?: ((file: URL) => void) | null } = {},
): Language {
  const { grammarsDir = GRAMMARS_DIR, confined = null } = options;
  const read = (place: URL) => {
    if (confined !== null && existsSync(place)) confined(place);
    return readText(place);
  };
  const file = new URL('language.json', directory);
  const parsed = v.safeParse(languageSchema, parseJson(file, read(file)));
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw invalid(file, `${v.getDotPath(issue) ?? 'the whole file'}: ${issue.message}`);
  }
  const { grammar, queries, notInNames, methodsIn, textWhenSmall, joins, ...spec } = parsed.output;
  return {
    ...spec,
    notInNames: notInNames === undefined ? null : new RegExp(notInNames, 'gu'),
    methodsIn: kindsOf(file, 'methodsIn', methodsIn),
    textWhenSmall: kindsOf(file, 'textWhenSmall', textWhenSmall),
    joins: kindsOf(file, 'joins', joins),
    grammar: grammar === undefined ? null : locateGrammar(grammar, directory, grammarsDir),
    query: grammar === undefined ? '' : queries.map((name) => read(new URL(name, directory))).join('\n'),
  };
}

/** What we ship, as recorded when it was built. */
export function readGrammarManifest(): readonly GrammarRecord[] {
  return v.parse(grammarManifestSchema, parseJson(GRAMMAR_LIST, readText(GRAMMAR_LIST))).grammars;
}

function kindsOf(file: URL, key: string, kinds: readonly string[]): ReadonlySet<ChunkKind> {
  const unknown = kinds.find((kind) => !DEFINITION_KINDS.has(kind));
  if (unknown !== undefined) throw invalid(file, `${key}: unknown kind "${unknown}"`);
  return new Set(kinds as ChunkKind[]);
}

function locateGrammar(name: string, directory: URL, grammarsDir: URL): GrammarFile {
  const own = new URL(name, directory);
  if (existsSync(own)) return { path: fileURLToPath(own), sha256: null };
  manifest ??= new Map(readGrammarManifest().map((record) => [record.file, record.sha256]));
  const sha256 = manifest.get(name);
  if (sha256 === undefined) throw invalid(new URL('language.json', directory), `grammar: there is no "${name}"`);
  return { path: fileURLToPath(new URL(name, grammarsDir)), sha256 };
}

let manifest: ReadonlyMap<string, string> | undefined;

function parseJson(file: URL, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(file, messageOf(error), error);
  }
}

function readText(file: URL): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw invalid(file, 'there is no such file', error);
  }
}

function invalid(file: URL, problem: string, cause?: unknown): IndexerError {
  return new IndexerError('CONFIG_INVALID', `${fileURLToPath(file)}: ${problem}`, {
    hint: 'a language is a folder with a language.json and a query.scm; compare it with a built-in one',
    cause,
  });
}
