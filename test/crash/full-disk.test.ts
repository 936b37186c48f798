// A share of `npm run crash -- --full-disks 40`: a small disk of its own that is full at another moment each time.
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../store/make.ts';
import { canMount, fullDisks } from './harness/own-disk.mjs';

const MOMENTS = Number(process.env.TANDEM_FULL_DISKS ?? 4);

test.skipIf(!canMount())(
  `a disk (where one can be mounted) that is full at ${MOMENTS} moments costs only time`,
  {
    timeout: 1_800_000,
  },
  async () => {
    await using directory = await temporaryDirectory();
    const report = fullDisks(directory.path, MOMENTS);
    expect(report.examples).toEqual([]);
    expect(report.runs).toBe(MOMENTS);
    expect(report.planted, 'a vector that gets lost is noticed').toBeGreaterThan(0);
    const { 'room enough': enough = 0, ...ended } = report.endedIn;
    expect(Object.keys(ended).length, JSON.stringify(report)).toBeGreaterThan(1);
    expect(enough).toBeLessThan(MOMENTS);
  },
);
