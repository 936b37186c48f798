// The command as a user types it, over an index that the real mcp-vector-search 2.2.5 made.
import { spawnSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { SearchHit } from '../../src/index.ts';
import { temporaryDirectory } from '../store/make.ts';
import {
  bytesOf,
  copyRealProject,
  INDEX,
  makeRows,
  writeFiles,
  writeSingleTable,
  writeSplitTables,
} from './make-old.ts';

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
  expect(tandem('status', root).stdout).toMatch(
    /not compared with the files yet[\s\S]*Next: node .*tandem\.js index \//,
  );
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
  expect(tandem('status', root).stdout).toMatch(
    /an old layout[\s\S]*Next: node .*tandem\.js migrate --to-dual-table \//,
  );
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
  expect(tandem('index', root, '--force', '--phase=1').stderr).toContain(
    'chunks of 7 files come from mcp-vector-search',
  );
});

test('a tree that was edited since keeps what did not change, and every other file gets what became of it', async () => {
  await using directory = await temporaryDirectory();
  const root = directory.path;
  await copyRealProject(root);
  await writeFile(
    join(root, 'src/orchard.py'),
    'def graft(branch, trunk):\n    """Join a branch to a trunk."""\n    return trunk + branch\n',
  );
  await rm(join(root, 'lib/weather.go'));
  await writeFile(join(root, 'src/new.py'), 'def prune(tree):\n    return tree.cut()\n');

  const plan = tandem('migrate', root, '--to-dual-table', '--dry-run', '--json');
  expect(JSON.parse(plan.stdout).files).toMatchObject({
    changed: ['src/orchard.py'],
    gone: ['lib/weather.go'],
    unknown: [],
  });
  const run = tandem('index', root, '--json');
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toMatch(/1 file changed.*src\/orchard\.py[\s\S]*1 file gone.*lib\/weather\.go/);
  expect(JSON.parse(run.stdout)).toMatchObject({
    complete: true,
    files: { added: 1, changed: 1, removed: 1, unchanged: 5, parsed: 2 },
  });
  expect(tandem('verify', root)).toMatchObject({ code: 0 });
  const found = (query: string) => JSON.parse(tandem('search', query, '-p', root, '--json').stdout) as SearchHit[];
  expect(found('join a branch to a trunk')[0]).toMatchObject({ function_name: 'graft' });
  expect(found('weather').filter((hit) => hit.file_path === 'lib/weather.go')).toEqual([]);
});

test('tables of 2.2.7 to 2.7 are searched as they are, told to be mcp-vector-search’s, and taken over by index', async () => {
  await using directory = await temporaryDirectory();
  const root = directory.path;
  const rows = makeRows(2, 2);
  await writeFiles(root, rows);
  await writeSplitTables(root, rows, { place: 'lance', early: true });
  expect(tandem('status', root).stdout).toMatch(
    /not compared with the files yet[\s\S]*Next: node .*tandem\.js index \//,
  );
  expect(tandem('verify', root)).toMatchObject({
    code: 4,
    stdout: expect.stringMatching(
      /2 files, 6 chunks, 6 vectors[\s\S]*mcp-vector-search[\s\S]*Next: node .*tandem\.js index \/.*\n$/,
    ),
  });
  const search = tandem('search', 'sell', '--function', 'sell_1', '--json', '-p', root);
  expect((JSON.parse(search.stdout) as SearchHit[]).map((hit) => hit.breadcrumb).sort()).toEqual([
    'Shop0.sell_1',
    'Shop1.sell_1',
  ]);
  const run = tandem('index', root);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toContain('taking over what mcp-vector-search indexed: 2 files unchanged');
  expect(run.stderr).not.toMatch(/interrupt|put right/);
  expect(tandem('verify', root)).toMatchObject({ code: 0 });
});

test('an old table without rows is refused by migrate, and no obstacle for index', async () => {
  await using directory = await temporaryDirectory();
  const root = directory.path;
  const rows = makeRows(1, 1);
  await writeFiles(root, rows);
  await writeSingleTable(root, []);
  expect(tandem('migrate', root, '--to-dual-table')).toMatchObject({ code: 13, stdout: '' });
  const run = tandem('index', root, '--json');
  expect(JSON.parse(run.stdout), run.stderr).toMatchObject({ complete: true, files: { added: 1 } });
  expect(tandem('migrate', root, '--rollback')).toMatchObject({ code: 0 });
});

test('a direction is needed, and only one', async () => {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, 'a.py'), 'x = 1\n');
  for (const args of [[], ['--to-dual-table', '--rollback'], ['--rollback', '--dry-run']]) {
    expect(tandem('migrate', directory.path, ...args)).toMatchObject({ code: 2, stdout: '' });
  }
  expect(tandem('migrate', directory.path, '--to-dual-table')).toMatchObject({ code: 10 });
});
