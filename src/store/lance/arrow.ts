// Arrow tables out of columns, buffer by buffer.
import {
  type Data,
  type DataType,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  List,
  makeData,
  RecordBatch,
  type Schema,
  Struct,
  Table,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { type TextColumn, type TextListColumn, textColumn, textListColumn } from './columns.ts';

export type Columns = Readonly<Record<string, ArrayLike<unknown> | TextColumn | TextListColumn>>;

/** Builds an Arrow table column by column (2–5 times faster than from objects). */
export function toArrow(schema: Schema, columns: Columns): Table {
  return new Table(schema, [toRecordBatch(schema, columns)]);
}

/** Batches that are written in one commit. */
export function tableOf(schema: Schema, batches: readonly RecordBatch[]): Table {
  return new Table(schema, [...batches]);
}

export function toRecordBatch(schema: Schema, columns: Columns): RecordBatch {
  // Arrow's writer takes a buffer that comes twice in a row for one: each column gets its own.
  const used = new Set<unknown>();
  const own: Own = (array) => {
    if (used.has(array)) return array.slice() as typeof array;
    used.add(array);
    return array;
  };
  const children = schema.fields.map(({ name, type }) => {
    const values = columns[name];
    if (values === undefined) throw new Error(`column ${name} was not given`);
    return columnData(type, values, own);
  });
  const length = children[0]?.length ?? 0;
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, nullCount: 0, children }));
}

const LIST = new List(new Field('item', new Utf8(), true));

type Own = <T extends Int32Array | Uint8Array>(array: T) => T;

function columnData(type: DataType, values: NonNullable<Columns[string]>, own: Own): Data {
  if ('items' in values) {
    const [length, valueOffsets] = [values.offsets.length - 1, own(values.offsets)];
    return makeData({ type: LIST, length, nullCount: 0, valueOffsets, child: textData(values.items, own) });
  }
  if ('bytes' in values) return textData(values, own);
  if (values instanceof Float32Array && type instanceof FixedSizeList) return fixedSizeListData(type, values);
  if (values instanceof Int32Array && type instanceof Int32) {
    return makeData({ type, length: values.length, nullCount: 0, data: own(values) });
  }
  // Arrow's own builders go cell by cell: they are for what may hold NULL.
  if (type instanceof Utf8 && areAll(values, 'string')) return textData(textColumn(values), own);
  if (type instanceof List) return columnData(type, textListColumn(values as readonly string[][]), own);
  if (type instanceof Int32 && areAll(values, 'number')) return columnData(type, Int32Array.from(values), own);
  return vectorFromArray(values as unknown[], type).data[0]!;
}

function areAll(values: ArrayLike<unknown>, type: 'string'): values is readonly string[];
function areAll(values: ArrayLike<unknown>, type: 'number'): values is readonly number[];
function areAll(values: ArrayLike<unknown>, type: string): boolean {
  return Array.isArray(values) && values.every((value) => typeof value === type);
}

function textData({ bytes, offsets }: TextColumn, own: Own): Data<Utf8> {
  return makeData({
    type: new Utf8(),
    length: offsets.length - 1,
    nullCount: 0,
    valueOffsets: own(offsets),
    data: own(bytes),
  });
}

function fixedSizeListData(type: FixedSizeList, values: Float32Array) {
  const child = makeData({ type: new Float32(), length: values.length, nullCount: 0, data: values });
  return makeData({ type, length: values.length / type.listSize, nullCount: 0, child });
}
