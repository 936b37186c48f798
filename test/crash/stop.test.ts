// The real program, stopped by a real signal while it parses or embeds: what was done is stored, and what it says is true.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { StatusReport } from '../../src/operations/status.ts';
import { temporaryDirectory } from '../store/make.ts';
import { indexDigest } from './project.ts';

const bin = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));
const hook = new URL('./harness/signal-at.mjs', import.meta.url).href;

function tandem(args: readonly string[], env: Record<string, string> = {}) {
  const hooked = env.TANDEM_TEST_SIGNAL === undefined ? [] : ['--import', hook];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...hooked, bin, ...args], {
    encoding: 'utf8',
    env: { ...process.env, TANDEM_CACHE: 'off', ...env },
  });
  return { code: status, stdout, stderr };
}

function statusOf(root: string): StatusReport {
  return JSON.parse(tandem(['status', root, '--json']).stdout) as StatusReport;
}

/** Less than a batch, of texts of many lengths. */
function writeProject(root: string): void {
  for (let file = 0; file < 12; file++) {
    const functions = Array.from(
      { length: 10 },
      (_, n) => `def f${file}_${n}(value):\n    return value${' + value'.repeat(n * 3 + file)}\n`,
    );
    writeFileSync(join(root, `m${file}.py`), functions.join('\n\n'));
  }
}

const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 143 } as const;

/** Runs until the nth group of texts is handed to the model; checks that all but the groups at work are stored. */
function stopWhileEmbedding(root: string, signal: keyof typeof CODES, group: number, before = 0) {
  const handed = join(root, '.mcp-vector-search', 'handed.json');
  const run = tandem(['index', root, '--workers=1'], {
    TANDEM_TEST_SIGNAL: `${signal} run ${group}`,
    TANDEM_TEST_HANDED: handed,
  });
  const { rows } = JSON.parse(readFileSync(handed, 'utf8')) as { rows: number[] };
  if (rows.length < group) return { stopped: false, run, vectors: before };
  const { vectors, chunks } = statusOf(root);
  expect(run.code, run.stderr).toBe(CODES[signal]);
  const sum = (some: readonly number[]) => some.reduce((all, count) => all + count, 0);
  // One worker has two groups at most: one at work and the next. Texts that repeat are handed over once.
  expect(vectors - before).toBeGreaterThanOrEqual(sum(rows) - sum(rows.slice(-2)));
  expect(chunks.complete).toBe(vectors);
  expect(chunks.pending).toBe(chunks.total - vectors);
  expect(run.stderr).toContain('saving what is done so far');
  expect(run.stderr).toContain(`${vectors - before} chunks were embedded in this run, and all are stored`);
  expect(run.stderr).toContain(`${chunks.pending} are left`);
  expect(run.stderr).toContain('what was done so far is saved');
  return { stopped: true, run, vectors };
}

describe('a signal while chunks are embedded', () => {
  let expected: Record<string, string>;
  beforeAll(async () => {
    await using directory = await temporaryDirectory();
    writeProject(directory.path);
    expect(tandem(['index', directory.path]).code).toBe(0);
    expected = await indexDigest(directory.path);
  }, 300_000);

  test.each([
    ['SIGINT', 1],
    ['SIGINT', 12],
    ['SIGTERM', 20],
    ['SIGHUP', 30],
  ] as const)('%s at group %i keeps what is embedded; resume ends it', { timeout: 300_000 }, async (signal, group) => {
    await using directory = await temporaryDirectory();
    const root = directory.path;
    writeProject(root);
    expect(tandem(['index', root, '--phase=1']).code).toBe(0);
    const { stopped, vectors } = stopWhileEmbedding(root, signal, group);
    expect(stopped).toBe(true);
    if (group > 2) expect(vectors).toBeGreaterThan(0);
    expect(tandem(['resume', root]).code).toBe(0);
    expect(await indexDigest(root)).toEqual(expected);
    expect(tandem(['verify', root]).code).toBe(0);
  });

  test('a project of less than a batch is done at last, however often it is stopped', {
    timeout: 300_000,
  }, async () => {
    await using directory = await temporaryDirectory();
    const root = directory.path;
    writeProject(root);
    expect(tandem(['index', root, '--phase=1']).code).toBe(0);
    let last = 0;
    let stops = 0;
    for (;;) {
      const { stopped, run, vectors } = stopWhileEmbedding(root, 'SIGINT', 12, last);
      if (!stopped) {
        expect(run.code, run.stderr).toBe(0);
        break;
      }
      expect(vectors).toBeGreaterThan(last);
      last = vectors;
      stops++;
    }
    expect(stops).toBeGreaterThan(1);
    expect(await indexDigest(root)).toEqual(expected);
    expect(tandem(['verify', root]).code).toBe(0);
  });
});

test('a signal while files are parsed keeps the files that are parsed', { timeout: 120_000 }, async () => {
  await using directory = await temporaryDirectory();
  const root = directory.path;
  mkdirSync(join(root, 'src'));
  for (let file = 0; file < 150; file++) writeFileSync(join(root, 'src', `m${file}.py`), `def f${file}():\n    pass\n`);
  const args = ['index', root, '--phase=1', '--workers=1'];
  // The third job of 32 files is handed over when the first is done.
  const run = tandem(args, { TANDEM_TEST_SIGNAL: 'SIGINT parse 3' });
  expect(run.code, run.stderr).toBe(130);
  expect(run.stderr).toContain('what was done so far is saved');
  const { chunks } = statusOf(root);
  expect(chunks.total).toBeGreaterThanOrEqual(32);
  expect(chunks.total).toBeLessThan(150);
  const next = tandem([...args, '--json']);
  expect(next.code, next.stderr).toBe(0);
  expect(JSON.parse(next.stdout)).toMatchObject({ files: { unchanged: chunks.total, added: 150 - chunks.total } });
});
