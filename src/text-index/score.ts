// BM25F of a query over segments.
import type { Segment } from './segment.ts';
import { idf, strengthOf } from './weights.ts';

/** Scores of all documents of one segment, and those that have any, unordered. */
export interface SegmentScores {
  readonly segment: Segment;
  readonly scores: Float32Array;
  readonly found: readonly number[];
}

/** Each score is the share, from 0 to 1, of what a document could reach that is about nothing but the query. */
export function scoreSegments(
  segments: readonly Segment[],
  tokens: ReadonlyMap<string, number>,
): { scored: SegmentScores[]; weightOf: (token: string) => number } {
  const all = segments.reduce((sum, segment) => sum + segment.documents, 0);
  const lists = [...tokens.keys()].map((token) => segments.map((segment) => segment.postings(token)));
  const weights = new Map(
    [...tokens].map(([token, times], index) => {
      const having = lists[index]!.reduce((sum, list) => sum + (list?.documents.length ?? 0), 0);
      return [token, times * idf(all, having)] as const;
    }),
  );
  const total = [...weights.values()].reduce((a, b) => a + b, 0) || 1;
  const scored = segments.map((segment, place) => {
    const scores = new Float32Array(segment.documents);
    const found: number[] = [];
    for (const [index, weight] of [...weights.values()].entries()) {
      const list = lists[index]![place];
      if (list === null || list === undefined) continue;
      for (let at = 0; at < list.documents.length; at++) {
        const document = list.documents[at]!;
        if (scores[document] === 0) found.push(document);
        scores[document]! += (weight * strengthOf(list.impacts[at]!)) / total;
      }
    }
    return { segment, scores, found };
  });
  return { scored, weightOf: (token) => weights.get(token) ?? 0 };
}
