// A language's grammar and query, loaded and checked.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Language as Grammar, Parser, Query } from 'web-tree-sitter';
import { errnoOf, IndexerError, messageOf } from '../../core/errors.ts';
import { isShortage } from '../../core/shortage.ts';
import type { Language } from '../../languages/load.ts';
import { isKnownCapture } from '../../languages/vocabulary.ts';
import { type Finder, finderOf } from './find.ts';
import { type Runtime, startRuntime } from './runtime.ts';

export interface Compiled {
  readonly runtime: Runtime;
  readonly parser: Parser;
  readonly finder: Finder;
  /** Apart from the other, for it has to look at every node, and most files have no error. Compiled for the first that has. */
  readonly errorFinder: () => Finder;
  /** Of comments, as positions in the grammar's `types`. */
  readonly commentTypes: ReadonlySet<number>;
  readonly blanks: readonly RegExp[];
}

/**
 * Throws GRAMMAR_DAMAGED for a wasm file that is missing, changed or no grammar, CONFIG_INVALID for a bad query, and
 * SYSTEM_FAILED where the machine would not read or load a grammar that is in order: then a later try may succeed.
 */
export async function compile(language: Language): Promise<Compiled> {
  const runtime = await startRuntime();
  const grammar = await loadGrammar(language);
  // What every language needs is added here, so that no query can forget it.
  const source = [language.query, ...language.comments.map((type) => `(${type}) @_comment`)];
  let query: Query;
  try {
    query = new Query(grammar, source.join('\n'));
  } catch (error) {
    throw badQuery(language, messageOf(error), error);
  }
  const unknown = query.captureNames.find((name) => !isKnownCapture(name));
  if (unknown !== undefined) throw badQuery(language, `unknown capture @${unknown}`);
  const parser = new Parser();
  parser.setLanguage(grammar);
  const counts = { decisions: query.captureNames.includes('decision'), nesting: query.captureNames.includes('nest') };
  const origin = { language, counts };
  let errorFinder: Finder | undefined;
  return {
    runtime,
    parser,
    finder: finderOf(runtime, query, origin),
    errorFinder: () => {
      errorFinder ??= finderOf(runtime, new Query(grammar, '(ERROR) @error (MISSING) @error'), origin);
      return errorFinder;
    },
    commentTypes: new Set(grammar.types.flatMap((type, id) => (language.comments.includes(type) ? [id] : []))),
    blanks: language.blanks.map((pattern) => new RegExp(pattern, 'dgm')),
  };
}

async function loadGrammar(language: Language): Promise<Grammar> {
  if (language.grammar === null) throw new TypeError(`the language ${language.id} has no grammar`);
  const { path, sha256 } = language.grammar;
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const message = `cannot read the grammar of ${language.id}, ${path}: ${messageOf(error)}`;
    throw LOST.has(errnoOf(error)) ? damaged(message, error) : notLoaded(message, error);
  }
  if (sha256 !== null && createHash('sha256').update(bytes).digest('hex') !== sha256) {
    throw damaged(`the grammar of ${language.id}, ${path}, is not the one that was shipped (its SHA-256 differs)`);
  }
  try {
    const grammar = await Grammar.load(bytes);
    new Parser().setLanguage(grammar).delete();
    return grammar;
  } catch (error) {
    // What the loader throws may have an empty message.
    const reason = messageOf(error);
    // With the shipped bytes in hand only the machine can be to blame.
    if (sha256 !== null || isShortage(error)) {
      throw notLoaded(`the grammar ${basename(path)} of ${language.id} could not be loaded (${reason})`, error);
    }
    throw damaged(
      `the grammar ${basename(path)} of ${language.id} does not load (${reason}); ABI 13 to 15 is read`,
      error,
    );
  }
}

const LOST: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP']);

function notLoaded(message: string, cause: unknown): IndexerError {
  return new IndexerError('SYSTEM_FAILED', message, { hint: 'free some memory, then run this again', cause });
}

function damaged(message: string, cause?: unknown): IndexerError {
  return new IndexerError('GRAMMAR_DAMAGED', message, {
    hint: 'install tandem-index again, or rebuild a checkout',
    cause,
  });
}

function badQuery(language: Language, problem: string, cause?: unknown): IndexerError {
  return new IndexerError('CONFIG_INVALID', `the query of the language ${language.id}: ${problem}`, {
    hint: 'correct its query.scm; src/languages/vocabulary.ts lists the captures',
    cause,
  });
}
