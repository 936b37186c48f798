// A reader of its own, so that a mistake in the stores' code cannot hide itself.
import { basename, dirname } from 'node:path';
import { messageOf } from '../core/errors.ts';

/** One column of a batch: values by row. */
export interface Column {
  readonly length: number;
  readonly nullCount: number;
  get(row: number): unknown;
}

export interface Rows {
  readonly numRows: number;
  column(name: string): Column;
}

export interface TableReader {
  readonly path: string;
  readonly version: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Rows in the table's order; `_rowid` may be among the columns. */
  scan(columns: readonly string[], where?: string): AsyncGenerator<Rows, void, undefined>;
  close(): void;
}

/** The engine could not make sense of a table's files; `cause` is what it said, or its panic. */
export class UnreadableTable extends Error {}

async function asked<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw new UnreadableTable(messageOf(cause), { cause });
  }
}

/** Errors: UnreadableTable, here and from `scan`. */
export async function openReader(path: string): Promise<TableReader> {
  const connection = await connectTo(dirname(path));
  const table = await asked(() => connection.openTable(basename(path, '.lance')));
  const { fields } = await asked(() => table.schema());
  const version = await asked(() => table.version());
  return {
    path,
    version,
    columns: fields.map(({ name, type }) => ({ name, type: String(type) })),
    async *scan(columns, where) {
      let query = table.query().select(columns.filter((name) => name !== '_rowid'));
      if (columns.includes('_rowid')) query = query.withRowId();
      if (where !== undefined) query = query.where(where);
      const batches = query[Symbol.asyncIterator]();
      for (;;) {
        const next = await asked(() => batches.next());
        if (next.done) return;
        const batch = next.value;
        yield {
          numRows: batch.numRows,
          column(name) {
            const column = batch.getChild(name);
            if (column === null) throw new Error(`the column ${name} was not read`);
            return column;
          },
        };
      }
    },
    close() {
      table.close();
      connection.close();
    },
  };
}

/** A connection to a directory of tables. Throws what the loader throws where the engine's native part cannot be loaded. */
export async function connectTo(directory: string) {
  const { connect } = await import('@lancedb/lancedb');
  return connect(directory);
}
