// What the passes over the tables share: rows that are counted, and cells read without making strings of them.
import { hash } from 'node:crypto';
import type { Findings } from './findings.ts';
import { decode } from './ids.ts';
import type { OpenTable, Rows, TextBytes } from './read-table.ts';

/** Stands for a parent's number where a chunk has none. */
export const NO_PARENT = -1;
/** Rows of a few narrow columns that are read at once: with 1,024 the time goes into handing batches over. */
const NARROW_BATCH = 8_192;

/** Scans, and compares the number of rows with what the manifest names. */
export async function* counted(
  { reader, manifest }: OpenTable,
  place: 'chunks' | 'vectors' | 'structure',
  columns: readonly string[],
  findings: Findings,
  full: boolean,
): AsyncGenerator<Rows, void, undefined> {
  let rows = 0;
  // Contents and vectors would make large batches heavy.
  for await (const batch of reader.scan(columns, full ? {} : { batchRows: NARROW_BATCH })) {
    rows += batch.numRows;
    yield batch;
  }
  const named = manifest.fragments.reduce((sum, fragment) => sum + fragment.rows, 0);
  if (rows !== named) findings.add('row-count', place, '', `${rows} rows, ${named} in the manifest`);
}

export function noteNulls(
  rows: Rows,
  columns: readonly string[],
  place: 'chunks' | 'vectors' | 'structure',
  findings: Findings,
): void {
  for (const name of columns) {
    const column = rows.column(name);
    if (column.nullCount === 0) continue;
    for (let row = 0; row < rows.numRows; row++) {
      if (column.get(row) !== null) continue;
      const id = String(rows.column('chunk_id').get(row) ?? '');
      findings.add('null-value', place, id, `${id}: ${name}`);
    }
  }
}

export function isEmpty({ offsets }: TextBytes, row: number): boolean {
  return offsets[row] === offsets[row + 1];
}

export function textAt({ bytes, offsets }: TextBytes, row: number): string {
  return decode(bytes, offsets[row]!, offsets[row + 1]!);
}

export function bytesAt({ bytes, offsets }: TextBytes, row: number): Uint8Array {
  return bytes.subarray(offsets[row]!, offsets[row + 1]!);
}

export function sha256(text: string | Uint8Array): string {
  return hash('sha256', text);
}
