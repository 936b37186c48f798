// Real processes, really killed; then the program as a user has it goes on, and the result must be that of a run that
// nobody disturbed.
import { spawn, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { StatusReport } from '../../src/status.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../store/make.ts';
import { FILES, indexDigest, writeProject } from './project.ts';

const bin = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));
const faultyRun = fileURLToPath(new URL('./faulty-run.mjs', import.meta.url));

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
});

/** Runs until the fault point kills it. */
function killAt(root: string, point: string, hit: number): void {
  const run = spawnSync(process.execPath, [faultyRun, root, point, String(hit)], { encoding: 'utf8' });
  expect(run.signal, `${point} #${hit} was not reached: ${run.stdout}${run.stderr}`).toBe('SIGKILL');
}

async function expectWhole(root: string): Promise<void> {
  const status = statusOf(root);
  expect(status).toMatchObject({ complete: true, chunks: { pending: 0, processing: 0, error: 0 } });
  expect(status.vectors).toBe(status.chunks.total);
  expect(await indexDigest(root)).toEqual(expected);
  const verified = tandem('verify', root);
  expect(verified.code, verified.stdout + verified.stderr).toBe(0);
}

describe('a SIGKILL in Phase 1', () => {
  test.each([
    ['phase1.begun', 1],
    ['phase1.structure-written', 2],
    ['phase1.chunks-written', 1],
    ['phase1.chunks-written', 3],
    ['phase1.vectors-followed', 2],
    ['phase1.durable', 2],
    ['phase1.finished', 1],
  ])('at %s (hit %i) is made good by the next index', async (point, hit) => {
    await using directory = await project();
    killAt(directory.path, point, hit);
    const state = statusOf(directory.path);
    expect(state.complete).toBe(false);
    if (hit > 1) {
      expect(state.files.indexed).toBeGreaterThan(0);
      expect(state.files.indexed).toBeLessThan(FILES + 1);
    }
    const run = tandem('index', directory.path);
    expect(run.code, run.stderr).toBe(0);
    await expectWhole(directory.path);
  });
});

describe('a SIGKILL in Phase 2', () => {
  test.each([
    ['phase2.vectors-added', 1],
    ['phase2.vectors-added', 3],
    ['phase2.vectors-durable', 1],
    ['phase2.marked', 1],
    ['phase2.marks-durable', 1],
    ['phase2.checkpoint-saved', 1],
  ])('at %s (hit %i) is made good by resume, which says where it goes on', async (point, hit) => {
    await using directory = await project();
    killAt(directory.path, point, hit);
    const state = statusOf(directory.path);
    expect(state.complete).toBe(false);
    expect(state.vectors).toBeGreaterThan(0);
    expect(state.vectors).toBeLessThan(state.chunks.total);
    if (point === 'phase2.vectors-added' || point === 'phase2.vectors-durable') {
      expect(state.vectors).toBeGreaterThan(state.chunks.complete);
    }
    const run = tandem('resume', directory.path);
    expect(run.code, run.stderr).toBe(0);
    const remaining = state.chunks.total - state.vectors;
    expect(run.stderr).toContain(remaining.toLocaleString('en-US'));
    expect(run.stderr).toMatch(/phase 2/i);
    await expectWhole(directory.path);
    const again = tandem('resume', directory.path);
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/nothing to do/i);
  });

  test('of the program itself, at a moment of its own choosing, loses nothing', async () => {
    await using directory = await project();
    const child = spawn(process.execPath, [bin, 'index', directory.path, '--checkpoint-interval=1'], {
      stdio: 'ignore',
      detached: true,
    });
    const closed = new Promise((resolve) => child.once('close', resolve));
    const checkpoint = join(directory.path, '.mcp-vector-search', 'tandem', 'checkpoint.json');
    while ((await readFile(checkpoint).catch(() => null)) === null) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    process.kill(-child.pid!, 'SIGKILL');
    await closed;
    const state = statusOf(directory.path);
    expect(state.vectors).toBeGreaterThan(0);
    expect(state.vectors).toBeLessThan(state.chunks.total);
    expect(state.checkpoint).toMatchObject({ chunks_done: expect.any(Number) });
    const run = tandem('index', directory.path);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toMatch(/phase 2/i);
    await expectWhole(directory.path);
  });
});
