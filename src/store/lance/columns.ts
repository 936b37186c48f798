// Columns as the engine's own buffers. What is only carried from one table to another never becomes JavaScript strings,
// and what is computed becomes a buffer at once: both are several times as fast as going cell by cell.
import { isAscii } from 'node:buffer';

/** UTF-8 texts, one after the other: row i lies between `offsets[i]` and `offsets[i + 1]`. None is NULL. */
export interface TextColumn {
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array;
}

/** Lists of texts: those of row i are the items from `offsets[i]` to `offsets[i + 1]`. */
export interface TextListColumn {
  readonly items: TextColumn;
  readonly offsets: Int32Array;
}

/** The little of an Arrow vector that is read here; the engine brings its own copy of Arrow's classes. */
export interface EngineColumn {
  readonly length: number;
  readonly nullCount: number;
  readonly data: readonly EngineData[];
  get(index: number): unknown;
  isValid(index: number): boolean;
  toArray(): unknown;
}

interface EngineData {
  readonly length: number;
  readonly offset: number;
  readonly nullCount: number;
  readonly values: unknown;
  readonly valueOffsets: unknown;
  readonly children: readonly EngineData[];
}

export function textColumn(texts: readonly string[]): TextColumn {
  const joined = texts.join('');
  const bytes = Buffer.from(joined, 'utf8');
  const isOneByteEach = bytes.length === joined.length;
  const offsets = new Int32Array(texts.length + 1);
  for (let row = 0; row < texts.length; row++) {
    const text = texts[row]!;
    offsets[row + 1] = offsets[row]! + (isOneByteEach ? text.length : Buffer.byteLength(text, 'utf8'));
  }
  // Halves of a surrogate pair in two texts would have become one character.
  return offsets[texts.length] === bytes.length
    ? { bytes, offsets }
    : joinedColumn(texts.map((text) => Buffer.from(text)));
}

/** The same text in every row. */
export function repeatedText(text: string, rows: number): TextColumn {
  const width = Buffer.byteLength(text, 'utf8');
  const bytes = width === 0 ? Buffer.alloc(0) : Buffer.alloc(width * rows, text, 'utf8');
  const offsets = new Int32Array(rows + 1);
  for (let row = 1; row <= rows; row++) offsets[row] = row * width;
  return { bytes, offsets };
}

export function textListColumn(lists: readonly (readonly string[])[]): TextListColumn {
  const offsets = new Int32Array(lists.length + 1);
  for (const [row, list] of lists.entries()) offsets[row + 1] = offsets[row]! + list.length;
  return { items: textColumn(lists.flat()), offsets };
}

export function bytesOf({ bytes, offsets }: TextColumn, row: number): Uint8Array {
  return bytes.subarray(offsets[row], offsets[row + 1]);
}

/** Where every byte is a character of its own, one decoding serves the column: its cells are slices of that. */
export function textsOf({ bytes, offsets }: TextColumn): string[] {
  const [first, last] = [offsets[0] ?? 0, offsets.at(-1) ?? 0];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + first, last - first);
  const rows = Math.max(0, offsets.length - 1);
  const texts = new Array<string>(rows);
  const whole = isAscii(buffer) ? buffer.toString('latin1') : null;
  for (let row = 0; row < rows; row++) {
    const [start, end] = [offsets[row]! - first, offsets[row + 1]! - first];
    texts[row] = whole === null ? buffer.toString('utf8', start, end) : whole.slice(start, end);
  }
  return texts;
}

export function selectTexts(column: TextColumn, rows: readonly number[]): TextColumn {
  return joinedColumn(rows.map((row) => bytesOf(column, row)));
}

export function selectLists({ items, offsets }: TextListColumn, rows: readonly number[]): TextListColumn {
  const texts = textsOf(items);
  return textListColumn(rows.map((row) => texts.slice(offsets[row], offsets[row + 1])));
}

function joinedColumn(parts: readonly Uint8Array[]): TextColumn {
  const offsets = new Int32Array(parts.length + 1);
  for (const [row, part] of parts.entries()) offsets[row + 1] = offsets[row]! + part.length;
  return { bytes: Buffer.concat(parts), offsets };
}

/** NULL and what is no text read as a text: '' and what it prints as. */
export function readTexts(column: EngineColumn): TextColumn {
  if (column.nullCount === column.length) return repeatedText('', column.length);
  const [data] = column.data;
  if (data !== undefined && column.data.length === 1 && column.nullCount === 0 && data.offset === 0) {
    const { length, values, valueOffsets } = data;
    if (values instanceof Uint8Array && valueOffsets instanceof Int32Array) {
      return { bytes: values, offsets: valueOffsets.subarray(0, length + 1) };
    }
  }
  return textColumn(Array.from(cells(column), (value) => (value === null || value === undefined ? '' : String(value))));
}

