// Old tables that hold what no index may hold, or rows of other places: what the migration lets in, `verify` calls clean.
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/schema.ts';

import { indexProject } from '../../src/operations/index.ts';
import { migrateToDualTable } from '../../src/operations/migrate.ts';
import { verifyIndex } from '../../src/operations/verify.ts';
import { openForWriting } from '../../src/run/open-index.ts';
import { temporaryDirectory, vectorOf } from '../store/make.ts';
import { INDEX, makeRows, type Variant, writeFiles, writeSingleTable } from './make-old.ts';

const ROWS = makeRows(4, 3);

function configOf(root: string): Config {
  return {
    root,
    indexDir: join(root, INDEX),
    workers: 1,
    checkpointInterval: 20,
    maxFileBytes: 2 ** 21,
    include: [],
    exclude: [],
    allowSecrets: false,
    durability: 'fast',
    modelDir: new URL('../../models/all-MiniLM-L6-v2', import.meta.url).pathname,
    cache: null,
  };
}

async function migrated(root: string, variant: Variant) {
  await writeFiles(root, ROWS);
  await writeSingleTable(root, ROWS, variant);
  return migrateToDualTable(configOf(root), {});
}

/** What `verify` says, and what Phase 1 does about it. */
async function proveAndParse(root: string) {
  const { clean, findings } = await verifyIndex(configOf(root));
  await using index = await openForWriting(configOf(root), {});
  const { files } = await indexProject(index, { phase: 1 });
  return { clean, findings, files };
}

const everyThird = (values: (row: number) => Record<string, unknown>) =>
  Object.fromEntries(ROWS.flatMap((_, row) => (row % 3 === 0 ? [[row, values(row)]] : [])));

describe('what a migration lets in is clean by verify', () => {
  test.each<[string, Record<string, unknown>]>([
    ['no first line', { start_line: null }],
    ['no last line', { end_line: null }],
    ['no lines', { start_line: null, end_line: null }],
    ['a line before the first', { start_line: -5 }],
    ['the line 0', { start_line: 0 }],
    ['an end before the beginning', { start_line: 9, end_line: 2 }],
    ['lines beyond 32 bits', { start_line: 2 ** 40, end_line: 2 ** 41 }],
    ['an end beyond 32 bits', { end_line: 2 ** 40 }],
  ])('%s: the chunks are kept in some place, and their files parsed again', async (_, values) => {
    await using directory = await temporaryDirectory();
    const report = await migrated(directory.path, { changed: { 1: values } });
    expect(report.files.changed).toEqual([ROWS[1]!.path]);
    const { clean, findings, files } = await proveAndParse(directory.path);
    expect(clean).toBe(true);
    expect(findings).toMatchObject([{ code: 'file-not-in-ledger', severity: 'unfinished', count: 1 }]);
    expect(files).toMatchObject({ unchanged: 3, parsed: 1 });
    expect(await verifyIndex(configOf(directory.path))).toMatchObject({ clean: true, findings: [] });
  });

  test.each<[string, (id: string) => Float32Array]>([
    ['longer than one', (id) => vectorOf(id).map((number) => number * 5)],
    ['shorter than one', (id) => vectorOf(id).map((number) => number / 5)],
    ['not finite', (id) => vectorOf(id).map((number, at) => (at === 7 ? Number.POSITIVE_INFINITY : number))],
    ['of zeros', (id) => vectorOf(id).fill(0)],
  ])('vectors %s: their chunks are pending', async (_, spoil) => {
    await using directory = await temporaryDirectory();
    const changed = everyThird((row) => ({ vector: spoil(ROWS[row]!.id) }));
    const report = await migrated(directory.path, { changed });
    expect(report.vectors).toBe(ROWS.length - Object.keys(changed).length);
    const { clean, findings, files } = await proveAndParse(directory.path);
    expect({ clean, findings }).toEqual({ clean: true, findings: [] });
    expect(files).toMatchObject({ unchanged: 4, parsed: 0 });
  });

  test('a parent in another file is none', async () => {
    await using directory = await temporaryDirectory();
    const parentOfAnother = { parent_chunk_id: ROWS.at(-1)!.id };
    await migrated(directory.path, { changed: { 1: parentOfAnother } });
    expect(await verifyIndex(configOf(directory.path))).toMatchObject({ clean: true, findings: [] });
  });
});

describe('rows of other places', () => {
  test('are left out one by one; the file that lacks a row now is parsed again', async () => {
    await using directory = await temporaryDirectory();
    const report = await migrated(directory.path, { changed: { 1: { file_path: '/usr/lib/python3/site.py' } } });
    expect(report).toMatchObject({ outside: ['/usr/lib/python3/site.py'], chunks: ROWS.length - 1 });
    const { findings, files } = await proveAndParse(directory.path);
    expect(findings).toMatchObject([
      { code: 'file-incomplete', severity: 'unfinished', count: 1, examples: [expect.stringContaining('sell_0')] },
    ]);
    expect(files).toMatchObject({ unchanged: 3, parsed: 1, removed: 0 });
    expect(await verifyIndex(configOf(directory.path))).toMatchObject({ clean: true, findings: [] });
  });

  test('of an earlier place of the project are left out, and all files of today kept', async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    await writeFiles(path, ROWS);
    const before = ROWS.map((row) => ({ ...row, id: `before${row.id.slice(6)}`, parentId: '' }));
    const elsewhere = Object.fromEntries(before.map((row, at) => [at, { file_path: `/home/jane/shop/${row.path}` }]));
    await writeSingleTable(path, [...before, ...ROWS], { changed: elsewhere });
    const report = await migrateToDualTable(configOf(path), {});
    expect(report).toMatchObject({ rows: 2 * ROWS.length, chunks: ROWS.length, vectors: ROWS.length });
    expect(report.files.unchanged).toHaveLength(4);
    expect((await proveAndParse(path)).files).toMatchObject({ unchanged: 4, removed: 0 });
  });

  test('of the root itself need no file: all may have been renamed', async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    await writeFiles(path, ROWS);
    await writeSingleTable(path, ROWS);
    await rename(join(path, 'src'), join(path, 'lib'));
    await rm(join(path, "it's"), { recursive: true });
    const report = await migrateToDualTable(configOf(path), {});
    expect(report.files.gone).toHaveLength(4);
    expect((await proveAndParse(path)).files).toMatchObject({ unchanged: 0, added: 2, removed: 4 });
  });

  test('in two spellings of one file are one file', async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    const changed = everyThird((row) => ({ file_path: `${path}/./src/../${ROWS[row]!.path}` }));
    const report = await migrated(path, { changed });
    expect(report.files.unchanged).toHaveLength(4);
    const { findings, files } = await proveAndParse(path);
    expect(findings).toEqual([]);
    expect(files).toMatchObject({ unchanged: 4 });
  });
});
