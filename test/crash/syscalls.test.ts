// A share of `npm run crash -- --syscalls 300`: system calls on the index fail, or the program is killed in them.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../store/make.ts';
import { canTrace } from './syscalls/strace.mjs';
import { type Place, prepare, sweep } from './syscalls/sweep.mjs';

const INJECTIONS = Number(process.env.TANDEM_SYSCALLS ?? 6);
const SEED = Number(process.env.TANDEM_SEED ?? Math.floor(Math.random() * 2 ** 31));

describe.skipIf(!canTrace())('system calls on the index (where strace may trace)', () => {
  let directory: TemporaryDirectory;
  let place: Place;
  beforeAll(async () => {
    directory = await temporaryDirectory();
    place = await prepare(directory.path);
  }, 120_000);
  afterAll(() => directory[Symbol.asyncDispose]());

  test(`${INJECTIONS} of them fail or kill the program, and nothing is lost or left out in silence`, {
    timeout: 1_800_000,
  }, async () => {
    const report = await sweep(place, { injections: INJECTIONS, seed: SEED });
    expect(report.examples, `seed ${SEED}`).toEqual([]);
    expect(Object.keys(report.hits).length, JSON.stringify(report)).toBeGreaterThan(0);
  });

  /** Nothing can be renamed any more: a run after edits cannot even say that it began. */
  const fixed = {
    name: 'a run after edits',
    injection: { name: 'rename', when: '1+', error: 'ENOSPC' },
  } as const;

  test('a program that calls everything done is noticed', { timeout: 120_000 }, async () => {
    const program = ['sh', '-c', '"$@"; exit 0', 'sh'];
    const report = await sweep(place, { injections: 1, seed: 1, fixed, program });
    expect(report.faults).toMatchObject({ silent: 1, failed: 0, unequal: 0 });
  });

  test('a chunk that gets lost is noticed', { timeout: 120_000 }, async () => {
    const spoil = async (indexDir: string) => {
      const { connect } = await import('@lancedb/lancedb');
      const connection = await connect(join(indexDir, 'lance'));
      const table = await connection.openTable('vectors');
      const [row] = await table.query().select(['chunk_id']).limit(1).toArray();
      await table.delete(`chunk_id = '${row!.chunk_id}'`);
      table.close();
      connection.close();
    };
    const report = await sweep(place, { injections: 1, seed: 1, fixed, spoil });
    expect(report.faults.damaged).toBe(1);
  });
});
