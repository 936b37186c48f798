import { expect, it } from 'vitest';
import { bytes, count, counted, duration, elapsed, rate } from '../../../src/cli/format.ts';

it('numbers are grouped by thousands', () => {
  expect([0, 999, 1000, 1234567].map(count)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([0, 1, 2].map((value) => counted(value, 'file'))).toEqual(['0 files', '1 file', '2 files']);
});

it('durations are as short as they can be', () => {
  expect([0, 59.4, 59.6, 824, 3599.7, 3725].map(duration)).toEqual([
    '0s',
    '59s',
    '1m 00s',
    '13m 44s',
    '1h 00m',
    '1h 02m',
  ]);
  expect([0.04, 9.94, 9.96].map(elapsed)).toEqual(['0.0s', '9.9s', '10s']);
});

it('rates show three digits where there are few', () => {
  expect([0.12345, 4.126, 41.26, 412.6, 12345].map(rate)).toEqual(['0.123', '4.13', '41.3', '413', '12,345']);
});

it('sizes are told in the unit that fits', () => {
  expect([0, 1, 250_000, 3_240_000, 47.86e9].map(bytes)).toEqual(['0 kB', '1 kB', '250 kB', '3.2 MB', '47.9 GB']);
});
