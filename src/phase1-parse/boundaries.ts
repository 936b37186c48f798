// Where a tree says that a text may be cut.
import type { Tree } from 'web-tree-sitter';
import type { Boundary } from './syntax.ts';

/** Shorter nodes are never cut, so their insides are not looked at. */
const LONG_NODE = 400;

/** Walks with a cursor, not by recursion: trees are as deep as their text is nested. */
export function boundariesOf(
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
