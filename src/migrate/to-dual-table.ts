// From an old layout to the two tables: look, build beside, compare, switch. Until the switch nothing old is touched.
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { IndexerError } from '../core/errors.ts';
import type { Observer } from '../core/events.ts';
import { exists, sweepTemporaryFiles } from '../store/files/atomic-file.ts';
import { giveToOwner } from '../store/files/give-to-owner.ts';
import { engineFailure } from '../store/lance/engine-failure.ts';
import { type Layout, layoutOf } from '../store/layout.ts';
import { acquireLock, type Lock, type LockOptions } from '../store/lock/lock.ts';
import { detectLayout, noIndex } from '../store/open-for-reading.ts';
import { refuseOtherProject } from '../store/project.ts';
import { findOldTables, namesOf } from './detect.ts';
import {
  findCreated,
  findDisplaced,
  type Journal,
  readJournal,
  recover,
  switchOver,
  takeBack,
  writeJournal,
} from './journal.ts';
import type { OldSource } from './old-source.ts';
import { openOldSource } from './open-old-source.ts';
import { backupNameOf, listFiles, type MigrationPlan, type MigrationTarget, planMigration } from './plan.ts';
import { describe, type MigrationReport, nothing, tellPlan } from './report.ts';
import { removeStaged, type Staged, type StagingContext, stageTables } from './staging.ts';
import { verifyStaged } from './verify.ts';

/** What the crash tests give besides. */
export interface Faults {
  readonly fault?: ((name: string) => void) | undefined;
}

export interface MigrateOptions {
  /** Only looks; writes nothing and takes no lock. */
  readonly dryRun?: boolean | undefined;
  /** Part of another command: an old table without rows is no reason to stop. */
  readonly automatic?: boolean | undefined;
  readonly lock?: LockOptions | undefined;
  readonly observe?: Observer | undefined;
  /** Checked between groups of rows; an abort leaves everything as it was. */
  readonly signal?: AbortSignal | undefined;
}

const TRIAL_ROWS = 512;

/**
 * Errors: NO_INDEX without any table, OTHER_PROJECT, INDEX_LOCKED, what `planMigration` says, DISK_FULL. All of them leave everything as
 * it was; so does a kill before the switch, and after it the next command that writes goes on.
 */
export async function convertToDualTable(
  target: MigrationTarget,
  options: MigrateOptions & Faults = {},
): Promise<MigrationReport> {
  const startedAt = performance.now();
  const layout = layoutOf(target.indexDir);
  const seconds = () => (performance.now() - startedAt) / 1000;
  if ((await detectLayout(target.indexDir)) === 'none') {
    await findOldTables(layout); // throws where half a pair is left
    throw noIndex(target);
  }
  await refuseOtherProject(layout, target.root);
  if (options.dryRun) return look(layout, target, options, seconds);

  return underLock(layout, options.lock, async (lock) => {
    const recovered = await recoverAndTell(layout, options);
    if (recovered === 'migrated') return { ...nothing(target.root), state: 'finished', seconds: seconds() };
    if ((await detectLayout(target.indexDir)) === 'dual-table') return { ...nothing(target.root), seconds: seconds() };
    const plan = await planOf(target, options);
    const staged = await carryOut(plan, target, lock, options);
    const { chunks, vectors } = staged;
    return { ...describe(plan), chunks, vectors, state: 'migrated', seconds: seconds() };
  });
}

/** Goes on with a switch that was cut off, in whichever direction. To be called before an index is opened for writing. */
export async function finishInterruptedMigration(
  indexDir: string,
  options: MigrateOptions & Faults = {},
): Promise<void> {
  const layout = layoutOf(indexDir);
  const journal = await readJournal(layout);
  if (journal === null || journal.state === 'done') return;
  await underLock(layout, options.lock, () => recoverAndTell(layout, options));
}

async function recoverAndTell(layout: Layout, { observe, fault }: MigrateOptions & Faults): Promise<string | null> {
  const recovered = await recover(layout, fault ?? (() => undefined));
  const tell = (message: string) => observe?.({ type: 'notice', message });
  if (recovered === 'migrated') tell('finished a migration that was cut off after its switch');
  if (recovered === 'taken back') tell('took back a migration that was cut off before its switch');
  if (recovered === 'rolled back') tell('finished a rollback that was cut off');
  return recovered;
}

async function look(
  layout: Layout,
  target: MigrationTarget,
  options: MigrateOptions & Faults,
  seconds: () => number,
): Promise<MigrationReport> {
  const journal = await readJournal(layout);
  if (journal !== null && journal.state !== 'done') {
    const message = 'a switch of layouts was cut off here; the next command that writes brings it to an end first';
    options.observe?.({ type: 'warning', message });
  }
  if ((await detectLayout(target.indexDir)) === 'dual-table') return { ...nothing(target.root), seconds: seconds() };
  const plan = await planOf(target, options);
  tellPlan(plan, options.observe);
  return { ...describe(plan), state: 'planned', seconds: seconds() };
}

