// Back to the old table, byte for byte. The two tables are kept aside, not deleted.
import { join } from 'node:path';
import { IndexerError } from '../core/errors.ts';
import { exists } from '../store/files/atomic-file.ts';
import { connect } from '../store/lance/connect.ts';
import { hasWholeHead } from '../store/lance/durability.ts';
import { openTable } from '../store/lance/table.ts';
import { type Layout, layoutOf } from '../store/layout.ts';
import { detectLayout } from '../store/open-for-reading.ts';
import { refuseOtherProject } from '../store/project.ts';
import { type Journal, keptOf, readJournal, recover, switchBack, writeJournal } from './journal.ts';
import { listFiles, type MigrationTarget } from './plan.ts';
import { type Faults, type MigrateOptions, underLock } from './to-dual-table.ts';

export interface RollbackReport {
  readonly tables: readonly { readonly from: string; readonly to: string }[];
  /** Chunks that came after the migration and are not in the old table; null where the tables could not be read. */
  readonly newer: number | null;
  /** Where the two tables are kept. */
  readonly kept: string;
  readonly seconds: number;
}

/**
 * Errors: MIGRATION_REFUSED without a backup, or with one that is not what was set aside; INDEX_LOCKED. They leave
 * everything as it was.
 */
export async function restoreOldTable(
  target: Pick<MigrationTarget, 'root' | 'indexDir' | 'model'>,
  options: Pick<MigrateOptions, 'observe' | 'lock'> & Faults = {},
): Promise<RollbackReport> {
  const startedAt = performance.now();
  const layout = layoutOf(target.indexDir);
  if (!(await exists(layout.indexDir))) throw noBackup(layout);
  await refuseOtherProject(layout, target.root);
  return underLock(layout, options.lock, async (lock) => {
    const fault = options.fault ?? (() => undefined);
    const cutOff = await readJournal(layout);
    if ((await recover(layout, fault)) === 'rolled back' && cutOff !== null) {
      return reportOf(layout, cutOff, null, startedAt);
    }
    const journal = await findBackup(layout, target);
    await checkBackup(layout, journal);
    const newer = await countNewer(layout);
    await lock.assertHeld();
    const rollingBack: Journal = { ...journal, state: 'rolling-back' };
    await writeJournal(layout, rollingBack);
    fault('rollback.journal-written');
    await switchBack(layout, rollingBack, fault);
    return reportOf(layout, journal, newer, startedAt);
  });
}

function reportOf(layout: Layout, journal: Journal, newer: number | null, startedAt: number): RollbackReport {
  const tables = journal.tables.map(({ from, to }) => ({ from: to, to: from }));
  return { tables, newer, kept: keptOf(layout, journal, ''), seconds: (performance.now() - startedAt) / 1000 };
}

/** What the journal says of the last migration; where `tandem/` was lost, a backup with its usual name will do. */
async function findBackup(layout: Layout, { root, model }: Pick<MigrationTarget, 'root' | 'model'>): Promise<Journal> {
  const journal = await readJournal(layout);
  if (journal !== null) return journal;
  for (const from of layout.oldTables.single) {
    const to = from.replace(/\.lance$/, '.backup');
    if (!(await exists(join(layout.indexDir, to)))) continue;
    const now = new Date().toISOString();
    const tables = [{ from, to, files: await listFiles(join(layout.indexDir, to)) }];
    const id = now.replace(/[:.]/g, '-');
    return {
      schema: 1,
      state: 'done',
      id,
      root,
      started_at: now,
      tables,
      displaced: [],
      created: [],
      chunks: 0,
      vectors: 0,
      model,
    };
  }
  throw noBackup(layout);
}

async function checkBackup(layout: Layout, journal: Journal): Promise<void> {
  for (const { from, to, files } of journal.tables) {
    const backup = join(layout.indexDir, to);
    if (!(await exists(backup))) throw noBackup(layout, to);
    if (await exists(join(layout.indexDir, from))) throw inTheWay(join(layout.indexDir, from));
    const found = await listFiles(backup);
    const isSame = JSON.stringify(found) === JSON.stringify(files);
    if (!isSame || !(await hasWholeHead(backup))) throw notWhole(backup);
  }
}

/** Every chunk that we made has a batch of its own; those that were migrated have none. */
async function countNewer(layout: Layout): Promise<number | null> {
  if ((await detectLayout(layout.indexDir)) !== 'dual-table') return null;
  const assertLocked = () => Promise.reject(new Error('counting does not write'));
  try {
    const table = await openTable(await connect(layout.lanceDir), layout.chunksTable, { schema: null, assertLocked });
    try {
      return await table.count('embedding_batch_id <> 0');
    } finally {
      table.close();
    }
  } catch (error) {
    // A damaged index is a good reason to go back, and none to stop.
    if (error instanceof IndexerError && error.code === 'INDEX_DAMAGED') return null;
    throw error;
  }
}

function noBackup(layout: Layout, name = layout.oldTables.single[0]!.replace(/\.lance$/, '.backup')): IndexerError {
  return new IndexerError('MIGRATION_REFUSED', `there is no backup to go back to: no ${name} in ${layout.indexDir}`, {
    hint: 'nothing was changed; a backup is made by `tandem migrate --to-dual-table` only',
  });
}

function inTheWay(path: string): IndexerError {
  return new IndexerError('MIGRATION_REFUSED', `${path} is in the way of its backup`, {
    hint: 'nothing was changed; mcp-vector-search made it since. Move it elsewhere, then run this again',
  });
}

function notWhole(path: string): IndexerError {
  return new IndexerError('MIGRATION_REFUSED', `the backup ${path} is not what the migration set aside`, {
    hint: 'nothing was changed; restore its missing or changed files, or keep the new layout',
  });
}
