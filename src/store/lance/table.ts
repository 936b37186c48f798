// One Lance table held open: creation that survives a kill, streamed reads, commits behind the lock.
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Connection, Table } from '@lancedb/lancedb';
import type { Table as ArrowTable, Schema } from 'apache-arrow';
import { errnoOf, IndexerError, messageOf } from '../../core/errors.ts';
import { exists } from '../files/atomic-file.ts';
import { engineFailure, isVersionGone, refusalOf } from './engine-failure.ts';
import { type EngineBatch, type RowBatch, rowBatch } from './row-batch.ts';

/** Asked before every commit: throws LOCK_LOST if another process took the lock over. */
export type AssertLocked = () => Promise<void>;

export interface TableHandle {
  readonly path: string;
  /** Rows that match, by streaming only the named columns. Pinned to the version at the call. */
  scan(options: {
    columns: readonly string[];
    where?: string;
    limit?: number;
  }): AsyncGenerator<RowBatch, void, undefined>;
  count(where?: string): Promise<number>;
  version(): Promise<number>;
  columns(): Promise<string[]>;
  add(rows: ArrowTable): Promise<void>;
  /** Deletes rows; to be called only when some match, for every call makes a version. */
  delete(where: string): Promise<void>;
  update(where: string, values: Record<string, string | number>): Promise<void>;
  /** The same with what `sql.ts` makes in place of values, so that each row may get another. */
  updateBy(where: string, expressions: Record<string, string>): Promise<void>;
  /**
   * One commit: rows of `rows` replace those with the same key or are inserted; rows for which `deleteWhere` holds and
   * that are not in `rows` go.
   */
  replace(key: string, rows: ArrowTable, deleteWhere: string): Promise<void>;
  /** One commit: the given columns of rows whose key is in `rows` take the new values. Nothing is inserted. */
  merge(key: string, rows: ArrowTable): Promise<void>;
  ensureScalarIndex(column: string): Promise<void>;
  /** Rewrites small fragments into large ones and brings indexes up to date. Removes nothing. */
  compact(): Promise<void>;
  /** Removes versions older than `olderThan`, but for the latest, and what they alone name. */
  removeVersions(olderThan: Date): Promise<void>;
  /** The engine's own handle, for nearest-neighbour queries. */
  readonly engine: Table;
  close(): void;
}

/**
 * Opens a table, creating it if absent. A shell left by a kill during creation is replaced if it holds no data.
 * `created` is called with the path of a new table, which has to be on disk before anything is stored in it: what a power
 * cut leaves later always has a whole version then.
 */
export async function openTable(
  connection: Connection,
  path: string,
  options: { schema: Schema | null; assertLocked: AssertLocked; created?: (path: string) => Promise<unknown> },
): Promise<TableHandle> {
  const name = basename(path, '.lance');
  const create = async (schema: Schema) => {
    const table = await guarded(path, () => connection.createEmptyTable(name, schema));
    await options.created?.(path);
    return handle(path, table, options.assertLocked);
  };
  if (!(await exists(path))) {
    if (options.schema === null) throw new Error(`${path} does not exist`);
    await options.assertLocked();
    return await create(options.schema);
  }
  try {
    return handle(path, await connection.openTable(name), options.assertLocked);
  } catch (error) {
    const isShell = await isEmptyShell(path);
    if (options.schema !== null && isShell) {
      await options.assertLocked();
      await rm(path, { recursive: true });
      return await create(options.schema);
    }
    const refused = refusalOf(error, path);
    if (refused !== null) throw refused;
    throw new IndexerError('INDEX_DAMAGED', `the table ${path} cannot be opened: ${messageOf(error)}`, {
      hint: isShell
        ? 'it holds no data, as after a kill during its creation; `tandem index` creates it again'
        : `nothing was changed; restore it from a backup, or move ${dirname(dirname(path))} away and index again`,
      cause: error,
    });
  }
}

/** The ids of all rows of a table of ours. */
export async function idsOf(table: TableHandle): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const rows of table.scan({ columns: ['chunk_id'] })) {
    for (const id of rows.strings('chunk_id')) ids.add(id ?? '');
  }
  return ids;
}

/** Creation is not atomic: a kill there leaves a directory without a manifest or data. */
export async function isEmptyShell(path: string): Promise<boolean> {
  for (const part of ['_versions', 'data']) {
    const names = await readdir(join(path, part)).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    });
    if (names.some((name) => name.endsWith('.manifest') || name.endsWith('.lance'))) return false;
  }
  return true;
}

async function guarded<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw engineFailure(error, path);
  }
}

/** mcp-vector-search's compaction can get in between: such a commit did not happen and is tried again on the latest version. */
const MOST_ATTEMPTS = 4;

function isDisturbed(error: unknown): boolean {
  return isVersionGone(error) || /retryable commit conflict/i.test(messageOf(error));
}

function handle(path: string, table: Table, assertLocked: AssertLocked): TableHandle {
  const commit = async (action: () => Promise<unknown>): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      await assertLocked();
      try {
        await action();
        return;
      } catch (error) {
        if (attempt === MOST_ATTEMPTS || !isDisturbed(error)) throw engineFailure(error, path);
        await table.checkoutLatest();
      }
    }
  };
  return {
    path,
    engine: table,
    async *scan({ columns, where, limit }) {
      let query = table.query().select([...columns]);
      if (where !== undefined) query = query.where(where);
      if (limit !== undefined) query = query.limit(limit);
      try {
        for await (const batch of query) yield rowBatch(batch as unknown as EngineBatch);
      } catch (error) {
        throw engineFailure(error, path);
      }
    },
    count: (where) => guarded(path, () => table.countRows(where)),
    version: () => guarded(path, () => table.version()),
    columns: async () => (await guarded(path, () => table.schema())).fields.map((field) => field.name),
    add: (rows) => commit(() => table.add(rows)),
    delete: (where) => commit(() => table.delete(where)),
    update: (where, values) => commit(() => table.update({ where, values })),
    updateBy: (where, expressions) => commit(() => table.update({ where, valuesSql: expressions })),
    replace: (key, rows, deleteWhere) =>
      commit(() =>
        table
          .mergeInsert(key)
          .whenMatchedUpdateAll()
          .whenNotMatchedInsertAll()
          .whenNotMatchedBySourceDelete({ where: deleteWhere })
          .execute(rows),
      ),
    merge: (key, rows) => commit(() => table.mergeInsert(key).whenMatchedUpdateAll().execute(rows)),
    async ensureScalarIndex(column) {
      const indexes = await guarded(path, () => table.listIndices());
      if (indexes.some((index) => index.columns.length === 1 && index.columns[0] === column)) return;
      await commit(() => table.createIndex(column));
    },
    compact: () => commit(() => table.optimize({ cleanupOlderThan: new Date(0) })),
    removeVersions: (olderThan) => commit(() => table.optimize({ cleanupOlderThan: olderThan })),
    close: () => table.close(),
  };
}
