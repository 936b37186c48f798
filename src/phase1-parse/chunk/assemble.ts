// Drafts and what is known of their definitions → finished chunks.

import type { Chunk } from '../../core/chunk.ts';
import type { Marks } from '../syntax/captures.ts';
import { callsIn, importsIn } from './details.ts';
import { identify, sha256 } from './identity.ts';
import { plainMetrics } from './metrics.ts';
import type { LineTable } from './source-text.ts';
import type { Draft, Source } from './types.ts';

/** What is known of each definition, by its index. */
export interface Knowledge {
  readonly marks: Marks;
  readonly signatures: readonly string[];
  readonly docstrings: readonly string[];
  readonly inherited: readonly (readonly string[])[];
  readonly metrics: readonly Chunk['metrics'][];
}

/** `known` is null for text without a syntax tree. Keeps the order of the drafts. */
export function assembleChunks(source: Source, drafts: readonly Draft[], known: Knowledge | null): Chunk[] {
  const { path, text, lines, language } = source;
  const named = drafts.map(({ kind, definition, content }) => {
    return { kind, breadcrumb: definition?.breadcrumb ?? '', contentHash: sha256(content), definition };
  });
  const identities = identify(path, named);
  return drafts.map(({ kind, definition, segments, content, partIndex, start, end }, position) => {
    const { breadcrumb, contentHash } = named[position]!;
    const { chunkId, occurrence, parentChunkId, childOrder } = identities[position]!;
    const index = definition?.index ?? -1;
    const [startLine, endLine] = lineRange(text, lines, start, end);
    return {
      chunkId,
      filePath: path,
      kind,
      name: definition?.name ?? '',
      breadcrumb,
      parentName: definition?.parent?.name ?? '',
      language,
      content,
      contentHash,
      occurrence,
      startLine,
      endLine,
      startChar: start,
      endChar: end,
      parentChunkId,
      childOrder,
      depth: definition?.depth ?? 0,
      partIndex,
      derived: definition !== null && segments.some((segment) => segment.derived !== null),
      signature: known?.signatures[index] ?? '',
      docstring: known?.docstrings[index] ?? '',
      calls: known === null ? [] : callsIn(text, segments, known.marks),
      imports: known === null ? [] : importsIn(text, segments, known.marks),
      inheritsFrom: known?.inherited[index] ?? [],
      metrics: known?.metrics[index] ?? plainMetrics(endLine - startLine + 1),
    };
  });
}

/** First and last line that show something. */
function lineRange(text: string, lines: LineTable, start: number, end: number): [first: number, last: number] {
  const range = text.slice(start, end);
  const first = end - range.trimStart().length;
  const last = start + range.trimEnd().length - 1;
  return [lines.lineAt(first), lines.lineAt(Math.max(first, last))];
}
