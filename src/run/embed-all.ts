// Re-embedding with what it needs of the open index.

import { embedAllChunks } from '../phase2-embed/all-chunks.ts';
import { toStoredModel } from '../phase2-embed/checkpoint.ts';
import type { Phase2Result } from '../phase2-embed/embed-batches.ts';
import { beginNextVectors, switchVectors } from '../store/next-vectors.ts';
import { openNextVectors } from '../store/open-next-vectors.ts';
import type { WritableIndex } from './opened.ts';
import { openEmbedderFor } from './phases.ts';

/**
 * A new vector for every chunk, by the present model and recipe; then the new vectors replace the old ones. Continues an
 * interrupted call with the same model and recipe. Open the index again afterwards.
 */
export async function embedAll(index: WritableIndex, signal: AbortSignal | undefined): Promise<Phase2Result> {
  const { config, stores, observe, fault } = index;
  const { layout, lock } = stores;
  const { identity, recipe, device } = index.model;
  await beginNextVectors(layout, toStoredModel(identity), { recipe, device });
  const next = await openNextVectors(layout, {
    root: config.root,
    dimension: identity.dimension,
    assertLocked: () => lock.assertHeld(),
  });
  const embedder = await openEmbedderFor(index, await stores.chunks.table.count());
  let result: Phase2Result;
  try {
    result = await embedAllChunks(
      {
        ...stores,
        next,
        embedder,
        lastBatchId: stores.rowCounts.lastBatchId,
        makeDurable: stores.makeDurableOne,
        observe,
        fault,
      },
      { batchesPerCheckpoint: config.checkpointInterval, signal },
    );
  } finally {
    next.table.close();
    await embedder.close();
  }
  stores.vectors.table.close();
  await lock.assertHeld();
  await switchVectors(layout, fault);
  return result;
}
