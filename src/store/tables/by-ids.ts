// Rows by their chunk ids. To look for ids reads the whole column of them; where the same handle is asked again, as in a
// process that answers many searches, the engine's row ids are remembered and rows are taken by those.
import { type EngineBatch, type RowBatch, rowBatch } from '../lance/row-batch.ts';
import type { TableHandle } from '../lance/table.ts';
import { inSlices, isIn } from './sql.ts';

interface Remembered {
  /** What the row ids are of. */
  readonly version: number;
  /** Null until rows are asked for a second time. */
  readonly rowIds: Map<string, bigint> | null;
}

const remembered = new WeakMap<TableHandle, Remembered>();

/** More ids are looked up faster by a scan. */
const MOST_TAKEN = 1_000;

/** The rows with these ids, in no order; those that are not there are passed over. */
export async function* rowsByIds(
  table: TableHandle,
  columns: readonly string[],
  chunkIds: readonly string[],
): AsyncGenerator<RowBatch, void, undefined> {
  if (chunkIds.length === 0) return;
  const rowIds = chunkIds.length > MOST_TAKEN ? null : await rowIdsOf(table);
  if (rowIds === null) {
    for (const ids of inSlices(chunkIds)) yield* table.scan({ columns, where: isIn('chunk_id', ids) });
    return;
  }
  const taken = chunkIds.flatMap((id) => rowIds.get(id) ?? []);
  if (taken.length === 0) return;
  for await (const batch of table.engine.takeRowIds(taken).select([...columns])) {
    yield rowBatch(batch as unknown as EngineBatch);
  }
}

/** Null the first time, when to read all of them would not pay. */
async function rowIdsOf(table: TableHandle): Promise<Map<string, bigint> | null> {
  const version = await table.version();
  const known = remembered.get(table);
  if (known?.version !== version) {
    remembered.set(table, { version, rowIds: null });
    return null;
  }
  if (known.rowIds !== null) return known.rowIds;
  const rowIds = new Map<string, bigint>();
  for await (const batch of table.engine.query().select(['chunk_id']).withRowId()) {
    const numbers = batch.getChild('_rowid')!.toArray() as BigUint64Array;
    for (const [row, id] of rowBatch(batch as unknown as EngineBatch)
      .strings('chunk_id')
      .entries()) {
      rowIds.set(id ?? '', numbers[row]!);
    }
  }
  if ((await table.version()) === version) remembered.set(table, { version, rowIds });
  return rowIds;
}
