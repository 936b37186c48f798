// Gives every pending row that lacks one a batch of its own kind, before Phase 2 reads them.
import type { ChunksStore } from './tables/chunks.ts';
import { BATCH_ROWS } from './tables/chunks.ts';

/** Ids above are not ours: mcp-vector-search writes the Unix time of its run. */
export const LARGEST_OWN_BATCH = 1_000_000_000;

/**
 * Assigns new batches to pending rows without one, with a foreign one, or in one that also holds rows of another
 * status, and to rows in error, which are tried again. Returns how many rows were assigned and the last id given.
 */
export async function assignBatches(
  chunks: ChunksStore,
  lastBatchId: number,
): Promise<{ assigned: number; lastBatchId: number }> {
  const unfinished = "embedding_status IS NULL OR embedding_status != 'complete'";
  if ((await chunks.table.count(unfinished)) === 0) return { assigned: 0, lastBatchId };
  const settled = new Set<number>();
  const waiting: { chunkId: string; batchId: number; retry: boolean }[] = [];
  const columns = ['chunk_id', 'embedding_status', 'embedding_batch_id'];
  for await (const rows of chunks.table.scan({ columns })) {
    const statuses = rows.strings('embedding_status');
    const batches = rows.integers('embedding_batch_id');
    for (const [index, id] of rows.strings('chunk_id').entries()) {
      const batchId = batches[index]!;
      if (statuses[index] === 'complete') settled.add(batchId);
      else waiting.push({ chunkId: id ?? '', batchId, retry: statuses[index] !== 'pending' });
    }
  }
  const homeless = waiting.filter(
    ({ batchId, retry }) => retry || batchId < 1 || batchId > LARGEST_OWN_BATCH || settled.has(batchId),
  );
  const rows = homeless.map(({ chunkId }, index) => ({
    chunkId,
    status: 'pending' as const,
    batchId: lastBatchId + 1 + Math.floor(index / BATCH_ROWS),
  }));
  await chunks.assign(rows);
  return { assigned: rows.length, lastBatchId: rows.at(-1)?.batchId ?? lastBatchId };
}
