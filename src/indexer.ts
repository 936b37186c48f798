// The table of contents: what an index can be asked to do.
import * as cleanup from './cleanup/cleanup.ts';
import type { Config } from './config/schema.ts';
import type { Observer, Phase } from './core/events.ts';
import { obtainModel } from './download/obtain-model.ts';
import { refuseUnfitDevice } from './embedding/device.ts';
import { describeModel } from './embedding/recipe.ts';
import type { MigrationReport } from './migrate/report.ts';
import * as rollback from './migrate/rollback.ts';
import * as migration from './migrate/to-dual-table.ts';
import type { Selection } from './phase1-parse/selection.ts';
import { toStoredModel } from './phase2-embed/checkpoint.ts';
import { announceInterrupted, announceRepairs } from './run/interrupted.ts';
import {
  type Index,
  type OpenEmbedder,
  type ReadableIndex,
  readable,
  readRun,
  type WritableIndex,
  writable,
} from './run/opened.ts';
import { embed, parse, refusePeerModel, timed } from './run/phases.ts';
import { embedAllAnew } from './run/reembed.ts';
import { type RunReport, report } from './run/report.ts';
import { refuseOtherModel } from './run/stored-model.ts';
import { type SearchHit, type SearchOptions, searchSimilar, searchVectors } from './search/search.ts';
import { layoutOf } from './store/layout.ts';
import { type Wait, waiting } from './store/lock.ts';
import { isOfModel, type NextVectors, readNextVectors } from './store/next-vectors.ts';
import { detectLayout, openForReading, openForWriting } from './store/open.ts';

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

export interface RunOptions {
  /** Aborting finishes the batch at hand, writes a checkpoint and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Parses every file, whatever is known of it; chunks that come out as they were keep their vectors. */
  readonly force?: boolean | undefined;
}

/**
 * Errors: NO_INDEX (read, resume), INDEX_LOCKED, MIGRATION_NEEDED, INDEX_DAMAGED, NOT_WRITABLE, MODEL_MISSING,
 * DEVICE_UNAVAILABLE, MODEL_CHANGED (write, resume; before anything is changed).
 */
export async function openIndex(config: Config, options: OpenIndexOptions): Promise<Index> {
  const observe = options.observe ?? (() => undefined);
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
  const layout = layoutOf(config.indexDir);
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
  await migration.migrateToDualTable({ root, indexDir, model }, { automatic: true, observe, fault, lock, signal });
}

/** Converts an index of an old layout; see `migrate/to-dual-table.ts` for errors. */
export async function migrateToDualTable(config: Config, options: migration.MigrateOptions): Promise<MigrationReport> {
  const { identity } = await describeModel(config.modelDir);
  const { root, indexDir } = config;
  return migration.migrateToDualTable({ root, indexDir, model: toStoredModel(identity) }, options);
}

/** Makes the old table the index again; see `migrate/rollback.ts` for errors. */
export async function rollbackMigration(
  config: Config,
  options: Pick<migration.MigrateOptions, 'observe' | 'fault' | 'lock'>,
): Promise<rollback.RollbackReport> {
  const { identity } = await describeModel(config.modelDir);
  const { root, indexDir } = config;
  return rollback.rollbackMigration({ root, indexDir, model: toStoredModel(identity) }, options);
}

/** Frees what the index keeps without needing it; see `cleanup/cleanup.ts`. A switch of layouts that was cut off ends first. */
export async function cleanUp(
  config: Config,
  options: cleanup.CleanupOptions & Pick<OpenIndexOptions, 'observe' | 'wait'> = {},
): Promise<cleanup.CleanupReport> {
  const { identity, recipe } = await describeModel(config.modelDir, config.device);
  const futureOf = (begun: NextVectors) => {
    if (!isOfModel(begun, toStoredModel(identity))) return 'other-model';
    return begun.recipe === recipe ? 'this-model' : 'none';
  };
  const lock = waiting(options.wait, options.observe ?? (() => undefined));
  if (!options.dryRun) {
    await migration.finishInterruptedMigration(config.indexDir, { observe: options.observe, lock });
  }
  return cleanup.cleanUp(config, identity, { lock, futureOf, ...options });
}

