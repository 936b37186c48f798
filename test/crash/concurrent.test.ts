// A share of `npm run crash -- --concurrent 60`: many writers, readers and a cleanup at once.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../store/make.ts';
import { concurrent } from './concurrent.mjs';

const SECONDS = Number(process.env.TANDEM_CONCURRENT_SECONDS ?? 8);
const SEED = Number(process.env.TANDEM_SEED ?? Math.floor(Math.random() * 2 ** 31));

test('eight that index, two that ask and one that cleans up do not disturb each other', {
  timeout: 600_000,
}, async () => {
  await using directory = await temporaryDirectory();
  const report = await concurrent({ seconds: SECONDS, seed: SEED, folder: directory.path });
  expect(report.examples, `seed ${SEED}`).toEqual([]);
  expect(Math.min(...Object.values(report.ended))).toBeGreaterThan(0);
});

test('files that vanish under them would be noticed by those that ask and those that index', {
  timeout: 300_000,
}, async () => {
  await using directory = await temporaryDirectory();
  const report = await concurrent({
    seconds: 3,
    seed: 3,
    indexers: 3,
    folder: directory.path,
    spoil(indexDir) {
      const folder = join(indexDir, 'lance', 'vectors.lance', 'data');
      const timer = setInterval(() => {
        for (const name of existsSync(folder) ? readdirSync(folder) : []) rmSync(join(folder, name), { force: true });
      }, 20);
      return () => clearInterval(timer);
    },
  });
  expect(report.faults.refused + report.faults.strangeHit).toBeGreaterThan(0);
  expect(report.faults.failed).toBeGreaterThan(0);
});
