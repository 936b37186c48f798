import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idIndex, stringPool } from '../../src/verify/ids.ts';

function columnOf(texts: readonly string[]) {
  const parts = texts.map((text) => Buffer.from(text));
  const offsets = new Int32Array(texts.length + 1);
  for (const [row, part] of parts.entries()) offsets[row + 1] = offsets[row]! + part.length;
  return { bytes: new Uint8Array(Buffer.concat(parts)), offsets };
}

const hexId = fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: 16, maxLength: 16 }).map((a) => a.join(''));
const anyId = fc.oneof(
  hexId,
  hexId.map((id) => id.toUpperCase()),
  fc.constantFrom('0000000000000000', '000000000000000', 'not an id'),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);

describe('the index of ids', () => {
  test('gives equal ids one number and different ids different ones, and knows their texts', () => {
    fc.assert(
      fc.property(fc.array(anyId, { maxLength: 200 }), (ids) => {
        const texts = ids.map((id) => Buffer.from(id).toString('utf8')); // as the engine stores them
        const index = idIndex();
        const column = columnOf(texts);
        const numberOf = index.reader();
        const numbers = texts.map((_, row) => numberOf(column, row));
        const expected = [...new Set(texts)];
        expect(numbers).toEqual(texts.map((text) => expected.indexOf(text)));
        for (const [number, text] of expected.entries()) {
          expect(index.textOf(number)).toBe(text);
          expect(index.find(text)).toBe(number);
        }
        const again = index.reader(); // which guesses where it may look
        expect(texts.map((_, row) => again(column, row))).toEqual(numbers);
      }),
    );
  });

  test('stays right when it grows, also over ids that differ in one half alone', () => {
    const texts = Array.from({ length: 20_000 }, (_, at) => {
      const hex = at.toString(16).padStart(8, '0');
      return at % 2 === 0 ? `${hex}00000000` : `00000000${hex}`;
    });
    const index = idIndex();
    const column = columnOf([...texts, ...texts]);
    const numberOf = index.reader();
    for (let row = 0; row < 2 * texts.length; row++) expect(numberOf(column, row)).toBe(row % texts.length);
    expect(index.find('ffffffffffffffff')).toBeUndefined();
    expect(index.find('not an id')).toBeUndefined();
  });
});

test('a pool answers with the text of each row', () => {
  const texts = ['a', 'a', '', 'ä', 'a', '', 'b', 'bb', 'ä'];
  const column = columnOf(texts);
  const textOf = stringPool();
  expect(texts.map((_, row) => textOf(column, row))).toEqual(texts);
});
