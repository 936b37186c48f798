// Where a tree says that a text may be cut.
import type { Tree } from 'web-tree-sitter';
import type { Compiled } from './compile.ts';
import { addressOf } from './runtime.ts';
import type { Boundary } from './types.ts';

/** Shorter nodes are never cut, so their insides are not looked at. */
const LONG_NODE = 400;

/** Walks with a cursor, not by recursion: trees are as deep as their text is nested. */
export function boundariesOf(
  tree: Tree,
  text: string,
  { runtime, commentTypes }: Compiled,
  stretches: readonly { readonly start: number; readonly end: number }[],
  outermost: number,
): Boundary[] {
  const boundaries: Boundary[] = [];
  const root = addressOf(tree);
  runtime.rootNode(root);
  runtime.cursorAt(root); // and there it stays, for nothing else is called in between
  try {
    let ahead = 0; // the first stretch that is not behind
    let depth = outermost;
    let follows = false; // what stands below its comment stays with it
    let more = runtime.toFirstChild(root) === 1;
    while (more) {
      const start = runtime.cursorStart(root);
      while (ahead < stretches.length && stretches[ahead]!.end <= start) ahead += 1;
      if (ahead === stretches.length) break;
      if (runtime.isNamed(root) === 1) {
        const isComment = commentTypes.has(runtime.typeId(root));
        if (!isComment || startsLine(text, start)) {
          if (!follows) boundaries.push({ start, depth });
          follows = isComment;
        }
      }
      const end = runtime.cursorEnd(root);
      if (end - start > LONG_NODE && end > stretches[ahead]!.start && runtime.toFirstChild(root) === 1) {
        depth += 1;
        follows = false;
        continue;
      }
      while (more && runtime.toNextSibling(root) === 0) {
        more = runtime.toParent(root) === 1;
        depth -= 1;
        follows = false;
      }
    }
    return boundaries;
  } finally {
    runtime.deleteCursor(root);
  }
}

function startsLine(text: string, offset: number): boolean {
  let at = offset - 1;
  while (at >= 0 && (text[at] === ' ' || text[at] === '\t')) at -= 1;
  return at < 0 || text[at] === '\n';
}
