// A query over a tree → what it found, as names and offsets.
import type { Query, QueryCapture, Range, Tree } from 'web-tree-sitter';
import { addressOf, type Runtime } from './runtime.ts';
import type { Capture, Match, Origin } from './types.ts';

/** A capture of that name and a language's is a region in that language. */
export const EMBED = 'embed.';

/** A region that a query says to be in another language. */
export interface FoundRegion extends Range {
  /** The language's id, if there is one with that id. */
  readonly language: string;
  readonly pattern: number;
}

export interface Found {
  /** In the order found; without captures that serve predicates or regions only, and without matches that had no other. */
  readonly matches: readonly Match[];
  readonly regions: readonly FoundRegion[];
}

export interface Finder {
  /**
   * The text is what was parsed. To be asked of no tree that `isCostlyToQuery`. Null if more matches were open at a time
   * than are followed, so that some would be missing.
   */
  find(tree: Tree, text: string): Found | null;
}

type Predicate = (captures: readonly QueryCapture[]) => boolean;

/** Integers of a capture: the position of its name, and a node's address, start, row, column and another. */
const CAPTURE_SIZE = 6;

export function finderOf(runtime: Runtime, query: Query, origin: Origin): Finder {
  const names = query.captureNames;
  const uses = names.map(useOf);
  const { textPredicates } = query as unknown as { readonly textPredicates: readonly (readonly Predicate[])[] };
  const { buffer } = runtime;

  /** The capture's node goes to where the calls look for it. */
  const select = (memory: Int32Array, capture: number) => {
    memory[buffer] = memory[capture + 1]!;
    memory[buffer + 1] = memory[capture + 2]!;
    memory[buffer + 2] = memory[capture + 3]!;
    memory[buffer + 3] = memory[capture + 4]!;
    memory[buffer + 4] = memory[capture + 5]!;
  };

  return {
    find(tree, text) {
      const root = addressOf(tree);
      runtime.rootNode(root);
      runtime.runQuery(addressOf(query), root); // by the object, for the query ends with it
      const memory = runtime.memory(); // nothing below takes any
      const matches: Match[] = [];
      const regions: FoundRegion[] = [];
      const count = memory[buffer]!;
      const found = memory[buffer + 1]!;
      if (memory[buffer + 2] !== 0) {
        runtime.free(found);
        return null;
      }
      let at = found >> 2;
      for (let match = 0; match < count; match++) {
        const pattern = memory[at]!;
        const first = at + 2;
        const end = first + memory[at + 1]! * CAPTURE_SIZE;
        at = end;
        const predicates = textPredicates[pattern]!;
        if (predicates.length > 0 && !holds(predicates, memory, first, end)) continue;
        const captures: Capture[] = [];
        for (let capture = first; capture < end; capture += CAPTURE_SIZE) {
          const use = uses[memory[capture]!]!;
          if (use === 'none') continue;
          if (use === 'region') {
            regions.push(regionOf(memory, capture, pattern));
            continue;
          }
          const name = names[memory[capture]!]!;
          const start = memory[capture + 2]!;
          select(memory, capture);
          captures.push({
            name,
            start,
            end: runtime.nodeEnd(root),
            children: use === 'params' ? childrenOf() : 0,
          });
        }
        if (captures.length > 0) matches.push({ pattern, origin, captures });
      }
      runtime.free(found);
      return { matches, regions };

      function childrenOf(): number {
        return runtime.childCount(root) === 0 ? -1 : runtime.namedChildCount(root);
      }

      function regionOf(memory: Int32Array, capture: number, pattern: number): FoundRegion {
        select(memory, capture);
        const endIndex = runtime.nodeEnd(root);
        runtime.nodeEndPoint(root);
        return {
          language: names[memory[capture]!]!.slice(EMBED.length),
          pattern,
          startIndex: memory[capture + 2]!,
          startPosition: { row: memory[capture + 3]!, column: memory[capture + 4]! },
          endIndex,
          endPosition: { row: memory[buffer]!, column: memory[buffer + 1]! },
        };
      }

      /** The library's predicates ask for names and texts alone. */
      function holds(predicates: readonly Predicate[], memory: Int32Array, first: number, end: number): boolean {
        const captures: { name: string; node: { text: string } }[] = [];
        for (let capture = first; capture < end; capture += CAPTURE_SIZE) {
          const name = names[memory[capture]!]!;
          select(memory, capture);
          captures.push({ name, node: { text: text.slice(memory[capture + 2]!, runtime.nodeEnd(root)) } });
        }
        return predicates.every((predicate) => predicate(captures as unknown as QueryCapture[]));
      }
    },
  };
}

/** What is made of a capture, by its name. */
function useOf(name: string): 'region' | 'params' | 'none' | 'plain' {
  if (name.startsWith(EMBED)) return 'region';
  if (name === 'params') return 'params';
  return name.startsWith('_') && name !== '_comment' ? 'none' : 'plain';
}
