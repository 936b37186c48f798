// Texts → what the queries of their languages find. A tree lives inside one call of `read`: what comes out are names and offsets.
import type { Tree } from 'web-tree-sitter';
import { type Language, loadBuiltInLanguages } from '../../languages/load.ts';
import { createRegistry, type LanguageRegistry } from '../../languages/registry.ts';
import { boundariesOf } from './boundaries.ts';
import { type Compiled, compile } from './compile.ts';
import type { Found, FoundRegion } from './find.ts';
import { startRuntime } from './runtime.ts';

/** Whose query found something. */
export interface Origin {
  readonly language: Language;
  /** What that query can count. */
  readonly counts: { readonly decisions: boolean; readonly nesting: boolean };
}

/** Offsets are UTF-16 units from the text's start; `end` is exclusive. */
export interface Capture {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Named children of a `@params` node, −1 if it has no children at all; 0 for every other capture. */
  readonly children: number;
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
      const parseWithin = (compiled: Compiled, region: FoundRegion | null): Read | null => {
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

/** One tree and what was found in it. */
interface Read {
  readonly compiled: Compiled;
  readonly tree: Tree;
  readonly found: Found;
  readonly errors: readonly Capture[];
  /** Null for the whole text. */
  readonly region: FoundRegion | null;
}

/** Null if time is up. The tree is the caller's to delete. */
function parseOnce(compiled: Compiled, text: string, deadline: number, region: FoundRegion | null): Read | null {
  const { parser, finder, errorFinder } = compiled;
  let late = false;
  const progressCallback = () => {
    late ||= performance.now() > deadline;
    return late;
  };
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
    const found = finder.find(tree, readable, progressCallback);
    const broken = late || !tree.rootNode.hasError ? [] : errorFinder().find(tree, readable, progressCallback).matches;
    if (late) return null;
    const errors = broken.flatMap(({ captures }) => captures);
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