/** A column of lists of texts, or null if it is of another type. */
export function readTextLists(column: EngineColumn): TextListColumn | null {
  const [data] = column.data;
  const items = data?.children[0];
  if (data === undefined || items === undefined || !(items.values instanceof Uint8Array)) return null;
  const offsets = data.valueOffsets;
  const isPlain = column.data.length === 1 && column.nullCount === 0 && data.offset === 0 && items.offset === 0;
  if (isPlain && items.nullCount === 0 && offsets instanceof Int32Array && items.valueOffsets instanceof Int32Array) {
    const itemOffsets = items.valueOffsets.subarray(0, items.length + 1);
    return { items: { bytes: items.values, offsets: itemOffsets }, offsets: offsets.subarray(0, data.length + 1) };
  }
  return textListColumn(
    Array.from(cells(column), (value) => Array.from((value ?? []) as Iterable<unknown>, (text) => String(text ?? ''))),
  );
}

const MOST_INT32 = 2 ** 31 - 1;

/** Cut to whole numbers of 32 bits; NULL and what is no number reads as 0. */
export function readIntegers(column: EngineColumn): Int32Array {
  const whole = column.nullCount === 0 ? column.toArray() : null;
  if (whole instanceof Int32Array) return whole;
  const integers = new Int32Array(column.length);
  const values = whole as ArrayLike<unknown> | null;
  for (let row = 0; row < integers.length; row++) {
    const number = Math.trunc(Number((values === null ? column.get(row) : values[row]) ?? 0));
    if (Number.isFinite(number)) integers[row] = Math.max(-MOST_INT32, Math.min(MOST_INT32, number));
  }
  return integers;
}

/** The same, with NULL as null. */
export function readOptionalIntegers(column: EngineColumn): Int32Array | (number | null)[] {
  const integers = readIntegers(column);
  if (column.nullCount === 0) return integers;
  return Array.from(integers, (value, row) => (column.isValid(row) ? value : null));
}

/** Rows of a fixed-size list one after the other, `width` numbers each; a NULL among them reads as NaN. */
export function readVectors(column: EngineColumn, width: number): Float32Array {
  const [data] = column.data;
  const child = data?.children[0];
  const isPlain = column.data.length === 1 && column.nullCount === 0 && data?.offset === 0;
  if (isPlain && child?.nullCount === 0 && child.offset === 0 && child.values instanceof Float32Array) {
    if (child.values.length >= column.length * width) return child.values.subarray(0, column.length * width);
  }
  const vectors = new Float32Array(column.length * width).fill(Number.NaN);
  for (let row = 0; row < column.length; row++) {
    const list = column.get(row) as Iterable<number | null> | null;
    let at = row * width;
    for (const value of list ?? []) vectors[at++] = value ?? Number.NaN;
  }
  return vectors;
}

/** How far from 1 the length of a stored vector may be. */
const NORM_TOLERANCE = 1e-3;

/** Whether the `width` numbers at `from` are finite and of length one, as every stored vector has to be. */
export function isUnitVector(numbers: Float32Array, from: number, width: number): boolean {
  let squares = 0; // squares of 32-bit numbers neither overflow nor vanish in 64 bits
  for (let at = from; at < from + width; at++) squares += numbers[at]! * numbers[at]!;
  return Math.abs(Math.sqrt(squares) - 1) < NORM_TOLERANCE;
}

function* cells(column: EngineColumn): Generator<unknown> {
  for (let index = 0; index < column.length; index++) yield column.get(index);
}

/** mcp-vector-search's `token_count`: words between white space. */
function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

/** The same of every row, read from the bytes where these are ASCII. */
export function countWordsIn(texts: TextColumn): Int32Array {
  const { bytes, offsets } = texts;
  const counts = new Int32Array(offsets.length - 1);
  for (let row = 0; row < counts.length; row++) {
    const end = offsets[row + 1]!;
    let words = 0;
    let before = SPACE;
    let all = 0;
    for (let at = offsets[row]!; at < end; at++) {
      const byte = bytes[at]!;
      const kind = KIND_OF_BYTE[byte]!;
      words += before & ~kind;
      before = kind;
      all |= byte;
    }
    counts[row] = all < 0x80 ? words : countWords(Buffer.from(bytesOf(texts, row)).toString('utf8'));
  }
  return counts;
}

const SPACE = 1;
const KIND_OF_BYTE = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === 0x20 || (byte >= 0x09 && byte <= 0x0d) ? SPACE : 0,
);
