// Opens an index: the model described and compared, an old layout settled, the lock taken, the tables reconciled.
import type { Config } from '../config/schema.ts';
import type { Observer } from '../core/events.ts';
import { obtainModel } from '../download/obtain-model.ts';
import { refuseUnfitDevice } from '../embedding/device.ts';
import { describeModel } from '../embedding/recipe.ts';
import * as migration from '../migrate/to-dual-table.ts';
import { toStoredModel } from '../phase2-embed/checkpoint.ts';
import { layoutOf } from '../store/layout.ts';
import { type Wait, waiting } from '../store/lock/lock.ts';
import { readNextVectors } from '../store/next-vectors.ts';
import { openForWriting } from '../store/open.ts';
import { detectLayout, openForReading } from '../store/open-for-reading.ts';
import { refuseOtherProject } from '../store/project.ts';
import { announceRepairs } from './interrupted.ts';
import { type Index, type OpenEmbedder, type ReadableIndex, readRun, type WritableIndex } from './opened.ts';
import { refusePeerModel } from './phases.ts';
import { refuseOtherModel } from './stored-model.ts';

export interface OpenIndexOptions {
  /** `write` takes the lock and reconciles, creating the index if absent; `resume` the same, but never creates one. */
  readonly mode: 'read' | 'write' | 'resume';
  readonly observe?: Observer;
  /** Called between every pair of writes; the crash tests end the process in it. */
  readonly fault?: (name: string) => void;
  /** Waits for another writer; without it one at work is an error at once. */
  readonly wait?: Wait | undefined;
  /** False refuses an old layout with MIGRATION_NEEDED; else `write` migrates it, and says so. */
  readonly migrate?: boolean | undefined;
  /** Aborting stops a migration before its switch, with everything as it was. */
  readonly signal?: AbortSignal | undefined;
  /** Rows that close a group of Phase 1, which is what a kill there can cost; 10,240 by default. */
  readonly groupRows?: number;
  /** Instead of the bundled model's engine; what it makes must be that model's (its identity is compared). Tests. */
  readonly openEmbedder?: OpenEmbedder;
  /** The vectors may be another model's, because all will be made anew. */
  readonly anyModel?: boolean;
}

/**
 * Errors: OTHER_PROJECT, NO_INDEX (read, resume), INDEX_LOCKED, MIGRATION_NEEDED, INDEX_DAMAGED, NOT_WRITABLE, MODEL_MISSING,
 * DEVICE_UNAVAILABLE, MODEL_CHANGED (write, resume; before anything is changed).
 */
export async function openIndex(config: Config, options: OpenIndexOptions): Promise<Index> {
  const observe = options.observe ?? (() => undefined);
  const layout = layoutOf(config.indexDir);
  await refuseOtherProject(layout, config.root);
  if (options.mode !== 'read' && config.hub) {
    await obtainModel(config.modelDir, config.hub, { observe, signal: options.signal });
  }
  const { identity, spec, device } = await describeModel(config.modelDir, config.device);
  refuseUnfitDevice(device, spec);
  if (options.mode !== 'read' && !options.anyModel) refusePeerModel(config, identity.modelId);
  const place = {
    root: config.root,
    indexDir: config.indexDir,
    dimension: identity.dimension,
    modelId: identity.modelId,
    durability: config.durability,
    anyModel: options.anyModel,
  };
  if (options.mode !== 'read') await settleLayout(config, toStoredModel(identity), options);
  if (options.mode !== 'read' && !options.anyModel) await refuseOtherModel(layout, identity, config.root);
  if (options.mode !== 'write') {
    const stores = await openForReading(place);
    if (options.mode === 'read') {
      const close = () => stores[Symbol.asyncDispose]();
      const index: ReadableIndex = { config, readable: stores, [Symbol.asyncDispose]: close };
      return index;
    }
    await stores[Symbol.asyncDispose]();
  }
  const stores = await openForWriting({ ...place, lock: waiting(options.wait, observe) });
  try {
    // Again, now that every table can be read.
    if (!options.anyModel) await refuseOtherModel(layout, identity, config.root);
    for (const name of stores.quarantined) {
      observe({
        type: 'warning',
        message: `${name} was not written whole; it was set aside and the version before is used`,
      });
    }
    if (!options.anyModel && (await readNextVectors(layout)) !== null) {
      const message =
        'making all vectors anew was interrupted; the old ones are in use until `index --reembed` goes on';
      observe({ type: 'notice', message });
    }
    const index: WritableIndex = {
      config,
      stores,
      observe,
      fault: options.fault ?? (() => undefined),
      groupRows: options.groupRows ?? 10_240,
      openEmbedder: options.openEmbedder,
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

/** Ends a migration or rollback that was cut off; then, where an index is to be written, converts an old layout. */
async function settleLayout(config: Config, model: migration.Model, options: OpenIndexOptions): Promise<void> {
  const { observe, fault, signal } = options;
  const lock = waiting(options.wait, observe ?? (() => undefined));
  await migration.finishInterruptedMigration(config.indexDir, { observe, fault, lock });
  if (options.mode !== 'write' || options.migrate === false) return;
  if ((await detectLayout(config.indexDir)) !== 'code_search') return;
  const { root, indexDir } = config;
  await migration.convertToDualTable({ root, indexDir, model }, { automatic: true, observe, fault, lock, signal });
}
