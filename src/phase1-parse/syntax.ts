// The only user of web-tree-sitter. A tree lives inside one call of `read`: what comes out are names and offsets.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Language as Grammar, Parser, Query, type QueryMatch, type Range, type Tree } from 'web-tree-sitter';
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

/** Whose query found something. */
export interface Origin {
  readonly language: Language;
  /** What that query can count. */
  readonly counts: { readonly decisions: boolean; readonly nesting: boolean };
}

/** One match of a query; `pattern` is the position of its pattern in the query, larger for a language embedded in another. */
export interface Match {
  readonly pattern: number;
  readonly origin: Origin;
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
  /**
   * All boundaries in these stretches (in file order, apart from each other), in file order; some outside may be among
   * them. Only inside nodes that are longer than `LONG_NODE` characters. Walking a tree is slow: ask for what is to be cut.
   */
  boundariesIn(stretches: readonly { readonly start: number; readonly end: number }[]): Boundary[];
}

export interface Syntax {
  readonly languages: LanguageRegistry;
  /**
   * Parses one text and the regions of other languages in it, runs their queries, and returns what `use` makes of it; the reading is not to be kept, for
   * the tree ends with the call. Null if that took longer than the deadline.
   * Throws GRAMMAR_DAMAGED for a wasm file that is missing, changed or does not load, CONFIG_INVALID for a bad query.
   * After a RuntimeError out of the wasm code the module is lost: end the thread.
   */
  read<T>(language: Language, text: string, use: (reading: SyntaxReading) => T): Promise<T | null>;
}

/** Shorter nodes are never cut, so their insides are not looked at. */
const LONG_NODE = 400;

interface Compiled extends Origin {
  readonly parser: Parser;
  readonly query: Query;
  /** Apart from the other, for it has to look at every node, and most files have no error. */
  readonly errorQuery: Query;
  readonly comments: ReadonlySet<string>;
  /** True if its query finds regions of other languages. */
  readonly embeds: boolean;
  readonly blanks: readonly RegExp[];
}

