// Phase 2: pending chunks → vectors. Never opens a source file.
import type { Observer } from '../core/events.ts';
import { mapConcurrent } from '../core/iterate.ts';
import type { EmbeddedTexts, Embedder } from '../embedding/embedder.ts';
import { embeddedText } from '../embedding/text.ts';
import type { ChunksStore, PendingBatch } from '../store/chunks.ts';
import type { StructureStore } from '../store/structure.ts';
import type { VectorsStore } from '../store/vectors.ts';
import { describeFiles, saveCheckpoint, toStoredModel } from './checkpoint.ts';
import { BATCHES_IN_FLIGHT, keepRows, toVectorBatch } from './vector-batch.ts';

export interface Phase2Context {
  readonly chunks: ChunksStore;
  readonly vectors: VectorsStore;
  readonly structure: StructureStore;
  readonly embedder: Embedder;
  readonly checkpointPath: string;
  readonly runId: string;
  /** Flushes one table; returns the data files that became durable. */
  readonly makeDurable: (store: ChunksStore | VectorsStore) => Promise<string[]>;
  readonly observe: Observer;
  readonly fault: (name: string) => void;
}

export interface Phase2Options {
  readonly batchesPerCheckpoint: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Phase2Result {
  readonly embedded: number;
  /** Chunks set aside as `error`, with their reason in the table. */
  readonly failed: number;
  readonly tokens: number;
  /** Of `embedded`, those whose vector an earlier run had kept. */
  readonly reused: number;
  readonly checkpoints: number;
}

interface EmbeddedBatch {
  readonly batch: PendingBatch;
  readonly result: EmbeddedTexts;
}

/**
 * Embeds every pending chunk. Each batch's vectors are stored in one commit; every `batchesPerCheckpoint` batches, at
 * the end and on an abort, they are made durable, then claimed as complete, then reported in the checkpoint. Rejects
 * with the signal's reason after that.
 */
export async function embedPendingChunks(ctx: Phase2Context, options: Phase2Options): Promise<Phase2Result> {
  const total = await ctx.chunks.countPending();
  const done = { embedded: 0, failed: 0, tokens: 0, reused: 0, checkpoints: 0, batches: 0 };
  ctx.observe({ type: 'phase-started', phase: 2, total, unit: 'chunks' });

  let unmarked: number[] = [];
  const checkpoint = async () => {
    if (unmarked.length === 0) return;
    const window = unmarked;
    unmarked = [];
    const newFiles = await ctx.makeDurable(ctx.vectors);
    ctx.fault('phase2.vectors-durable');
    await ctx.chunks.markComplete(window);
    ctx.fault('phase2.marked');
    await ctx.makeDurable(ctx.chunks);
    ctx.fault('phase2.marks-durable');
    const lastBatchId = window.at(-1)!;
    const remaining = total - done.embedded - done.failed;
    await saveCheckpoint(ctx.checkpointPath, {
      schema: 1,
      run_id: ctx.runId,
      last_batch_id: lastBatchId,
      batches_done: done.batches,
      chunks_done: done.embedded,
      chunks_remaining: remaining,
      model_id: ctx.embedder.identity.modelId,
      model: toStoredModel(ctx.embedder.identity),
      recipe: ctx.embedder.recipe,
      chunks_version: await ctx.chunks.table.version(),
      vectors_version: await ctx.vectors.table.version(),
      data_files: await describeFiles(newFiles),
      saved_at: new Date().toISOString(),
    });
    done.checkpoints++;
    ctx.observe({
      type: 'checkpoint-saved',
      batchId: lastBatchId,
      chunksDone: done.embedded,
      chunksRemaining: remaining,
    });
    ctx.fault('phase2.checkpoint-saved');
  };

  const pending = ctx.chunks.pendingBatches({ signal: options.signal });
  const embedBatch = async (batch: PendingBatch): Promise<EmbeddedBatch> => ({
    batch,
    result: await ctx.embedder.embed(batch.chunks.map(embeddedText), options.signal),
  });
  try {
    for await (const { batch, result } of mapConcurrent(pending, BATCHES_IN_FLIGHT, embedBatch)) {
      const stored = await storeBatch(ctx, batch, result);
      if (stored > 0) unmarked.push(batch.batchId);
      done.batches++;
      done.embedded += stored;
      done.failed += result.failures.length;
      done.tokens += result.tokens;
      done.reused += result.reused;
      ctx.observe({ type: 'progress', phase: 2, done: done.embedded + done.failed, total, tokens: done.tokens });
      if (unmarked.length >= options.batchesPerCheckpoint) await checkpoint();
    }
  } catch (error) {
    if (options.signal?.aborted) await checkpoint();
    throw error;
  }
  await checkpoint();
  const { batches: _, ...result } = done;
  return result;
}

/** Sets failed chunks aside first: the batch's mark would else claim them. Returns how many vectors were stored. */
async function storeBatch(ctx: Phase2Context, batch: PendingBatch, result: EmbeddedTexts): Promise<number> {
  const failed = new Map(result.failures.map(({ index, reason }) => [index, reason]));
  await ctx.chunks.markError(
    result.failures.map(({ index, reason }) => ({ chunkId: batch.chunks[index]!.chunkId, reason })),
  );
  ctx.fault('phase2.errors-set-aside');
  const kept = batch.chunks.filter((_, index) => !failed.has(index));
  if (kept.length === 0) return 0;
  await ctx.vectors.add(
    await toVectorBatch(ctx, batch.batchId, kept, keepRows(result.vectors, batch.chunks.length, failed)),
  );
  ctx.fault('phase2.vectors-added');
  return kept.length;
}
