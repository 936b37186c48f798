// Every vector again, by the present model and recipe: made beside the old ones, which they then replace.
import type { Config } from '../config/schema.ts';
import { toStoredModel } from '../phase2-embed/checkpoint.ts';
import { embedAnew } from '../phase2-embed/reembed.ts';
import type { Phase2Result } from '../phase2-embed/run.ts';
import { beginNextVectors, switchVectors } from '../store/next-vectors.ts';
import { openNextVectors } from '../store/open-next-vectors.ts';
import { type OpenIndexOptions, openForReembed, openForWriting } from './open-index.ts';
import type { TestHooks, WritableIndex } from './opened.ts';
import { embed, openEmbedderFor, parse, timed } from './phases.ts';
import { conclude, type RunReport } from './report.ts';

/** See `operations/reembed.ts`. */
export async function reembedIndex(
  config: Config,
  options: OpenIndexOptions & { readonly force?: boolean | undefined },
  hooks: TestHooks = {},
): Promise<RunReport> {
  const { phase1, phase2 } = await replaceVectors(config, options, hooks);
  // The switch has written the new model into mcp-vector-search's settings, which this configuration was read before.
  await using index = await openForWriting({ ...config, peerModel: null }, options, hooks);
  const rest = await embed(index, options.signal); // what could not be embedded is tried again, and set aside
  const embedded = phase2.embedded + (rest?.embedded ?? 0);
  return await conclude(index, phase1, { ...phase2, embedded, failed: rest?.failed ?? 0 });
}

async function replaceVectors(
  config: Config,
  options: OpenIndexOptions & { readonly force?: boolean | undefined },
  hooks: TestHooks,
) {
  await using index = await openForReembed(config, options, hooks);
  const phase1 = await timed(index, 1, () => parse(index, options));
  const phase2 = await timed(index, 2, () => embedAll(index, options.signal));
  if (phase2 === null) throw new Error('nothing was embedded');
  return { phase1, phase2 };
}

/** Goes on where an interrupted call with the same model and recipe stopped. The index has to be opened anew after it. */
async function embedAll(index: WritableIndex, signal: AbortSignal | undefined): Promise<Phase2Result> {
  const { config, stores, observe, fault } = index;
  const { layout, lock } = stores;
  const { identity, recipe, device } = index.model;
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
