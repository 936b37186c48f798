// A share of `npm run crash -- --rounds 1000`, with the program and the model as a user has them.
import { readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../store/make.ts';
import { blackBox } from './black-box.mjs';

const ROUNDS = Number(process.env.TANDEM_CRASH_ROUNDS ?? 60);
const SEED = Number(process.env.TANDEM_SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`${ROUNDS} kills at random moments lose, double and damage nothing`, { timeout: 1_800_000 }, async () => {
  await using directory = await temporaryDirectory();
  const size = { files: 5, functions: 30 };
  const report = await blackBox({ rounds: ROUNDS, seed: SEED, folder: directory.path, roundsPerEnd: 20, size });
  expect(report.examples, `seed ${SEED}`).toEqual([]);
  expect(Object.values(report.faults).every((count) => count === 0)).toBe(true);
  expect(report.killsAtWork, JSON.stringify(report.states)).toBeGreaterThan(ROUNDS / 3);
});

test('a kill that took rows with it would be noticed', { timeout: 300_000 }, async () => {
  await using directory = await temporaryDirectory();
  let planted = 0;
  const report = await blackBox({
    rounds: 6,
    seed: 5,
    folder: directory.path,
    roundsPerEnd: 3,
    size: { files: 2, functions: 10 },
    async spoil(indexDir) {
      const folder = join(indexDir, 'lance', 'chunks.lance', 'data');
      const [first] = await readdir(folder).catch(() => []);
      if (first === undefined) return;
      planted++;
      await truncate(join(folder, first), 100);
    },
  });
  expect(planted).toBeGreaterThan(0);
  expect(Object.values(report.faults).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
});
