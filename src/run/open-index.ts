// Opens an index: the model is described once and compared with the stored vectors, an old layout is settled, the lock
// taken, the tables reconciled.
import type { Config } from '../config/schema.ts';
import type { Observer } from '../core/events.ts';
import { refuseUnfitDevice } from '../embedding/device.ts';
import { obtainModel } from '../embedding/download/obtain-model.ts';
import { describeModel, type ModelDescription } from '../embedding/model/recipe.ts';
import type { SharedModels } from '../embedding/shared-models.ts';
import { convertToDualTable, finishInterruptedMigration } from '../migrate/to-dual-table.ts';
import { toStoredModel } from '../phase2-embed/checkpoint.ts';
import { layoutOf } from '../store/layout.ts';
import { type Wait, waiting } from '../store/lock/lock.ts';
import { readNextVectors } from '../store/next-vectors.ts';
import { type OpenForWritingOptions, openForWriting as openWritableStores } from '../store/open.ts';
import { detectLayout, openForReading as openReadableStores } from '../store/open-for-reading.ts';
import { refuseOtherProject } from '../store/project.ts';
import type { StoredModel } from '../store/stored-model.ts';
import { announceRepairs } from './interrupted.ts';
import { refuseOtherModelThanConfigured, refuseOtherModelThanIndexed } from './model-of-index.ts';
import { type ReadableIndex, readRun, type TestHooks, type WritableIndex } from './opened.ts';

export interface OpenIndexOptions {
  readonly observe?: Observer | undefined;
  /** Waits for another writer; without it one at work is an error at once. */
  readonly wait?: Wait | undefined;
  /** False refuses an index that is not there with NO_INDEX, and leaves an old layout as it is. */
  readonly creates?: boolean | undefined;
  /** False refuses an old layout with MIGRATION_NEEDED; else it is converted, and the observer is told. */
  readonly migrate?: boolean | undefined;
  /** Aborting stops a migration before its switch, with everything as it was. */
  readonly signal?: AbortSignal | undefined;
}

export interface ReadingOptions {
  /** Where the model for queries comes from; without it the index loads its own, and closes it. */
  readonly models?: SharedModels | undefined;
}

/** Takes no lock and needs no model. Errors: NO_INDEX, MIGRATION_NEEDED, INDEX_DAMAGED. */
export async function openForReading(config: Config, { models }: ReadingOptions = {}): Promise<ReadableIndex> {
  const readable = await openReadableStores(config);
  return { config, readable, models, [Symbol.asyncDispose]: () => readable[Symbol.asyncDispose]() };
}

/**
 * Under the lock, reconciled; made if there is none. Errors: OTHER_PROJECT, NO_INDEX, INDEX_LOCKED, MIGRATION_NEEDED, INDEX_DAMAGED,
 * NOT_WRITABLE, MODEL_MISSING, DEVICE_UNAVAILABLE, MODEL_CHANGED (before a row is changed).
 */
export async function openForWriting(
  config: Config,
  options: OpenIndexOptions,
  hooks: TestHooks = {},
): Promise<WritableIndex> {
  const model = await obtainAndDescribe(config, options);
  const stored = toStoredModel(model.identity);
  refuseOtherModelThanConfigured(config, stored);
  await settleLayout(config, stored, options, hooks);
  const index = await openStores(config, model, options, hooks, (layout) =>
    refuseOtherModelThanIndexed(layout, stored, config.root),
  );
  if ((await readNextVectors(index.stores.layout)) !== null) {
    const message =
      'a previous `--reembed` was interrupted; run it again to continue. Until then the old vectors are used';
    index.observe({ type: 'notice', message });
  }
  return index;
}

/** As `openForWriting`, but whatever made the stored vectors: all of them are about to be replaced. */
export async function openForReembed(
  config: Config,
  options: OpenIndexOptions,
  hooks: TestHooks = {},
): Promise<WritableIndex> {
  const model = await obtainAndDescribe(config, options);
  await settleLayout(config, toStoredModel(model.identity), options, hooks);
  return openStores(config, model, options, hooks);
}

async function obtainAndDescribe(config: Config, { observe, signal }: OpenIndexOptions): Promise<ModelDescription> {
  await refuseOtherProject(layoutOf(config.indexDir), config.root); // before anything is downloaded
  if (config.hub) await obtainModel(config.modelDir, config.hub, { observe: observe ?? ignore, signal });
  const model = await describeModel(config.modelDir, config.device);
  refuseUnfitDevice(model.device, model.spec);
  return model;
}

/** Ends a migration or rollback that was cut off; then converts an old layout, unless told not to. */
async function settleLayout(
  { root, indexDir }: Config,
  model: StoredModel,
  options: OpenIndexOptions,
  { fault }: TestHooks,
): Promise<void> {
  const { observe, signal } = options;
  const lock = waiting(options.wait, observe ?? ignore, signal);
  await finishInterruptedMigration(indexDir, { observe, fault, lock });
  if (options.creates === false || options.migrate === false) return;
  if ((await detectLayout(indexDir)) !== 'code_search') return;
  await convertToDualTable({ root, indexDir, model }, { automatic: true, observe, fault, lock, signal });
}

async function openStores(
  config: Config,
  model: ModelDescription,
  { observe = ignore, wait, creates, signal }: OpenIndexOptions,
  { fault = ignore, groupRows = 10_240, openEmbedder }: TestHooks,
  checkModel?: OpenForWritingOptions['checkModel'],
): Promise<WritableIndex> {
  const { dimension } = model.identity;
  const { root, indexDir, durability } = config;
  const lock = waiting(wait, observe, signal);
  const stores = await openWritableStores({ root, indexDir, durability, dimension, lock, creates, checkModel });
  try {
    for (const name of stores.quarantined) {
      const message = `${name} was not written whole; it was set aside and the version before is used`;
      observe({ type: 'warning', message });
    }
    const index: WritableIndex = {
      config,
      model,
      stores,
      observe,
      fault,
      groupRows,
      openEmbedder,
      run: await readRun(stores, observe),
      async [Symbol.asyncDispose]() {
        if (stores.isNew && index.run === null) await stores.discard();
        else await stores[Symbol.asyncDispose]();
      },
    };
    if (stores.movedFrom !== null) {
      const message = `this index was made for ${stores.movedFrom}, which is gone; from now on it is of ${config.root}`;
      observe({ type: 'notice', message });
    }
    announceRepairs(index);
    return index;
  } catch (error) {
    await stores[Symbol.asyncDispose]();
    throw error;
  }
}

function ignore(): void {}
