// Texts → what the queries of their languages find. A tree lives inside one call of `read`: what comes out are names and offsets.

import type { Tree } from 'web-tree-sitter';
import { type Language, loadBuiltInLanguages } from '../../languages/load.ts';
import { createRegistry, type LanguageRegistry } from '../../languages/registry.ts';
import { boundariesOf } from './boundaries.ts';
import { type Compiled, compile } from './compile.ts';
import { isCostlyToQuery, MOST_PARSER_CALLS } from './cost.ts';
import type { Found, FoundRegion } from './find.ts';
import { startRuntime } from './runtime.ts';
import type { Boundary, Capture, Match } from './types.ts';

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
   * the tree ends with the call. Null if that would take too many steps, which follows from the text alone.
   * Throws what `compile` throws; a grammar that could not be loaded is tried again by the next call.
   * After any other error the module is lost: end the thread. `lackedMemory` says whether the machine is to blame.
   */
  read<T>(language: Language, text: string, use: (reading: SyntaxReading) => T): Promise<T | null>;
  /** Whether the machine ever refused the parser memory. */
  lackedMemory(): boolean;
}

export interface SyntaxOptions {
  readonly languages?: readonly Language[];
  /** For one text, in calls of the parser's progress callback. */
  readonly mostParserCalls?: number;
  /** Called now and then while a text is parsed. */
  readonly onProgress?: () => void;
}

/** Calls of the parser, some milliseconds each thousand, after which it is said that it goes on. */
const CALLS_PER_SIGN = 1_000;

/** Grammars are loaded when first needed, and once. */
export async function openSyntax(options: SyntaxOptions = {}): Promise<Syntax> {
  const { languages = loadBuiltInLanguages(), mostParserCalls = MOST_PARSER_CALLS, onProgress } = options;
  const { lackedMemory } = await startRuntime();
  const registry = createRegistry(languages);
  const compiled = new Map<string, Promise<Compiled>>();
  const compiledOf = (language: Language): Promise<Compiled> => {
    let entry = compiled.get(language.id);
    if (entry === undefined) {
      entry = compile(language);
      compiled.set(language.id, entry);
      entry.catch(() => compiled.delete(language.id)); // its file may be readable the next time
    }
    return entry;
  };
  return {
    languages: registry,
    lackedMemory,
    async read(language, text, use) {
      let calls = 0;
      const isTooMuch = () => {
        if (++calls % CALLS_PER_SIGN === 0) onProgress?.();
        return calls > mostParserCalls;
      };
      const read: Read[] = [];
      try {
        const host = parseOnce(await compiledOf(language), text, isTooMuch, null);
        if (host === null) return null;
        read.push(host);
        for (const region of regionsIn(host)) {
          const inner = registry.languages.find(({ id }) => id === region.language);
          if (inner === undefined || inner.grammar === null) continue;
          const embedded = parseOnce(await compiledOf(inner), text, isTooMuch, region);
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

/** One tree and what was found in it. */
interface Read {
  readonly compiled: Compiled;
  readonly tree: Tree;
  readonly found: Found;
  readonly errors: readonly Capture[];
  /** Null for the whole text. */
  readonly region: FoundRegion | null;
}

/** Null if it would take too many steps. The tree is the caller's to delete. */
function parseOnce(
  compiled: Compiled,
  text: string,
  progressCallback: () => boolean,
  region: FoundRegion | null,
): Read | null {
  const { parser, finder, errorFinder } = compiled;
  const readable = withBlanks(text, compiled.blanks);
  const tree = parser.parse(
    readable,
    null,
    region === null ? { progressCallback } : { progressCallback, includedRanges: [region] },
  );
  if (tree === null) {
    parser.reset(); // or the next text would be read as the rest of this one
    return null;
  }
  let isKept = false;
  try {
    if (isCostlyToQuery(tree)) return null;
    const found = finder.find(tree, readable);
    const broken = tree.rootNode.hasError ? errorFinder().find(tree, readable) : { matches: [] };
    if (found === null || broken === null) return null;
    const errors = broken.matches.flatMap(({ captures }) => captures);
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
  const inside = embedded.filter(isReadable);
  const readable = [host, ...inside];
  return {
    matches: inside.length === 0 ? host.found.matches : readable.flatMap(matchesAt),
    errors: inside.length === 0 ? host.errors : readable.flatMap(({ errors }) => errors),
    boundariesIn: (stretches) => {
      const boundaries = readable.flatMap(({ tree, compiled, region }) =>
        boundariesOf(tree, text, compiled, stretches, region === null ? 0 : EMBEDDED_DEPTH),
      );
      return readable.length === 1 ? boundaries : boundaries.sort((a, b) => a.start - b.start);
    },
  };
}

/** The patterns of each query count after those of the one before. */
function matchesAt({ found }: Read, position: number): Match[] {
  return found.matches.map((match) => ({ ...match, pattern: match.pattern + position * NEXT_QUERY }));
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

/** Statements in a region may be cut before those parts of the page that are further inside than the region is. */
const EMBEDDED_DEPTH = 2;

/** Of several patterns for one region, the first in the query. */
function regionsIn({ found }: Read): FoundRegion[] {
  const regions = new Map<number, FoundRegion>();
  for (const region of found.regions) {
    const known = regions.get(region.startIndex);
    if (known === undefined || region.pattern < known.pattern) regions.set(region.startIndex, region);
  }
  return [...regions.values()].sort((a, b) => a.startIndex - b.startIndex);
}
