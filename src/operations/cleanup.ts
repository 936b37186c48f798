// `tandem cleanup`: frees what an index keeps without needing it.
import { type CleanupOptions, type CleanupReport, removeWaste } from '../cleanup/remove-waste.ts';
import type { Config } from '../config/schema.ts';
import { describeModel } from '../embedding/model/recipe.ts';
import { finishInterruptedMigration } from '../migrate/to-dual-table.ts';
import { toStoredModel } from '../phase2-embed/checkpoint.ts';
import type { OpenIndexOptions } from '../run/open-index.ts';
import { waiting } from '../store/lock/lock.ts';
import { isOfModel, type NextVectors } from '../store/next-vectors.ts';

export type { CleanupOptions, CleanupReport } from '../cleanup/remove-waste.ts';
export { cacheBytes, clearCache } from '../embedding/cache/bounds.ts';

/** Frees what the index keeps without needing it; see `operations/cleanup.ts`. A switch of layouts that was cut off ends first. */
export async function cleanUp(
  config: Config,
  options: CleanupOptions & Pick<OpenIndexOptions, 'observe' | 'wait'> = {},
): Promise<CleanupReport> {
  const { identity, recipe } = await describeModel(config.modelDir, config.device);
  const futureOf = (begun: NextVectors) => {
    if (!isOfModel(begun, toStoredModel(identity))) return 'other-model';
    return begun.recipe === recipe ? 'this-model' : 'none';
  };
  const lock = waiting(options.wait, options.observe ?? (() => undefined), options.signal);
  if (!options.dryRun) {
    await finishInterruptedMigration(config.indexDir, { observe: options.observe, lock });
  }
  return removeWaste(config, identity, { lock, futureOf, ...options });
}
