// The only user of web-tree-sitter. A tree lives inside one call of `read`: what comes out are names and offsets.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Language as Grammar, Parser, Query, type QueryMatch, type Tree } from 'web-tree-sitter';
import { IndexerError, messageOf } from '../core/errors.ts';
import { type Language, loadBuiltInLanguages } from '../languages/load.ts';
import { createRegistry, type LanguageRegistry } from '../languages/registry.ts';
import { isKnownCapture } from '../languages/vocabulary.ts';

/** Offsets are UTF-16 units from the text's start; `end` is exclusive. */
export interface Capture {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Named children of a `@params` node, −1 if it has no children at all; 0 for every other capture. */
  readonly children: number;
}

/** One match of a query; `pattern` is the position of its pattern in the query. */
export interface Match {
  readonly pattern: number;
  readonly captures: readonly Capture[];
}

/** Where a long stretch of code may be cut: the start of a node, `depth` levels below the root. */
export interface Boundary {
  readonly start: number;
  readonly depth: number;
}

export interface SyntaxReading {
  readonly matches: readonly Match[];
  /** What the grammar could not read (nodes, so errors may hold errors) or missed (of no length), in no order. */
  readonly errors: readonly Capture[];
  /** What the language's query can count. */
  readonly counts: { readonly decisions: boolean; readonly nesting: boolean };
  /**
   * All boundaries in these stretches (in file order, apart from each other), in file order; some outside may be among
   * them. Only inside nodes that are longer than `LONG_NODE` characters. Walking a tree is slow: ask for what is to be cut.
   */
  boundariesIn(stretches: readonly { readonly start: number; readonly end: number }[]): Boundary[];
}

export interface Syntax {
  readonly languages: LanguageRegistry;
  /**
   * Parses one text, runs its language's query, and returns what `use` makes of it; the reading is not to be kept, for
   * the tree ends with the call. Null if that took longer than the deadline.
   * Throws GRAMMAR_DAMAGED for a wasm file that is missing, changed or does not load, CONFIG_INVALID for a bad query.
   * After a RuntimeError out of the wasm code the module is lost: end the thread.
   */
  read<T>(language: Language, text: string, use: (reading: SyntaxReading) => T): Promise<T | null>;
}

/** Shorter nodes are never cut, so their insides are not looked at. */
const LONG_NODE = 400;

interface Compiled {
  readonly parser: Parser;
  readonly query: Query;
  /** Apart from the other, for it has to look at every node, and most files have no error. */
  readonly errorQuery: Query;
  readonly comments: ReadonlySet<string>;
  readonly counts: SyntaxReading['counts'];
}

/** Grammars are loaded when first needed, and once. */
export async function openSyntax(
  options: { readonly languages?: readonly Language[]; readonly deadlineMs?: number } = {},
): Promise<Syntax> {
  const { languages = loadBuiltInLanguages(), deadlineMs = 5_000 } = options;
  await startRuntime();
  const compiled = new Map<string, Promise<Compiled>>();
  return {
    languages: createRegistry(languages),
    async read(language, text, use) {
      let entry = compiled.get(language.id);
      if (entry === undefined) {
        entry = compile(language);
        compiled.set(language.id, entry);
      }
      return readTree(await entry, text, deadlineMs, use);
    },
  };
}

let runtime: Promise<void> | undefined;

function startRuntime(): Promise<void> {
  runtime ??= Parser.init();
  return runtime;
}

async function compile(language: Language): Promise<Compiled> {
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
  return {
    parser,
    query,
    errorQuery: new Query(grammar, '(ERROR) @_error (MISSING) @_error'),
    comments: new Set(language.comments),
    counts: { decisions: query.captureNames.includes('decision'), nesting: query.captureNames.includes('nest') },
  };
}

async function loadGrammar(language: Language): Promise<Grammar> {
  if (language.grammar === null) throw new TypeError(`the language ${language.id} has no grammar`);
  const { path, sha256 } = language.grammar;
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw damaged(`cannot read the grammar of ${language.id}, ${path}: ${messageOf(error)}`, error);
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
    throw damaged(
      `the grammar ${basename(path)} of ${language.id} does not load (${reason}); ABI 13 to 15 is read`,
      error,
    );
  }
}

function readTree<T>(
  compiled: Compiled,
  text: string,
  deadlineMs: number,
  use: (reading: SyntaxReading) => T,
): T | null {
  const { parser, query, errorQuery, counts } = compiled;
  const deadline = performance.now() + deadlineMs;
  let late = false;
  const progressCallback = () => {
    late ||= performance.now() > deadline;
    return late;
  };
  const tree = parser.parse(text, null, { progressCallback });
  if (tree === null) {
    parser.reset(); // or the next text would be read as the rest of this one
    return null;
  }
  try {
    const found = query.matches(tree.rootNode, { progressCallback });
    const broken = late || !tree.rootNode.hasError ? [] : errorQuery.captures(tree.rootNode, { progressCallback });
    if (late) return null;
    return use({
      matches: plainMatches(found),
      errors: broken.map(({ name, node }) => ({ name, start: node.startIndex, end: node.endIndex, children: 0 })),
      counts,
      boundariesIn: (stretches) => boundariesOf(tree, text, compiled.comments, stretches),
    });
  } finally {
    tree.delete();
  }
}

/** Without the captures that serve predicates only. */
function plainMatches(found: readonly QueryMatch[]): Match[] {
  const matches: Match[] = [];
  for (const { patternIndex, captures } of found) {
    const plain: Capture[] = [];
    for (const { name, node } of captures) {
      if (name.startsWith('_') && name !== '_comment') continue;
      const children = name !== 'params' ? 0 : node.childCount === 0 ? -1 : node.namedChildCount;
      plain.push({ name, start: node.startIndex, end: node.endIndex, children });
    }
    if (plain.length > 0) matches.push({ pattern: patternIndex, captures: plain });
  }
  return matches;
}

/** Walks with a cursor, not by recursion: trees are as deep as their text is nested. */
function boundariesOf(
  tree: Tree,
  text: string,
  comments: ReadonlySet<string>,
  stretches: readonly { readonly start: number; readonly end: number }[],
): Boundary[] {
  const boundaries: Boundary[] = [];
  const cursor = tree.walk();
  try {
    let ahead = 0; // the first stretch that is not behind
    let depth = 0;
    let follows = false; // what stands below its comment stays with it
    let more = cursor.gotoFirstChild();
    while (more) {
      const start = cursor.startIndex;
      while (ahead < stretches.length && stretches[ahead]!.end <= start) ahead += 1;
      if (ahead === stretches.length) break;
      if (cursor.nodeIsNamed) {
        const isComment = comments.has(cursor.nodeType);
        if (!isComment || startsLine(text, start)) {
          if (!follows) boundaries.push({ start, depth });
          follows = isComment;
        }
      }
      const end = cursor.endIndex;
      if (end - start > LONG_NODE && end > stretches[ahead]!.start && cursor.gotoFirstChild()) {
        depth += 1;
        follows = false;
        continue;
      }
      while (more && !cursor.gotoNextSibling()) {
        more = cursor.gotoParent();
        depth -= 1;
        follows = false;
      }
    }
    return boundaries;
  } finally {
    cursor.delete();
  }
}

function startsLine(text: string, offset: number): boolean {
  let at = offset - 1;
  while (at >= 0 && (text[at] === ' ' || text[at] === '\t')) at -= 1;
  return at < 0 || text[at] === '\n';
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
