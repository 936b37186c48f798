import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distinct, groupsOf } from '../../src/embedding/groups.ts';

describe('groups', () => {
  test('hold every sequence once, of one length each, within the token limit or one row', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 2, max: 256 }), { maxLength: 600 }), (lengths) => {
        const groups = groupsOf(lengths, 512);
        expect(groups.flatMap((group) => group.members).sort((a, b) => a - b)).toEqual(
          lengths.map((_, place) => place),
        );
        for (const { length, members } of groups) {
          for (const place of members) expect(lengths[place]).toBe(length);
          expect(members.length === 1 || members.length * length <= 512).toBe(true);
        }
      }),
    );
  });

  test('come with the largest first, so that the last to be handed out are short', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 2, max: 256 })), (lengths) => {
        const sizes = groupsOf(lengths).map(({ length, members }) => length * members.length);
        expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
      }),
    );
  });
});

describe('distinct', () => {
  test('keeps the first of equal sequences and leads every sequence to its equal', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { maxLength: 4 })), (lists) => {
        const sequences = lists.map((list) => Int32Array.from(list));
        const { unique, placeOf } = distinct(sequences);
        expect(placeOf.map((place) => [...unique[place]!])).toEqual(lists);
        expect(new Set(unique.map((ids) => ids.join())).size).toBe(unique.length);
      }),
    );
  });

  test('is not misled by sequences that are views of one buffer', () => {
    const all = Int32Array.from([1, 2, 3, 1, 2, 4]);
    expect(distinct([all.subarray(0, 2), all.subarray(3, 5), all.subarray(3, 6)]).placeOf).toEqual([0, 0, 1]);
  });
});