async function planOf(target: MigrationTarget, options: MigrateOptions & Faults): Promise<MigrationPlan> {
  const plan = await planMigration(target);
  if (plan === null) throw noIndex(target);
  if (plan.rows === 0 && !options.automatic) {
    throw new IndexerError('MIGRATION_REFUSED', `the old table ${namesOf(plan.old).join(', ')} holds no rows`, {
      hint: `nothing was changed; make a new index with: \`tandem index ${target.root}\``,
    });
  }
  return plan;
}

async function carryOut(
  plan: MigrationPlan,
  target: MigrationTarget,
  lock: Lock,
  options: MigrateOptions & Faults,
): Promise<Staged> {
  const { layout, old } = plan;
  const fault = options.fault ?? (() => undefined);
  const step = (message: string) => options.observe?.({ type: 'notice', message });
  tellPlan(plan, options.observe);
  let journal: Journal | null = null;
  try {
    using opened = (await openOldSource(layout, old)).source;
    const before = await opened.version();
    const dimension = target.model.dimension;
    const staging = { plan, dimension, assertLocked: () => lock.assertHeld(), fault, signal: options.signal };
    if (plan.rows > TRIAL_ROWS) step(`     trial: ${await tryFirstRows(staging, opened)} rows converted and compared`);
    const staged = await stageTables(staging, opened);
    step(`  3. written: ${staged.chunks} chunks, ${staged.vectors} vectors`);
    fault('migrate.staged');
    await verifyStaged(plan, opened, staged);
    if ((await opened.version()) !== before) throw changedMeanwhile(layout);
    step('  4. verified: number of rows, ids, texts, and every vector bit by bit');
    fault('migrate.verified');
    options.signal?.throwIfAborted();
    await lock.assertHeld();
    journal = await journalOf(plan, target, staged);
    await writeJournal(layout, journal);
    fault('migrate.journal-written');
    await switchOver(layout, journal, fault);
    step('  5. switched: the index has two tables now');
    return staged;
  } catch (error) {
    if (journal === null) await removeStaged(layout);
    else if (await exists(layout.stagedLanceDir)) await takeBack(layout, journal);
    throw engineFailure(error, layout.indexDir);
  }
}

/** What cannot be converted shows in seconds, before the whole is written. */
async function tryFirstRows(ctx: StagingContext, source: OldSource): Promise<number> {
  const staged = await stageTables(ctx, source, TRIAL_ROWS);
  await verifyStaged(ctx.plan, source, staged, TRIAL_ROWS);
  ctx.fault('migrate.tried');
  return staged.chunks;
}

async function journalOf(plan: MigrationPlan, target: MigrationTarget, staged: Staged): Promise<Journal> {
  const { layout, old } = plan;
  const tables = [];
  for (const from of namesOf(old)) {
    tables.push({ from, to: backupNameOf(from), files: await listFiles(join(layout.indexDir, from)) });
  }
  const now = new Date().toISOString();
  return {
    schema: 1,
    state: 'switching',
    id: now.replace(/[:.]/g, '-'),
    root: target.root,
    started_at: now,
    tables,
    displaced: await findDisplaced(layout),
    created: await findCreated(layout),
    chunks: staged.chunks,
    vectors: staged.vectors,
    model: target.model,
  };
}

/** Under the lock; what was made for the lock's sake goes again if nothing came of it. */
export async function underLock<T>(
  layout: Layout,
  options: LockOptions | undefined,
  work: (lock: Lock) => Promise<T>,
): Promise<T> {
  const isNew = !(await exists(layout.tandemDir));
  if (isNew) await makeTandemDir(layout);
  try {
    const lock = await acquireLock(layout.lockFile, options);
    try {
      // A kill while metadata was written leaves them; after a rollback nothing may be there that was not there before.
      for (const directory of [layout.tandemDir, layout.indexDir]) await sweepTemporaryFiles(directory);
      return await work(lock);
    } finally {
      await giveToOwner(layout.indexDir);
      await lock.release();
    }
  } finally {
    if (isNew) await rmdir(layout.tandemDir).catch(() => undefined); // not empty: something came of it
  }
}

async function makeTandemDir(layout: Layout): Promise<void> {
  try {
    await mkdir(layout.tandemDir, { mode: 0o700 });
  } catch (error) {
    throw new IndexerError('NOT_WRITABLE', `the index directory ${layout.indexDir} cannot be written`, {
      hint: 'nothing was changed; check its owner and mode',
      cause: error,
    });
  }
}

function changedMeanwhile(layout: Layout): IndexerError {
  return new IndexerError(
    'MIGRATION_REFUSED',
    `mcp-vector-search wrote the old table in ${layout.indexDir} meanwhile`,
    {
      hint: 'nothing was changed; wait until it has finished, then run this again',
    },
  );
}
