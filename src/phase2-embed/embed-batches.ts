// The embedding loop: batches of chunks → vectors → a sink, with checkpoints in between. Where vectors go, and what a
// checkpoint means there, is the sink's business.
import type { PendingChunk } from '../core/chunk.ts';
import type { Observer } from '../core/events.ts';
import { mapConcurrent } from '../core/iterate.ts';
import type { EmbeddedTexts, Embedder } from '../embedding/embedder.ts';
import { embeddedText } from '../embedding/text.ts';
import type { PendingBatch } from '../store/tables/chunks.ts';
import type { VectorBatch } from '../store/tables/schema.ts';
import type { StructureStore } from '../store/tables/structure.ts';

/** One batch is written while the next is embedded; a kill costs those two at most. */
const BATCHES_IN_FLIGHT = 2;

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

export interface EmbedContext {
  readonly structure: StructureStore;
  readonly embedder: Embedder;
  readonly observe: Observer;
}

/** A batch after the model, or the part of it that was embedded before an abort. */
export interface EmbeddedBatch {
  readonly batchId: number;
  /** False for a part: the rest of the batch stays as it was. */
  readonly isWhole: boolean;
  /** Chunks with a vector. */
  readonly chunks: readonly PendingChunk[];
  /** `chunks.length × dimension` floats, row-major. */
  readonly vectors: Float32Array;
  readonly failures: readonly { readonly chunkId: string; readonly reason: string }[];
}

export interface Sink {
  /** In all, and of these, what earlier runs have done. */
  readonly total: number;
  readonly alreadyDone: number;
  readonly batches: AsyncIterable<PendingBatch>;
  /** Stores one batch, its vectors in one commit. Returns the id it is stored under, null if no vector is stored. */
  store(batch: EmbeddedBatch): Promise<number | null>;
  /** Makes durable, and then claims, what was stored under these ids. */
  checkpoint(batchIds: readonly number[], tally: Tally): Promise<void>;
}

/** What this run has done so far. */
export interface Tally {
  readonly embedded: number;
  readonly batches: number;
  /** Of the sink's total. */
  readonly remaining: number;
}

/**
 * Embeds every batch of the sink, with a checkpoint every `batchesPerCheckpoint` batches and at the end. An abort stores
 * what is embedded at that moment, parts of batches included, with a checkpoint, and then rejects with the signal's reason.
 */
export async function embedBatches(ctx: EmbedContext, sink: Sink, options: Phase2Options): Promise<Phase2Result> {
  const { total, alreadyDone } = sink;
  const { signal } = options;
  const done = { embedded: 0, failed: 0, tokens: 0, reused: 0, checkpoints: 0 };
  let batches = 0;
  /** Texts of batches that are not stored yet. */
  let inFlight = 0;
  let isCutShort = false;
  const handled = () => alreadyDone + done.embedded + done.failed;
  const reportProgress = () =>
    ctx.observe({ type: 'progress', phase: 2, done: handled() + inFlight, total, tokens: done.tokens });
  ctx.observe({ type: 'phase-started', phase: 2, total, unit: 'chunks' });

  let unclaimed: number[] = [];
  const checkpoint = async () => {
    const batchId = unclaimed.at(-1);
    if (batchId === undefined) return;
    const window = unclaimed;
    unclaimed = [];
    const remaining = total - handled();
    await sink.checkpoint(window, { embedded: done.embedded, batches, remaining });
    done.checkpoints++;
    ctx.observe({
      type: 'checkpoint-saved',
      batchId,
      chunksDone: alreadyDone + done.embedded,
      chunksRemaining: remaining,
    });
  };

  const embedBatch = async (batch: PendingBatch) => {
    let counted = 0;
    const result = await ctx.embedder.embed(batch.chunks.map(embeddedText), signal, (texts) => {
      counted += texts;
      inFlight += texts;
      reportProgress();
    });
    return { batch, result, counted };
  };
  try {
    for await (const { batch, result, counted } of mapConcurrent(sink.batches, BATCHES_IN_FLIGHT, embedBatch)) {
      const embedded = embeddedPart(batch, result);
      const storedAs = await sink.store(embedded);
      if (storedAs !== null) unclaimed.push(storedAs);
      batches++;
      isCutShort ||= !embedded.isWhole;
      inFlight -= counted;
      done.embedded += embedded.chunks.length;
      done.failed += embedded.failures.length;
      done.tokens += result.tokens;
      done.reused += result.reused;
      reportProgress();
      if (unclaimed.length >= options.batchesPerCheckpoint) await checkpoint();
    }
    if (isCutShort) signal?.throwIfAborted(); // the stream had ended before the signal came
  } catch (error) {
    if (signal?.aborted) {
      await checkpoint();
      const message = `${done.embedded} chunks were embedded in this run, and all are stored; ${total - handled()} are left`;
      ctx.observe({ type: 'notice', message });
    }
    throw error;
  }
  await checkpoint();
  return done;
}

function embeddedPart({ batchId, chunks }: PendingBatch, result: EmbeddedTexts): EmbeddedBatch {
  const left = new Set([...result.unfinished, ...result.failures.map(({ index }) => index)]);
  return {
    batchId,
    isWhole: result.unfinished.length === 0,
    chunks: chunks.filter((_, index) => !left.has(index)),
    vectors: withoutRows(result.vectors, chunks.length, left),
    failures: result.failures.map(({ index, reason }) => ({ chunkId: chunks[index]!.chunkId, reason })),
  };
}

/** The rows of a matrix, without some. */
function withoutRows(vectors: Float32Array, rows: number, left: ReadonlySet<number>): Float32Array {
  if (left.size === 0) return vectors;
  const width = vectors.length / rows;
  const kept = new Float32Array((rows - left.size) * width);
  let next = 0;
  for (let row = 0; row < rows; row++) {
    if (left.has(row)) continue;
    kept.set(vectors.subarray(row * width, (row + 1) * width), next++ * width);
  }
  return kept;
}

/** What a sink stores. */
export async function toVectorBatch(
  { structure, embedder }: EmbedContext,
  batchId: number,
  { chunks, vectors }: EmbeddedBatch,
): Promise<VectorBatch> {
  return {
    batchId,
    chunks,
    parentChunkIds: await structure.parentsOf(chunks.map((chunk) => chunk.chunkId)),
    vectors,
    modelId: embedder.identity.modelId,
    recipe: embedder.recipe,
  };
}
