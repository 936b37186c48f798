// Columns of a batch as the engine streams it. Whole columns are turned into strings at once where that is possible:
// cell by cell, opening a large index would spend most of its time here.
import { type EngineColumn, readIntegers, readTexts, readVectors, textsOf } from './columns.ts';

/** A batch of rows as the engine streams them. Column values by name, in row order; `numRows` of each. */
export interface RowBatch {
  readonly numRows: number;
  strings(column: string): (string | null)[];
  /** NULL reads as 0. */
  integers(column: string): Int32Array;
  /** Rows of a fixed-size list, one after the other. */
  floats(column: string): Float32Array;
  /** The column as the engine has it, for `columns.ts`; null if it was not read. */
  column(name: string): EngineColumn | null;
}

/** The little of an Arrow batch that is read here. */
export interface EngineBatch {
  readonly numRows: number;
  getChild(name: string): EngineColumn | null;
}

export function rowBatch(batch: EngineBatch): RowBatch {
  const column = (name: string) => {
    const found = batch.getChild(name);
    if (found === null) throw new Error(`the column ${name} was not read`);
    return found;
  };
  return {
    numRows: batch.numRows,
    column: (name) => batch.getChild(name),
    strings(name) {
      const found = column(name);
      const texts: (string | null)[] = textsOf(readTexts(found));
      if (found.nullCount > 0) for (let row = 0; row < found.length; row++) if (!found.isValid(row)) texts[row] = null;
      return texts;
    },
    integers: (name) => readIntegers(column(name)),
    floats(name) {
      const found = column(name);
      const width = (found.data[0]?.children[0]?.length ?? 0) / Math.max(1, found.data[0]?.length ?? 1);
      return readVectors(found, width);
    },
  };
}
