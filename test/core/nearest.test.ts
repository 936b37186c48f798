import fc from 'fast-check';
import { expect, it } from 'vitest';
import { editDistance, nearest } from '../../src/core/nearest.ts';

it('finds the word that was meant', () => {
  expect(nearest('worker', ['workers', 'durability'])).toBe('workers');
  expect(nearest('durabilty', ['workers', 'durability'])).toBe('durability');
  expect(nearest('CHECKPOINTINTERVAL', ['checkpointInterval'])).toBe('checkpointInterval');
  expect(nearest('colour', ['workers', 'durability'])).toBeUndefined();
});

it('counts a swap of neighbours as one edit', () => {
  expect(editDistance('wrokers', 'workers')).toBe(1);
  expect(editDistance('kitten', 'sitting')).toBe(3);
});

it('is 0 for equal words only, the same both ways, and at most the longer length', () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      expect(distance === 0).toBe(a === b);
      expect(distance).toBe(editDistance(b, a));
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});
