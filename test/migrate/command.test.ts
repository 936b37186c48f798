// The command as a user types it, over an index that the real mcp-vector-search 2.2.5 made.
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../store/make.ts';
import { bytesOf, copyRealProject, INDEX } from './make-old.ts';

const bin = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));

function tandem(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

test('migrate says what it does step by step, and how to go back', async () => {
  await using directory = await temporaryDirectory();
  const root = directory.path;
  await copyRealProject(root);
  const before = await bytesOf(join(root, INDEX));

  const plan = tandem('migrate', root, '--to-dual-table', '--dry-run');
  expect(plan).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing was changed.') });
  expect(await bytesOf(root)).toMatchObject(
    Object.fromEntries(Object.entries(before).map(([k, h]) => [`${INDEX}/${k}`, h])),
  );

  const run = tandem('migrate', '--to-dual-table', root);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toMatch(
    /warning .*old layout[\s\S]*1\. detected 18 rows[\s\S]*2\. backup[\s\S]*3\. written: 18 chunks, 18 vectors[\s\S]*4\. verified[\s\S]*5\. switched/,
  );
  expect(run.stdout).toContain(`migrate --rollback ${root}`);
  expect(tandem('migrate', 'migrate', '-p', root)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^nothing to migrate.*\n$/),
  });
  const status = JSON.parse(tandem('status', root, '--json').stdout);
  expect(status).toMatchObject({ layout: 'dual-table', vectors: 18, model: { recipes: { 'mvs-2.2.5': 18 } } });

  expect(tandem('verify', root)).toMatchObject({ code: 4, stdout: expect.not.stringMatching(/damage/) }); // not complete yet

  const back = tandem('migrate', root, '--rollback');
  expect(back, back.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('Rolled back') });
  expect(await bytesOf(join(root, INDEX))).toEqual(before);
  expect(tandem('migrate', root, '--rollback')).toMatchObject({
    code: 13,
    stderr: expect.stringContaining('no backup'),
  });
});

test('index migrates by itself and embeds nothing that is unchanged; --no-migrate refuses, and so does search', async () => {
  await using directory = await temporaryDirectory();
  const root = directory.path;
  await copyRealProject(root);
  const before = await bytesOf(root);
  expect(tandem('index', root, '--no-migrate')).toMatchObject({ code: 13, stdout: '' });
  expect(tandem('search', 'rain', '-p', root)).toMatchObject({ code: 13, stdout: '' });
  expect(tandem('resume', root)).toMatchObject({ code: 13, stdout: '' });
  expect(await bytesOf(root)).toEqual(before);

  const run = tandem('index', root);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toContain('5. switched');
  expect(run.stdout).toMatch(/7 unchanged; 0 parsed/);
  expect(run.stdout).not.toMatch(/phase 2/);
  expect(JSON.parse(tandem('status', root, '--json').stdout)).toMatchObject({ complete: true, vectors: 18 });
  expect(JSON.parse(await readFile(join(root, INDEX, 'schema_version.json'), 'utf8'))).toMatchObject({
    version: '2.4.0',
  });
  expect(tandem('verify', root)).toMatchObject({ code: 0, stderr: '' });
});

test('a direction is needed, and only one', async () => {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, 'a.py'), 'x = 1\n');
  for (const args of [[], ['--to-dual-table', '--rollback'], ['--rollback', '--dry-run']]) {
    expect(tandem('migrate', directory.path, ...args)).toMatchObject({ code: 2, stdout: '' });
  }
  expect(tandem('migrate', directory.path, '--to-dual-table')).toMatchObject({ code: 10 });
});
