// What both ways of embedding share: chunks and their vectors → rows to store.
import type { PendingChunk } from '../core/chunk.ts';
import type { Embedder } from '../embedding/embedder.ts';
import type { VectorBatch } from '../store/schema.ts';
import type { StructureStore } from '../store/structure.ts';

/** One batch is written while the next is embedded; a kill costs those two at most. */
export const BATCHES_IN_FLIGHT = 2;

export async function toVectorBatch(
  ctx: { readonly structure: StructureStore; readonly embedder: Embedder },
  batchId: number,
  chunks: readonly PendingChunk[],
  vectors: Float32Array,
): Promise<VectorBatch> {
  return {
    batchId,
    chunks,
    parentChunkIds: await ctx.structure.parentsOf(chunks.map((chunk) => chunk.chunkId)),
    vectors,
    modelId: ctx.embedder.identity.modelId,
    recipe: ctx.embedder.recipe,
  };
}

/** The rows of a matrix without the failed ones. */
export function keepRows(
  vectors: Float32Array,
  rows: number,
  failed: { readonly size: number; has(row: number): boolean },
): Float32Array {
  if (failed.size === 0) return vectors;
  const width = vectors.length / rows;
  const kept = new Float32Array((rows - failed.size) * width);
  let next = 0;
  for (let row = 0; row < rows; row++) {
    if (failed.has(row)) continue;
    kept.set(vectors.subarray(row * width, (row + 1) * width), next++ * width);
  }
  return kept;
}
