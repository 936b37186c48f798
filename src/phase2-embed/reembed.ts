// Makes every vector anew, beside the old ones, which stay in use until all of the new ones are durable.
import type { Observer } from '../core/events.ts';
import { mapConcurrent } from '../core/iterate.ts';
import type { Embedder } from '../embedding/embedder.ts';
import { embeddedText } from '../embedding/text.ts';
import type { ChunksStore, PendingBatch } from '../store/chunks.ts';
import type { StructureStore } from '../store/structure.ts';
import type { VectorsStore } from '../store/vectors.ts';
import type { Phase2Options, Phase2Result } from './run.ts';
import { BATCHES_IN_FLIGHT, keepRows, toVectorBatch } from './vector-batch.ts';

export interface ReembedContext {
  readonly chunks: ChunksStore;
  /** The table in the making, with what an interrupted run left in it. */
  readonly next: VectorsStore;
  readonly structure: StructureStore;
  readonly embedder: Embedder;
  /** Highest batch id that was ever given. */
  readonly lastBatchId: number;
  readonly makeDurable: (store: VectorsStore) => Promise<unknown>;
  readonly observe: Observer;
  readonly fault: (name: string) => void;
}

/**
 * Gives every chunk that lacks one a vector in `next`, and takes vectors without a chunk out of it; chunks that cannot
 * be embedded are left out. All of it is durable when the promise resolves, and after an abort. Chunks are not changed.
 */
export async function embedAnew(ctx: ReembedContext, options: Phase2Options): Promise<Phase2Result> {
  const { chunks, next, embedder } = ctx;
  const have = await next.ids();
  const wanted = await chunks.ids();
  await next.deleteByIds([...have].filter((id) => !wanted.has(id)));
  const total = wanted.size;
  let passed = [...wanted].filter((id) => have.has(id)).length;
  const done = { embedded: 0, failed: 0, tokens: 0, reused: 0, checkpoints: 0 };
  ctx.observe({ type: 'phase-started', phase: 2, total, unit: 'chunks' });

  let unflushed = 0;
  const flush = async (batchId: number) => {
    if (unflushed === 0) return;
    unflushed = 0;
    await ctx.makeDurable(next);
    done.checkpoints++;
    ctx.observe({ type: 'checkpoint-saved', batchId, chunksDone: passed, chunksRemaining: total - passed });
    ctx.fault('reembed.durable');
  };

  let batchId = ctx.lastBatchId;
  const embedBatch = async (batch: PendingBatch) => ({
    batch,
    result: await embedder.embed(batch.chunks.map(embeddedText), options.signal),
  });
  const source = chunks.batchesWithout(have, { firstBatchId: ctx.lastBatchId + 1, signal: options.signal });
  try {
    for await (const { batch, result } of mapConcurrent(source, BATCHES_IN_FLIGHT, embedBatch)) {
      const failed = new Set(result.failures.map(({ index }) => index));
      const kept = batch.chunks.filter((_, index) => !failed.has(index));
      const vectors = keepRows(result.vectors, batch.chunks.length, failed);
      batchId = batch.batchId;
      if (kept.length > 0) await next.add(await toVectorBatch(ctx, batchId, kept, vectors));
      ctx.fault('reembed.batch-added');
      unflushed++;
      passed += batch.chunks.length;
      done.embedded += kept.length;
      done.failed += failed.size;
      done.tokens += result.tokens;
      done.reused += result.reused;
      ctx.observe({ type: 'progress', phase: 2, done: passed, total, tokens: done.tokens });
      if (unflushed >= options.batchesPerCheckpoint) await flush(batchId);
    }
  } catch (error) {
    if (options.signal?.aborted) await flush(batchId);
    throw error;
  }
  unflushed = 1; // also what was taken out, and what an earlier run left unflushed
  await flush(batchId);
  return done;
}
