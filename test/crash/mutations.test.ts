// A share of `npm run crash -- --mutations 10000`.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { expect, test } from 'vitest';
import { readRunFile } from '../../src/store/run-file.ts';
import { temporaryDirectory } from '../store/make.ts';
import { record } from '../verify/fixture.ts';
import { mutate } from './mutations.mjs';

const MUTATIONS = Number(process.env.TANDEM_MUTATIONS ?? 60);
const SEED = Number(process.env.TANDEM_SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`${MUTATIONS} spoilt small files end in no bug and hide no row`, { timeout: 1_800_000 }, async () => {
  await using directory = await temporaryDirectory();
  const report = await mutate({ mutations: MUTATIONS, seed: SEED, folder: directory.path });
  expect(report.examples, `seed ${SEED}`).toEqual([]);
  expect(report.answers['status complete, index complete']).toBeGreaterThan(0);
});

test('rows that are missing from all tables at once would be noticed', { timeout: 120_000 }, async () => {
  await using directory = await temporaryDirectory();
  const report = await mutate({
    mutations: 6, // none of a manifest, which this plant has to open
    seed: 1,
    folder: directory.path,
    async spoil(indexDir) {
      for (const [folder, names] of [
        ['lance', ['chunks', 'vectors']],
        ['tandem/lance', ['structure']],
      ] as const) {
        const connection = await connect(join(indexDir, folder));
        for (const name of names) await (await connection.openTable(name)).delete("chunk_id < '8'");
        connection.close();
      }
    },
  });
  expect(report.faults.partCalledWhole).toBeGreaterThan(0);
});

test('a time in run.json that is no number is damage, not a bug later', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'run.json');
  const run = record(null);
  await writeFile(path, JSON.stringify({ ...run, phase1: { ...run.phase1, scan_started_ns: '17x' } }));
  expect(await readRunFile(path)).toMatchObject({ state: 'damaged' });
});
