// A share of `npm run crash -- --power-cuts 300`: the worst disks that a power cut may leave, and what becomes of them.
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../store/make.ts';
import { powerCuts } from './power-cut/simulate.mjs';

const IMAGES = Number(process.env.TANDEM_POWER_CUTS ?? 24);
const SEED = Number(process.env.TANDEM_SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`${IMAGES} disks after a power cut open without help and lose a checkpoint at most`, {
  timeout: 1_800_000,
}, async () => {
  await using directory = await temporaryDirectory();
  const report = await powerCuts({ images: IMAGES, seed: SEED, folder: directory.path });
  expect(report.examples, `seed ${SEED}`).toEqual([]);
  expect(report.images).toBe(IMAGES);
});

test('a barrier that is left out is noticed', { timeout: 300_000 }, async () => {
  await using directory = await temporaryDirectory();
  const report = await powerCuts({ images: 12, seed: 3, folder: directory.path, leaveOut: /\/_versions\// });
  expect(Object.values(report.faults).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
});
