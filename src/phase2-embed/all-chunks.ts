// Re-embedding: a new vector for every chunk, beside the old ones, which stay in use until all new ones are durable.
import type { ChunksStore } from '../store/tables/chunks.ts';
import type { VectorsStore } from '../store/tables/vectors.ts';
import {
  type EmbedContext,
  type EmbeddedBatch,
  embedBatches,
  type Phase2Options,
  type Phase2Result,
  toVectorBatch,
} from './embed-batches.ts';

export interface ReembedContext extends EmbedContext {
  readonly chunks: ChunksStore;
  /** The table that is being made, with what an interrupted run left in it. */
  readonly next: VectorsStore;
  /** Highest batch id that was ever given. */
  readonly lastBatchId: number;
  readonly makeDurable: (store: VectorsStore) => Promise<unknown>;
  readonly fault: (name: string) => void;
}

/**
 * Gives every chunk that lacks one a vector in `next`, and removes vectors without a chunk from it; chunks that cannot
 * be embedded are left out. All of it is durable when the promise resolves. Chunks are not changed. An abort: as
 * `embedBatches`.
 */
export async function embedAllChunks(ctx: ReembedContext, options: Phase2Options): Promise<Phase2Result> {
  const { chunks, next, lastBatchId } = ctx;
  const have = await next.ids();
  const wanted = await chunks.ids();
  await next.deleteByIds([...have].filter((id) => !wanted.has(id)));
  const sink = {
    total: wanted.size,
    alreadyDone: [...wanted].filter((id) => have.has(id)).length,
    batches: chunks.batchesWithout(have, { firstBatchId: lastBatchId + 1, signal: options.signal }),
    async store(batch: EmbeddedBatch) {
      if (batch.chunks.length === 0) return null;
      await next.add(await toVectorBatch(ctx, batch.batchId, batch));
      ctx.fault('reembed.batch-added');
      return batch.batchId;
    },
    async checkpoint() {
      await ctx.makeDurable(next);
      ctx.fault('reembed.durable');
    },
  };
  const result = await embedBatches(ctx, sink, options);
  await ctx.makeDurable(next); // also what was removed, and what an earlier run left unflushed
  return result;
}
