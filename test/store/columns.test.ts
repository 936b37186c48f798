// Texts as bytes come out as they went in, whole or in part, and a table keeps its columns apart.
import { Field, Int32, List, RecordBatchFileWriter, Schema, tableFromIPC, Utf8 } from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toArrow } from '../../src/store/lance/arrow.ts';
import {
  repeatedText,
  selectLists,
  selectTexts,
  type TextListColumn,
  textColumn,
  textListColumn,
  textsOf,
} from '../../src/store/lance/columns.ts';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('', 'é😀', '\ud83d', '\ude00'));

/** As UTF-8 has it: half a character cannot be written. */
const written = (value: string) => Buffer.from(value, 'utf8').toString('utf8');

const listsOf = ({ items, offsets }: TextListColumn) =>
  Array.from({ length: offsets.length - 1 }, (_, row) => textsOf(items).slice(offsets[row], offsets[row + 1]));

test('texts and lists of texts, all rows and some', () => {
  fc.assert(
    fc.property(fc.array(fc.array(text)), fc.infiniteStream(fc.boolean()), (lists, picks) => {
      const flat = lists.flat();
      expect(textsOf(textColumn(flat))).toEqual(flat.map(written));
      expect(listsOf(textListColumn(lists))).toEqual(lists.map((list) => list.map(written)));
      const rows = lists.flatMap((_, row) => (picks.next().value ? [row] : []));
      expect(listsOf(selectLists(textListColumn(lists), rows))).toEqual(rows.map((row) => lists[row]!.map(written)));
      const some = rows.filter((row) => row < flat.length);
      expect(textsOf(selectTexts(textColumn(flat), some))).toEqual(some.map((row) => written(flat[row]!)));
    }),
  );
  expect(textsOf(repeatedText('größe', 3))).toEqual(['größe', 'größe', 'größe']);
  expect(textsOf(repeatedText('', 2))).toEqual(['', '']);
});

test('one buffer given for several columns is written for each', async () => {
  const strings = new List(new Field('item', new Utf8(), true));
  const types = { a: new Int32(), b: new Int32(), c: new Utf8(), d: new Utf8(), e: strings, f: strings };
  const schema = new Schema(Object.entries(types).map(([name, type]) => new Field(name, type, true)));
  const numbers = Int32Array.from({ length: 64 }, (_, row) => row);
  const words = textColumn(Array.from(numbers, (row) => `word ${row}`));
  const lists = textListColumn(Array.from(numbers, (row) => [`${row}`, 'x']));
  const table = toArrow(schema, { a: numbers, b: numbers, c: words, d: words, e: lists, f: lists });
  const back = tableFromIPC(await RecordBatchFileWriter.writeAll(table).toUint8Array());
  for (const name of ['a', 'b']) expect([...back.getChild(name)!]).toEqual([...numbers]);
  for (const name of ['c', 'd']) expect([...back.getChild(name)!]).toEqual(textsOf(words));
  for (const name of ['e', 'f']) expect([...back.getChild(name)!].map((list) => [...list])).toEqual(listsOf(lists));
});
