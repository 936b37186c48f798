// What a kill costs: how many chunks are handed to the model in the killed run and again in the next, with the real model
// on as many workers as a machine may have.
import { execFile } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connect } from '@lancedb/lancedb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../store/make.ts';
import { runCounted } from './faulty-run.mjs';
import { fastEmbedder } from './harness/fast-embedder.mjs';
import { makeProject } from './harness/project.mjs';
import { snapshot } from './harness/snapshot.mjs';

const MOST = 1024;
const faultyRun = fileURLToPath(new URL('./faulty-run.mjs', import.meta.url));
let place: TemporaryDirectory;
let root: string;

beforeAll(async () => {
  place = await temporaryDirectory();
  root = join(place.path, 'project');
  makeProject(root, { files: 30, functions: 60 });
  const { open } = await fastEmbedder();
  const indexDir = join(place.path, 'parsed');
  await runCounted({ root, indexDir, command: 'phase 1', workers: 1, open, hand: () => undefined });
});

afterAll(() => place[Symbol.asyncDispose]());

/** Kills Phase 2 once so many versions of the vectors were stored; returns how many chunks the next run embeds again. */
async function embeddedAgain(
  workers: number,
  versions: number,
  spoil?: (indexDir: string) => Promise<void>,
): Promise<number> {
  const indexDir = join(place.path, `index-${workers}-${versions}-${spoil === undefined ? '' : 'spoilt'}`);
  const file = `${indexDir}.handed`;
  cpSync(join(place.path, 'parsed'), indexDir, { recursive: true });
  const killed = promisify(execFile)(process.execPath, [
    faultyRun,
    ...[root, indexDir, 'phase 2', '--workers', String(workers), file, String(versions)],
  ]);
  await expect(killed).rejects.toMatchObject({ signal: 'SIGKILL' });
  await spoil?.(indexDir);
  const handed = readFileSync(file, 'utf8').trim().split('\n').map(Number);
  let again = handed.reduce((sum, texts) => sum + texts, 0);
  // The next run need not use the model: what counts is what it is asked for.
  const { open } = await fastEmbedder();
  await runCounted({ root, indexDir, command: 'resume', workers, open, hand: (texts) => (again += texts) });
  const { chunks, vectors } = await snapshot(indexDir);
  expect(vectors.size).toBe(chunks.size);
  expect(chunks.size).toBeGreaterThan(3 * 512);
  return again - chunks.size;
}

test.each([1, 2, 4])('with %i workers a kill costs two batches at most', { timeout: 300_000 }, async (workers) => {
  const again = await embeddedAgain(workers, 1);
  expect(again).toBeGreaterThanOrEqual(512); // the batch at work, at least
  expect(again).toBeLessThanOrEqual(MOST);
});

test('more than that would be noticed', { timeout: 300_000 }, async () => {
  const again = await embeddedAgain(1, 3, async (indexDir) => {
    const table = await (await connect(join(indexDir, 'lance'))).openTable('vectors');
    await table.delete('true');
  });
  expect(again).toBeGreaterThan(MOST);
});
