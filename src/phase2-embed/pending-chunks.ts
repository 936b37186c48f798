// Phase 2: pending chunks → vectors. Never opens a source file.
import type { ChunksStore } from '../store/tables/chunks.ts';
import type { VectorsStore } from '../store/tables/vectors.ts';
import { describeFiles, saveCheckpoint, toStoredModel } from './checkpoint.ts';
import {
  type EmbedContext,
  type EmbeddedBatch,
  embedBatches,
  type Phase2Options,
  type Phase2Result,
  type Tally,
  toVectorBatch,
} from './embed-batches.ts';

export interface Phase2Context extends EmbedContext {
  readonly chunks: ChunksStore;
  readonly vectors: VectorsStore;
  readonly checkpointPath: string;
  readonly runId: string;
  /** A batch id that was never given. */
  readonly newBatchId: () => number;
  /** Flushes one table; returns the data files that became durable. */
  readonly makeDurable: (store: ChunksStore | VectorsStore) => Promise<string[]>;
  readonly fault: (name: string) => void;
}

/**
 * Embeds every pending chunk. At a checkpoint vectors are made durable, then claimed as complete, then reported in
 * `checkpoint.json`. An abort: as `embedBatches`.
 */
export async function embedPendingChunks(ctx: Phase2Context, options: Phase2Options): Promise<Phase2Result> {
  const { chunks, vectors } = ctx;
  const sink = {
    total: await chunks.countPending(),
    alreadyDone: 0,
    batches: chunks.pendingBatches({ signal: options.signal }),
    async store(batch: EmbeddedBatch) {
      await chunks.markError(batch.failures); // before the batch is marked, which would claim them
      ctx.fault('phase2.errors-set-aside');
      if (batch.chunks.length === 0) return null;
      let { batchId } = batch;
      if (!batch.isWhole) {
        batchId = ctx.newBatchId(); // so that marking it leaves the rest of the batch pending
        await chunks.moveToBatch(
          batch.chunks.map(({ chunkId }) => chunkId),
          batchId,
        );
        ctx.fault('phase2.batch-split');
      }
      await vectors.add(await toVectorBatch(ctx, batchId, batch));
      ctx.fault('phase2.vectors-added');
      return batchId;
    },
    checkpoint: (batchIds: readonly number[], tally: Tally) => claim(ctx, batchIds, tally),
  };
  return embedBatches(ctx, sink, options);
}

async function claim(ctx: Phase2Context, batchIds: readonly number[], tally: Tally): Promise<void> {
  const { chunks, vectors, embedder } = ctx;
  const newFiles = await ctx.makeDurable(vectors);
  ctx.fault('phase2.vectors-durable');
  await chunks.markComplete(batchIds);
  ctx.fault('phase2.marked');
  await ctx.makeDurable(chunks);
  ctx.fault('phase2.marks-durable');
  await saveCheckpoint(ctx.checkpointPath, {
    schema: 1,
    run_id: ctx.runId,
    last_batch_id: batchIds.at(-1)!,
    batches_done: tally.batches,
    chunks_done: tally.embedded,
    chunks_remaining: tally.remaining,
    model_id: embedder.identity.modelId,
    model: toStoredModel(embedder.identity),
    recipe: embedder.recipe,
    chunks_version: await chunks.table.version(),
    vectors_version: await vectors.table.version(),
    data_files: await describeFiles(newFiles),
    saved_at: new Date().toISOString(),
  });
  ctx.fault('phase2.checkpoint-saved');
}
