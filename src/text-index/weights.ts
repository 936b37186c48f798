// BM25F as data: how much an occurrence counts by the field it is in. They are applied when a chunk is indexed, so that a
// posting is one byte and a query adds up; a change here needs a new FORMAT in segment.ts.

export const BM25F = {
  /** How fast more occurrences stop counting. */
  k1: 0.9,
  /** How much a longer content counts for less. */
  b: 0.5,
  /** Words of a usual chunk's content. A constant, not a mean, so that an impact does not depend on the other chunks. */
  usualWords: 60,
  fields: { content: 1, name: 4, fileStem: 3, folders: 1, docstring: 1 },
  /** Of a path, how many folders above the file are read. */
  folders: 2,
} as const;

const STEPS = 255;

/** The impact of a weighted number of occurrences, as the byte that is stored. */
export function impactOf(weighted: number): number {
  return Math.max(1, Math.round((STEPS * weighted) / (BM25F.k1 + weighted)));
}

/** From 0 to 1. */
export function strengthOf(impact: number): number {
  return impact / STEPS;
}

/** Inverse document frequency, never negative. */
export function idf(documents: number, having: number): number {
  return Math.log(1 + (documents - having + 0.5) / (having + 0.5));
}
