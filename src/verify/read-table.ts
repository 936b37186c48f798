// A reader of its own, so that a mistake in the stores' code cannot hide itself.

import { basename, dirname } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { requireTemporaryFolder } from '../store/lance/connect.ts';
import { refusalOf } from '../store/lance/engine-failure.ts';
import type { Manifest } from '../store/lance/manifest.ts';

/** One column of a batch: values by row. */
export interface Column {
  readonly length: number;
  readonly nullCount: number;
  get(row: number): unknown;
}

/** A column of texts as the engine hands it over: row r is what lies from `offsets[r]` to before `offsets[r + 1]`; NULL is empty. */
export interface TextBytes {
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array;
}

export interface Rows {
  readonly numRows: number;
  column(name: string): Column;
  texts(name: string): TextBytes;
  /** 32-bit integers; what stands in the place of a NULL is not said. */
  integers(name: string): Int32Array;
}

export interface TableReader {
  readonly path: string;
  readonly version: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /**
   * Rows in the table's order, at most `batchRows` (1,024) at a time; `_rowid` may be among the columns. The engine reads
   * one batch ahead of what was taken.
   */
  scan(
    columns: readonly string[],
    options?: { where?: string | undefined; batchRows?: number | undefined },
  ): AsyncGenerator<Rows, void, undefined>;
  close(): void;
}

/** The engine could not make sense of a table's files; `cause` is what it said, or its panic. */
export class UnreadableTable extends Error {}

async function asked<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    // A file that may not be opened just now is not a damaged one; one that the disk cannot read is.
    const refused = refusalOf(cause, path);
    if (refused !== null && !/os error 5\b/.test(messageOf(cause))) throw refused;
    throw new UnreadableTable(messageOf(cause), { cause });
  }
}

/** Errors: UnreadableTable, here and from `scan`, and what the operating system refuses. */
export async function openReader(path: string): Promise<TableReader> {
  const connection = await connectTo(dirname(path));
  const table = await asked(path, () => connection.openTable(basename(path, '.lance')));
  const { fields } = await asked(path, () => table.schema());
  const version = await asked(path, () => table.version());
  return {
    path,
    version,
    columns: fields.map(({ name, type }) => ({ name, type: String(type) })),
    async *scan(columns, { where, batchRows } = {}) {
      let query = table.query().select(columns.filter((name) => name !== '_rowid'));
      if (columns.includes('_rowid')) query = query.withRowId();
      if (where !== undefined) query = query.where(where);
      const batches = inBatches(query, batchRows);
      let next = asked(path, () => batches.next());
      for (;;) {
        const { done, value } = await next;
        if (done) return;
        next = asked(path, () => batches.next());
        next.catch(() => undefined); // it is told when its turn comes
        yield rowsOf(value);
      }
    },
    close() {
      table.close();
      connection.close();
    },
  };
}

/** The engine takes the size of a batch only by a method that its types hide. */
function inBatches(query: object, maxBatchLength: number | undefined): AsyncGenerator<Batch, void, undefined> {
  const executable = query as { execute(options: object): AsyncGenerator<Batch, void, undefined> };
  return executable.execute(maxBatchLength === undefined ? {} : { maxBatchLength });
}

interface Batch {
  readonly numRows: number;
  getChild(name: string): (Column & { readonly data: readonly unknown[] }) | null;
}

function rowsOf(batch: Batch): Rows {
  const column = (name: string) => {
    const found = batch.getChild(name);
    if (found === null) throw new Error(`the column ${name} was not read`);
    return found;
  };
  // A batch's column is one piece of memory; a batch without rows has none.
  const piece = (name: string) => (column(name).data[0] ?? {}) as { values?: unknown; valueOffsets?: unknown };
  return {
    numRows: batch.numRows,
    column,
    texts(name) {
      const { values, valueOffsets } = piece(name);
      if (valueOffsets instanceof Int32Array) {
        return { bytes: (values as Uint8Array | undefined) ?? new Uint8Array(), offsets: valueOffsets };
      }
      if (batch.numRows === 0) return { bytes: new Uint8Array(), offsets: new Int32Array(1) };
      throw new Error(`the column ${name} holds no texts`);
    },
    integers(name) {
      const { values } = piece(name);
      if (values instanceof Int32Array) return values;
      if (batch.numRows === 0) return new Int32Array();
      throw new Error(`the column ${name} holds no 32-bit integers`);
    },
  };
}

/** A connection to a directory of tables. Throws what the loader throws where the engine's native part cannot be loaded. */
export async function connectTo(directory: string) {
  await requireTemporaryFolder();
  const { connect } = await import('@lancedb/lancedb');
  return connect(directory);
}

export type TableName = 'chunks' | 'vectors' | 'structure';

/** A table that can be read, and what its current manifest says. */
export interface OpenTable {
  readonly reader: TableReader;
  readonly manifest: Manifest;
}