/** Grammars are loaded when first needed, and once. */
export async function openSyntax(
  options: { readonly languages?: readonly Language[]; readonly deadlineMs?: number } = {},
): Promise<Syntax> {
  const { languages = loadBuiltInLanguages(), deadlineMs = 5_000 } = options;
  await startRuntime();
  const registry = createRegistry(languages);
  const compiled = new Map<string, Promise<Compiled>>();
  const compiledOf = (language: Language): Promise<Compiled> => {
    let entry = compiled.get(language.id);
    if (entry === undefined) {
      entry = compile(language);
      compiled.set(language.id, entry);
    }
    return entry;
  };
  return {
    languages: registry,
    async read(language, text, use) {
      let left = deadlineMs; // what loading a grammar takes is not counted
      const parseWithin = (compiled: Compiled, region: Region | null): Read | null => {
        const startedAt = performance.now();
        const parsed = parseOnce(compiled, text, startedAt + left, region);
        left -= performance.now() - startedAt;
        return parsed;
      };
      const read: Read[] = [];
      try {
        const host = parseWithin(await compiledOf(language), null);
        if (host === null) return null;
        read.push(host);
        for (const region of regionsIn(host)) {
          const inner = registry.languages.find(({ id }) => id === region.language);
          if (inner === undefined || inner.grammar === null) continue;
          const embedded = parseWithin(await compiledOf(inner), region);
          if (embedded === null) return null;
          read.push(embedded);
        }
        return use(readingOf(text, host, read.slice(1)));
      } finally {
        for (const { tree } of read) tree.delete();
      }
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
    language,
    parser,
    query,
    errorQuery: new Query(grammar, '(ERROR) @_error (MISSING) @_error'),
    comments: new Set(language.comments),
    blanks: language.blanks.map((pattern) => new RegExp(pattern, 'dgm')),
    embeds: query.captureNames.some((name) => name.startsWith(EMBED)),
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

/** One tree and what was found in it. */
interface Read {
  readonly compiled: Compiled;
  readonly tree: Tree;
  readonly found: readonly QueryMatch[];
  readonly errors: readonly Capture[];
  /** Null for the whole text. */
  readonly region: Region | null;
}

/** Null if time is up. The tree is the caller's to delete. */
function parseOnce(compiled: Compiled, text: string, deadline: number, region: Region | null): Read | null {
  const { parser, query, errorQuery } = compiled;
  let late = false;
  const progressCallback = () => {
    late ||= performance.now() > deadline;
    return late;
  };
  const tree = parser.parse(
    withBlanks(text, compiled.blanks),
    null,
    region === null ? { progressCallback } : { progressCallback, includedRanges: [region] },
  );
  if (tree === null) {
    parser.reset(); // or the next text would be read as the rest of this one
    return null;
  }
  let isKept = false;
  try {
    const found = query.matches(tree.rootNode, { progressCallback });
    const broken = late || !tree.rootNode.hasError ? [] : errorQuery.captures(tree.rootNode, { progressCallback });
    if (late) return null;
    const errors = broken.map(({ name, node }) => ({ name, start: node.startIndex, end: node.endIndex, children: 0 }));
    isKept = true;
    return { compiled, tree, found, errors, region };
  } finally {
    if (!isKept) tree.delete();
  }
}

/** Of equal length, so that offsets hold. */
function withBlanks(text: string, blanks: readonly RegExp[]): string {
  let left = text;
  for (const pattern of blanks) {
    let blanked = '';
    let at = 0;
    for (const found of left.matchAll(pattern)) {
      const [start, end] = found.indices![found.length > 1 ? 1 : 0] ?? [found.index, found.index];
      blanked += left.slice(at, start) + left.slice(start, end).replace(/[^\n\r]/g, ' ');
      at = end;
    }
    left = blanked + left.slice(at);
  }
  return left;
}

/** Larger than the number of patterns of any query. */
const NEXT_QUERY = 100_000;

function readingOf(text: string, host: Read, embedded: readonly Read[]): SyntaxReading {
  const readable = [host, ...embedded.filter(isReadable)];
  return {
    matches: readable.flatMap((read, position) => plainMatches(read, position * NEXT_QUERY)),
    errors: readable.flatMap(({ errors }) => errors),
    boundariesIn: (stretches) => {
      const boundaries = readable.flatMap(({ tree, compiled, region }) =>
        boundariesOf(tree, text, compiled.comments, stretches, region === null ? 0 : EMBEDDED_DEPTH),
      );
      return readable.length === 1 ? boundaries : boundaries.sort((a, b) => a.start - b.start);
    },
  };
}

/** Embedded code is read only if it is what it is taken for: a template in a script's place is not. */
function isReadable({ errors, region }: Read): boolean {
  let broken = 0;
  let reached = 0;
  for (const { start, end } of errors.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    if (start >= reached) broken += end - start;
    reached = Math.max(reached, end);
  }
  return region === null || broken * 2 <= region.endIndex - region.startIndex;
}

/** A region that holds another language. */
interface Region extends Range {
  readonly language: string;
}

const EMBED = 'embed.';
/** Statements in a region may be cut before those parts of the page that are further inside than the region is. */
const EMBEDDED_DEPTH = 2;

/** Of several patterns for one region, the first in the query. */
function regionsIn({ compiled, found }: Read): Region[] {
  if (!compiled.embeds) return [];
  const regions = new Map<number, Region & { pattern: number }>();
  for (const { patternIndex, captures } of found) {
    for (const { name, node } of captures) {
      if (!name.startsWith(EMBED)) continue;
      const { startIndex, endIndex, startPosition, endPosition } = node;
      const known = regions.get(startIndex);
      if (known !== undefined && known.pattern <= patternIndex) continue;
      const language = name.slice(EMBED.length);
      regions.set(startIndex, { language, startIndex, endIndex, startPosition, endPosition, pattern: patternIndex });
    }
  }
  return [...regions.values()].sort((a, b) => a.startIndex - b.startIndex);
}

/** Without the captures that serve predicates or regions only. */
function plainMatches({ compiled, found }: Read, patternOffset: number): Match[] {
  const { language, counts, embeds } = compiled;
  const origin: Origin = { language, counts };
  const matches: Match[] = [];
  for (const { patternIndex, captures } of found) {
    const plain: Capture[] = [];
    for (const { name, node } of captures) {
      if (name.startsWith('_') && name !== '_comment') continue;
      if (embeds && name.startsWith(EMBED)) continue;
      const children = name !== 'params' ? 0 : node.childCount === 0 ? -1 : node.namedChildCount;
      plain.push({ name, start: node.startIndex, end: node.endIndex, children });
    }
    if (plain.length > 0) matches.push({ pattern: patternOffset + patternIndex, origin, captures: plain });
  }
  return matches;
}

/** Walks with a cursor, not by recursion: trees are as deep as their text is nested. */
function boundariesOf(
  tree: Tree,
  text: string,
  comments: ReadonlySet<string>,
  stretches: readonly { readonly start: number; readonly end: number }[],
  outermost: number,
): Boundary[] {
  const boundaries: Boundary[] = [];
  const cursor = tree.walk();
  try {
    let ahead = 0; // the first stretch that is not behind
    let depth = outermost;
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
