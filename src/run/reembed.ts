// All vectors anew, by the model and recipe of now: made beside the old ones, then put in their place.
import { describeModel } from '../embedding/recipe.ts';
import { toStoredModel } from '../phase2-embed/checkpoint.ts';
import { embedAnew } from '../phase2-embed/reembed.ts';
import type { Phase2Result } from '../phase2-embed/run.ts';
import { beginNextVectors, switchVectors } from '../store/next-vectors.ts';
import { openNextVectors } from '../store/open-next-vectors.ts';
import type { WritableIndex } from './opened.ts';
import { openEmbedderFor } from './phases.ts';

/** Goes on where an interrupted call with the same model and recipe stopped. The index has to be opened anew after it. */
export async function embedAllAnew(index: WritableIndex, signal: AbortSignal | undefined): Promise<Phase2Result> {
  const { config, stores, observe, fault } = index;
  const { layout, lock } = stores;
  const { identity, recipe, device } = await describeModel(config.modelDir, config.device);
  await beginNextVectors(layout, toStoredModel(identity), { recipe, device });
  const next = await openNextVectors(layout, {
    root: config.root,
    dimension: identity.dimension,
    fence: () => lock.assertHeld(),
  });
  const embedder = await openEmbedderFor(index, await stores.chunks.table.count());
  let result: Phase2Result;
  try {
    result = await embedAnew(
      {
        ...stores,
        next,
        embedder,
        lastBatchId: stores.census.lastBatchId,
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
