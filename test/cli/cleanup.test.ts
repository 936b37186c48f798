// The command as a user types it.
import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bytesOf, copyRealProject } from '../migrate/make-old.ts';
import { temporaryDirectory } from '../store/make.ts';

const bin = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));
const faulty = fileURLToPath(new URL('../migrate/faulty-migration.mjs', import.meta.url));

function tandem(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

test('cleanup says what it would free, frees it, and then has nothing left', async () => {
  await using directory = await temporaryDirectory();
  const root = directory.path;
  await copyRealProject(root);
  expect(tandem('migrate', root, '--to-dual-table', '-q')).toMatchObject({ code: 0 });
  await rm(join(root, 'settings.json'));
  const before = await bytesOf(root);

  const plan = tandem('cleanup', root, '--dry-run', '--now');
  expect(plan.code, plan.stderr).toBe(0);
  expect(plan.stdout).toMatch(/chunks? of 1 file[\s\S]*backups: code_search\.backup[\s\S]*would be freed/);
  expect(await bytesOf(root)).toEqual(before);

  const run = tandem('gc', '--now', root, '--json');
  expect(run.code, run.stderr).toBe(0);
  const report = JSON.parse(run.stdout);
  expect(report).toMatchObject({ schema: 1, root, dry_run: false });
  expect(report.bytes).toBeGreaterThan(10_000);
  expect(tandem('cleanup', root, '--now')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^nothing to clean up/),
  });
  expect(tandem('migrate', root, '--rollback')).toMatchObject({ code: 13 });
  expect(tandem('index', root)).toMatchObject({ code: 0, stdout: expect.stringMatching(/6 unchanged; 0 parsed/) });
});

test('cleanup first ends a migration that was cut off in its switch', async () => {
  await using directory = await temporaryDirectory();
  const root = directory.path;
  await copyRealProject(root);
  const run = spawnSync(process.execPath, [faulty, root, 'migrate', 'migrate.switched', '1'], { encoding: 'utf8' });
  expect(run.signal).toBe('SIGKILL');
  const plan = tandem('cleanup', root, '--dry-run', '--json');
  expect(JSON.parse(plan.stdout).freed.map(({ kind }: { kind: string }) => kind)).not.toContain('backups');
  const ended = tandem('cleanup', root);
  expect(ended.stderr).toContain('finished a migration that was cut off');
  expect(ended.stdout).toContain('backups: code_search.backup');
  expect(JSON.parse(tandem('status', root, '--json').stdout)).toMatchObject({ layout: 'dual-table', vectors: 18 });
});

test('cleanup needs an index', async () => {
  await using directory = await temporaryDirectory();
  expect(tandem('cleanup', directory.path)).toMatchObject({ code: 10, stdout: '' });
  expect(await bytesOf(directory.path)).toEqual({});
});
