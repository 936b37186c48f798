import {
  Field,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type EngineBatch, rowBatch } from '../../src/store/lance/row-batch.ts';

function batchOf(column: Vector): RecordBatch {
  const fields = [new Field('x', column.type, true)];
  const data = makeData({
    type: new Struct(fields),
    length: column.length,
    nullCount: 0,
    children: [column.data[0]!],
  });
  return new RecordBatch(new Schema(fields), data);
}

const read = (batch: RecordBatch) => rowBatch(batch as unknown as EngineBatch);

test('strings come out as they went in, ASCII or not, with NULL, and from a slice', () => {
  const cell = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('é😀'), fc.constant(''));
  fc.assert(
    fc.property(fc.array(fc.option(cell), { minLength: 1 }), fc.nat(), fc.nat(), (cells, from, length) => {
      const values = cells.map((value) => value?.toString().replaceAll(/\p{Surrogate}/gu, '?') ?? null);
      const batch = batchOf(vectorFromArray(values, new Utf8()));
      expect(read(batch).strings('x')).toEqual(values);
      const start = from % values.length;
      const end = start + (length % (values.length - start + 1));
      expect(read(batch.slice(start, end)).strings('x')).toEqual(values.slice(start, end));
    }),
  );
});

test('a column of plain ASCII is read the same from a slice', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme-ascii' }), { minLength: 2 }), fc.nat(), (values, from) => {
      const batch = batchOf(vectorFromArray(values, new Utf8()));
      const start = from % values.length;
      expect(read(batch.slice(start)).strings('x')).toEqual(values.slice(start));
    }),
  );
});

test('integers of 32 and 64 bits are read, and NULL as 0', () => {
  const values = [3, null, -7];
  expect([...read(batchOf(vectorFromArray(values, new Int32()))).integers('x')]).toEqual([3, 0, -7]);
  const wide = values.map((value) => (value === null ? null : BigInt(value)));
  expect([...read(batchOf(vectorFromArray(wide, new Int64()))).integers('x')]).toEqual([3, 0, -7]);
  expect([...read(batchOf(vectorFromArray([5, 6], new Int32()))).integers('x')]).toEqual([5, 6]);
});

test('a column that was not read is a mistake, not an empty one', () => {
  expect(() => read(batchOf(vectorFromArray([1], new Int32()))).strings('y')).toThrow(/y was not read/);
});
