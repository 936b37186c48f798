// Columns of old tables, whichever of them there are, 32 or 64 bits wide, NULL or "", lists or words between commas.
import {
  type EngineColumn,
  isUnitVector,
  readIntegers,
  readOptionalIntegers,
  readTextLists,
  readTexts,
  readVectors,
  repeatedText,
  type TextColumn,
  type TextListColumn,
  textColumn,
  textListColumn,
  textsOf,
} from '../store/lance/columns.ts';
import type { TableHandle } from '../store/lance/table.ts';
import { reading } from './detect.ts';

/** A batch of an old table. Columns that it lacks read as empty, 0 or null. */
export interface OldColumns {
  readonly length: number;
  texts(name: string): TextColumn;
  strings(name: string): string[];
  integers(name: string): Int32Array;
  optionalIntegers(name: string): OptionalIntegers;
  lists(name: string): TextListColumn;
  vectors(name: string, width: number): VectorColumn;
  /** Per row, the columns named that say something there, as a JSON object; '' where none does. */
  json(names: readonly string[]): string[];
}

export type OptionalIntegers = Int32Array | readonly (number | null)[];

export interface VectorColumn {
  /** Row-major; what rows without a vector have here means nothing. */
  readonly numbers: Float32Array;
  /** False where there is none, or none as `verify` wants it: a number is missing or not finite, or its length is not 1. */
  readonly isThere: readonly boolean[];
}

/** The first `limit` rows, or all, in the table's order. Errors: INDEX_DAMAGED. */
export async function* readColumns(
  table: TableHandle,
  columns: readonly string[],
  limit?: number,
): AsyncGenerator<OldColumns, void, undefined> {
  const stream = table.scan({ columns, ...(limit === undefined ? {} : { limit }) });
  try {
    for (;;) {
      const next = await reading(table.path, () => stream.next());
      if (next.done) return;
      const { numRows } = next.value;
      yield columnsOf(numRows, (name) => (columns.includes(name) ? next.value.column(name) : null));
    }
  } finally {
    await stream.return();
  }
}

/** Numbers of 64 bits become those of JSON, lists their items. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value === null || typeof value !== 'object') return value;
  return Array.from(value as Iterable<unknown>, plain);
}

function isEmpty(value: unknown): boolean {
  return (
    value === null || value === undefined || value === '' || value === 0 || (Array.isArray(value) && value.length === 0)
  );
}

function columnsOf(length: number, find: (name: string) => EngineColumn | null): OldColumns {
  const orEmpty = <T>(name: string, read: (column: EngineColumn) => T, empty: () => T): T => {
    const column = find(name);
    return column === null ? empty() : read(column);
  };
  const texts = (name: string) => orEmpty(name, readTexts, () => repeatedText('', length));
  return {
    length,
    texts,
    strings: (name) => textsOf(texts(name)),
    integers: (name) => orEmpty(name, readIntegers, () => new Int32Array(length)),
    optionalIntegers: (name) =>
      orEmpty<OptionalIntegers>(name, readOptionalIntegers, () => new Array<null>(length).fill(null)),
    lists: (name) =>
      orEmpty(
        name,
        (column) => readTextLists(column) ?? splitTexts(readTexts(column)),
        () => splitTexts(repeatedText('', length)),
      ),
    json(names) {
      const rows: (Record<string, unknown> | undefined)[] = new Array(length);
      for (const name of names) {
        const column = find(name);
        if (column === null || column.nullCount === length) continue;
        for (let row = 0; row < length; row++) {
          const value = plain(column.get(row));
          if (isEmpty(value)) continue;
          rows[row] ??= {};
          rows[row]![name] = value;
        }
      }
      return Array.from(rows, (row) => (row === undefined ? '' : JSON.stringify(row)));
    },
    vectors(name, width) {
      const column = find(name);
      const numbers = column === null ? new Float32Array(length * width) : readVectors(column, width);
      const isThere = new Array<boolean>(length);
      for (let row = 0; row < length; row++) isThere[row] = isUnitVector(numbers, row * width, width);
      return { numbers, isThere };
    },
  };
}

export function orDefault(column: TextColumn, text: string): TextColumn {
  const { offsets } = column;
  for (let row = 1; row < offsets.length; row++) {
    if (offsets[row] === offsets[row - 1]) return textColumn(textsOf(column).map((value) => value || text));
  }
  return column;
}

function splitTexts(column: TextColumn): TextListColumn {
  const { offsets } = column;
  if (offsets[0] === offsets.at(-1)) {
    return { items: { bytes: new Uint8Array(), offsets: new Int32Array(1) }, offsets: new Int32Array(offsets.length) };
  }
  return textListColumn(textsOf(column).map(splitText));
}

/** A JSON list, JSON objects or words between commas, whichever the version at hand wrote. */
function splitText(value: string): string[] {
  if (value === '') return [];
  if (value.startsWith('[') || value.startsWith('{')) {
    try {
      const parsed: unknown = JSON.parse(value.startsWith('[') ? value : `[${value}]`);
      if (Array.isArray(parsed)) return parsed.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error; // then it is words that begin with a bracket
    }
  }
  return value
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
