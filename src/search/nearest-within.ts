// The nearest vectors among given chunks, for filters that the table of vectors has no column for.
import { allOf, isIn } from '../store/tables/sql.ts';
import type { NearestOptions, NearestRow, VectorsStore } from '../store/tables/vectors.ts';

/** A condition that names more of them takes longer than to look at more neighbours. */
const MOST_NAMED = 5_000;

/** As `nearest`, of the chunks in `ids` alone; null stands for all. */
export async function nearestWithin(
  vectors: VectorsStore,
  vector: Float32Array,
  { ids, ...options }: NearestOptions & { readonly ids: ReadonlySet<string> | null },
): Promise<NearestRow[]> {
  if (ids === null) return vectors.nearest(vector, options);
  if (ids.size === 0) return [];
  if (ids.size <= MOST_NAMED) {
    const named = isIn('chunk_id', ids);
    return vectors.nearest(vector, {
      ...options,
      where: options.where === undefined ? named : allOf([options.where, named]),
    });
  }
  for (let limit = options.limit * 2; ; limit *= 4) {
    const rows = await vectors.nearest(vector, { ...options, limit });
    const kept = rows.filter(({ chunkId }) => ids.has(chunkId));
    if (kept.length >= options.limit || rows.length < limit) return kept.slice(0, options.limit);
  }
}
