// Columns of a batch as the engine streams it. Whole columns are turned into strings at once where that is possible:
// cell by cell, opening a large index would spend most of its time here.
import { isAscii } from 'node:buffer';

/** A batch of rows as the engine streams them. Column values by name, in row order; `numRows` of each. */
export interface RowBatch {
  readonly numRows: number;
  strings(column: string): (string | null)[];
  /** NULL reads as 0. */
  integers(column: string): Int32Array;
  /** Rows of a fixed-size list, one after the other. */
  floats(column: string): Float32Array;
}

/** The little of an Arrow batch that is read here; the engine brings its own copy of Arrow's classes. */
export interface EngineBatch {
  readonly numRows: number;
  getChild(name: string): EngineColumn | null;
}

interface EngineColumn {
  readonly length: number;
  readonly nullCount: number;
  readonly data: readonly EngineData[];
  get(index: number): unknown;
  toArray(): unknown;
}

interface EngineData {
  readonly length: number;
  readonly nullCount: number;
  readonly values: unknown;
  readonly valueOffsets: unknown;
}

export function rowBatch(batch: EngineBatch): RowBatch {
  const column = (name: string) => {
    const found = batch.getChild(name);
    if (found === null) throw new Error(`the column ${name} was not read`);
    return found;
  };
  return {
    numRows: batch.numRows,
    strings(name) {
      const found = column(name);
      return asciiStrings(found) ?? Array.from(cells(found), (value) => value as string | null);
    },
    integers(name) {
      const found = column(name);
      const whole = found.nullCount === 0 ? found.toArray() : null;
      return whole instanceof Int32Array ? whole : Int32Array.from(cells(found), (value) => Number(value ?? 0));
    },
    floats(name) {
      const rows = Array.from(cells(column(name)), (value) => (value as { toArray(): Float32Array }).toArray());
      const width = rows[0]?.length ?? 0;
      const floats = new Float32Array(rows.length * width);
      for (const [index, row] of rows.entries()) floats.set(row, index * width);
      return floats;
    },
  };
}

function* cells(column: EngineColumn): Generator<unknown> {
  for (let index = 0; index < column.length; index++) yield column.get(index);
}

/** Where every byte is a character of its own, one decoding serves the column: its cells are slices of that. */
function asciiStrings(column: EngineColumn): string[] | null {
  const strings: string[] = [];
  for (const { length, nullCount, values, valueOffsets: offsets } of column.data) {
    if (nullCount > 0 || !(values instanceof Uint8Array) || !(offsets instanceof Int32Array)) return null;
    const [first, last] = [offsets[0] ?? 0, offsets[length] ?? 0];
    const bytes = Buffer.from(values.buffer, values.byteOffset + first, last - first);
    if (!isAscii(bytes)) return null;
    const text = bytes.toString('latin1');
    for (let row = 0; row < length; row++) strings.push(text.slice(offsets[row]! - first, offsets[row + 1]! - first));
  }
  return strings;
}
