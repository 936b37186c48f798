// Real processes, really killed; then the program as a user has it goes on, and the result must be that of a run that
// nobody disturbed.
import { spawn, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { StatusReport } from '../../src/operations/status.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../store/make.ts';
import { indexDigest, writeProject } from './project.ts';

const bin = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));

function tandem(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

function statusOf(root: string): StatusReport {
  return JSON.parse(tandem('status', root, '--json').stdout) as StatusReport;
}

async function project(): Promise<TemporaryDirectory> {
  const directory = await temporaryDirectory();
  await writeProject(directory.path);
  return directory;
}

let expected: Record<string, string>;

beforeAll(async () => {
  await using directory = await project();
  const run = tandem('index', directory.path);
  expect(run.code, run.stderr).toBe(0);
  expect(statusOf(directory.path)).toMatchObject({ complete: true });
  expected = await indexDigest(directory.path);
}, 300_000);

async function expectWhole(root: string): Promise<void> {
  const status = statusOf(root);
  expect(status).toMatchObject({ complete: true, chunks: { pending: 0, processing: 0, error: 0 } });
  expect(status.vectors).toBe(status.chunks.total);
  expect(await indexDigest(root)).toEqual(expected);
  const verified = tandem('verify', root);
  expect(verified.code, verified.stdout + verified.stderr).toBe(0);
}

describe('a SIGKILL', () => {
  test('of the program itself, between two checkpoints, loses nothing; resume says where it goes on', {
    timeout: 300_000,
  }, async () => {
    await using directory = await project();
    const state = await killAfterCheckpoint(directory.path);
    const run = tandem('resume', directory.path);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain((state.chunks.total - state.vectors).toLocaleString('en-US'));
    expect(run.stderr).toMatch(/phase 2/i);
    await expectWhole(directory.path);
    const again = tandem('resume', directory.path);
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/nothing to do/i);
  });
});

/** Kills the whole process group once there is a checkpoint. */
async function killAfterCheckpoint(root: string): Promise<StatusReport> {
  const child = spawn(process.execPath, [bin, 'index', root, '--checkpoint-interval=1'], {
    stdio: 'ignore',
    detached: true,
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  const checkpoint = join(root, '.mcp-vector-search', 'tandem', 'checkpoint.json');
  while ((await readFile(checkpoint).catch(() => null)) === null) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  process.kill(-child.pid!, 'SIGKILL');
  await closed;
  const state = statusOf(root);
  expect(state.complete).toBe(false);
  expect(state.vectors).toBeGreaterThan(0);
  expect(state.vectors).toBeLessThan(state.chunks.total);
  expect(state.checkpoint).toMatchObject({ chunks_done: expect.any(Number) });
  return state;
}
