// What reading a text may cost, counted in steps rather than in time: the same text has the same outcome on every machine,
// whatever else runs there, and however often the process is stopped.
import type { Tree } from 'web-tree-sitter';

/**
 * Most calls of the parser's progress callback for one file, each for 100 steps of the parser. A file of 1 MiB takes up to
 * 13,000 of them in real trees, and 60,000 where it is made for it; 100,000 take some five to fifteen seconds.
 */
export const MOST_PARSER_CALLS = 100_000;

/** About half a second. Real files of 1 MiB stay below a fiftieth of it. */
const MOST_QUERY_STEPS = 100_000_000;
/** Smaller trees cannot reach that. */
const SMALL_TREE = 10_000;
const SAMPLES = 64;
const LONGEST_RUN = 4_096;
/** The engine keeps depths in 16 bits: below that it does not see a match end, and drags all of them along. */
const DEEPEST = 65_000;

/**
 * Whether a query would crawl over this tree: at each node it walks on to the next named sibling, so that a node with a
 * hundred thousand unnamed children (an error node full of brackets) takes it the square of that. So does a tree that is
 * deeper than the engine can count.
 */
export function isCostlyToQuery(tree: Tree): boolean {
  const nodes = tree.rootNode.descendantCount;
  if (nodes < SMALL_TREE) return false;
  const cursor = tree.walk();
  try {
    let steps = 0;
    for (let sample = 0; sample < SAMPLES; sample++) {
      cursor.gotoDescendant(Math.floor(((sample + 0.5) * nodes) / SAMPLES));
      if (cursor.currentDepth > DEEPEST) return true;
      for (let run = 0; run < LONGEST_RUN && cursor.gotoNextSibling() && !cursor.nodeIsNamed; run++) steps++;
    }
    return (steps / SAMPLES) * nodes > MOST_QUERY_STEPS;
  } finally {
    cursor.delete();
  }
}
