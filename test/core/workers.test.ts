import { expect, test } from 'vitest';
import { workersWorth } from '../../src/core/workers.ts';

test.each([
  { work: 0, most: 8, workers: 1 },
  { work: 31, most: 8, workers: 1 },
  { work: 32, most: 8, workers: 2 },
  { work: 32, most: 1, workers: 1 },
  { work: 1_000_000, most: 8, workers: 8 },
])('$work units of work in shares of 32 are worth $workers of $most workers', ({ work, most, workers }) => {
  expect(workersWorth(work, 32, most)).toBe(workers);
});