/** Runs both phases or one. With 'all', goes on with whatever an interrupted run left. */
export async function indexProject(
  index: Index,
  options: RunOptions & { readonly phase: Phase | 'all' },
): Promise<RunReport> {
  const opened = writable(index);
  await announceInterrupted(opened, options.phase);
  const phase1 = options.phase === 2 ? null : await timed(opened, 1, () => parse(opened, options));
  const phase2 = options.phase === 1 ? null : await timed(opened, 2, () => embed(opened, options.signal));
  return conclude(opened, phase1, phase2);
}

/** Parses what changed; its chunks are pending afterwards. The same as `indexProject` with phase 1. */
export function runPhase1(index: Index, options: RunOptions = {}): Promise<RunReport> {
  return indexProject(index, { ...options, phase: 1 });
}

/** Embeds what is pending. The same as `indexProject` with phase 2. */
export function runPhase2(index: Index, options: RunOptions = {}): Promise<RunReport> {
  return indexProject(index, { ...options, phase: 2 });
}

/**
 * Phase 1, then every chunk's vector anew by the model and recipe of now, whatever made the old ones. Those stay in use
 * until all new ones are durable; interrupted, it goes on where it stopped. Errors: as `openIndex`.
 */
export async function reembed(config: Config, open: OpenIndexOptions, options: RunOptions): Promise<RunReport> {
  const made = await remake(config, open, options);
  // What mcp-vector-search was told before has been changed with the vectors.
  await using index = await openIndex({ ...config, peerModel: null }, { ...open, mode: 'write' });
  const opened = writable(index);
  const rest = await embed(opened, options.signal); // what could not be embedded is tried again, and set aside
  const { phase1, phase2 } = made;
  const embedded = phase2.embedded + (rest?.embedded ?? 0);
  return await conclude(opened, phase1, { ...phase2, embedded, failed: rest?.failed ?? 0 });
}

async function remake(config: Config, open: OpenIndexOptions, options: RunOptions) {
  await using index = await openIndex(config, { ...open, mode: 'write', anyModel: true });
  const opened = writable(index);
  const phase1 = await timed(opened, 1, () => parse(opened, options));
  const phase2 = await timed(opened, 2, () => embedAllAnew(opened, options.signal));
  if (phase2 === null) throw new Error('nothing was embedded');
  return { phase1, phase2 };
}

/** Finishes what an interrupted run left; nothing to do → a report without phases. */
export async function resume(index: Index, options: RunOptions): Promise<RunReport> {
  const opened = writable(index);
  const phase = await announceInterrupted(opened, 'all');
  if (phase === null) return report(opened, null, null);
  const phase1 = phase === 1 ? await timed(opened, 1, () => parse(opened, options, begunSelection(opened))) : null;
  const phase2 = await timed(opened, 2, () => embed(opened, options.signal));
  return conclude(opened, phase1, phase2);
}

/** Settles only what the counts of the tables bear out: another program, which knows no lock, may have written meanwhile. */
async function conclude(...run: Parameters<typeof report>): Promise<RunReport> {
  const made = await report(...run);
  if (made.complete) await run[0].stores.settle();
  return made;
}

/** What an unfinished Phase 1 was told to index: to go on with less or more would not be to finish it. */
function begunSelection({ run, config }: WritableIndex): Selection {
  const begun = run?.phase1.finished_at === null ? run.phase1.selection : undefined;
  return begun ? { ...begun, allowSecrets: begun.allow_secrets } : config;
}

/**
 * The nearest chunks to a query, best first; with `similarTo`, a path of the index, those that are like that file, and the
 * query is passed over. Errors: MODEL_MISSING, MODEL_DAMAGED, MODEL_CHANGED, USAGE (nothing known of that file).
 */
export async function search(
  index: Index,
  query: string,
  { similarTo, ...options }: SearchOptions & { readonly similarTo?: string | undefined },
): Promise<SearchHit[]> {
  const { readable: stores, config } = readable(index);
  const place = { vectors: stores.vectors, root: config.root };
  if (similarTo !== undefined) return searchSimilar(place, similarTo, options);
  const { identity } = await describeModel(config.modelDir);
  await refuseOtherModel(stores.layout, identity, config.root);
  const { openEmbedder } = await import('./embedding/open.ts');
  const { modelDir, device } = config;
  const embedder = await openEmbedder({ modelDir, device, workers: 1, purpose: 'query' });
  try {
    return await searchVectors({ ...place, embedder }, query, options);
  } finally {
    await embedder.close();
  }
}
