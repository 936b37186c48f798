// Old tables of every shape become the two tables, with every vector as it was; what cannot be migrated stays as it is.
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { IndexEvent } from '../../src/core/events.ts';
import { restoreOldTable } from '../../src/migrate/rollback.ts';
import { convertToDualTable } from '../../src/migrate/to-dual-table.ts';
import { acquireLock } from '../../src/store/lock/lock.ts';
import { detectLayout } from '../../src/store/open-for-reading.ts';
import { openStores, sha256, tableState, temporaryDirectory, vectorOf } from '../store/make.ts';
import {
  bytesOf,
  copyRealProject,
  INDEX,
  type MadeRow,
  makeOldProject,
  makeRows,
  OPTIONAL_COLUMNS,
  targetOf,
  type Variant,
  writeFiles,
  writeSingleTable,
  writeSplitTables,
} from './make-old.ts';

const bin = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));

/** What must be in the tables for these rows, whatever the old table looked like. */
async function expectMigrated(root: string, rows: readonly MadeRow[], options = { parents: true }): Promise<void> {
  await using stores = await openStores(root);
  expect(stores.repairs).toEqual({});
  const state = await tableState(stores);
  const expected = {
    chunks: {} as Record<string, string>,
    vectors: {} as Record<string, string>,
    structure: {} as Record<string, string>,
  };
  const hashes = new Map<string, string>();
  for (const { path } of rows)
    if (!hashes.has(path)) hashes.set(path, sha256(await readFile(join(root, path), 'utf8')));
  for (const { id, path, content, parentId, startLine, endLine } of rows) {
    const hash = hashes.get(path);
    const parent = options.parents ? parentId : '';
    expected.chunks[id] = JSON.stringify([
      [path, hash, 'complete', content],
      [startLine, endLine],
    ]);
    expected.vectors[id] = JSON.stringify([path, startLine, endLine, parent, sha256(vectorOf(id).join())]);
    expected.structure[id] = JSON.stringify([parent, path]);
  }
  expect(state).toEqual(expected);
  expect([...stores.ledger.files.keys()].sort()).toEqual([...new Set(rows.map((row) => row.path))].sort());
}

async function column(root: string, table: 'chunks' | 'vectors' | 'structure', name: string): Promise<unknown[]> {
  await using stores = await openStores(root);
  const values: unknown[] = [];
  for await (const rows of stores[table].table.scan({ columns: [name] })) values.push(...rows.strings(name));
  return values;
}

describe('a single old table', () => {
  test('keeps every row, id, text and vector bit, with relative paths and parents', async () => {
    await using directory = await temporaryDirectory();
    const rows = await makeOldProject(directory.path);
    const report = await convertToDualTable(targetOf(directory.path));
    expect(report).toMatchObject({
      state: 'migrated',
      rows: 16,
      chunks: 16,
      vectors: 16,
      doubled: 0,
      chunks_to_redo: 0,
    });
    expect(report.files.unchanged).toHaveLength(4);
    await expectMigrated(directory.path, rows);
    expect(new Set(await column(directory.path, 'vectors', 'tandem_recipe'))).toEqual(new Set(['mvs-2.2.5']));
    expect(await column(directory.path, 'chunks', 'hierarchy_path')).toContain('Shop1.sell_0');
    expect(await column(directory.path, 'vectors', 'function_name')).toContain('sell_0');
    expect(await column(directory.path, 'chunks', 'last_author')).toContain('Ada');
    expect(new Set(await column(directory.path, 'structure', 'grade'))).toEqual(new Set(['B']));
  });

  test('keeps what no column of today takes, as JSON by chunk', async () => {
    await using directory = await temporaryDirectory();
    const rows = await makeOldProject(directory.path, { changed: { 1: { return_type: 'list[int]' } } });
    await convertToDualTable(targetOf(directory.path));
    const { connect } = await import('@lancedb/lancedb');
    const connection = await connect(join(directory.path, INDEX, 'tandem', 'lance'));
    const table = await connection.openTable('leftover');
    const kept = new Map((await table.query().toArray()).map((row) => [row.chunk_id, JSON.parse(row.metadata)]));
    expect(kept.size).toBe(rows.length);
    const common = { subproject_path: 'shops/north', nlp_keywords: 'sell,things', nlp_technical_terms: 'API' };
    expect(kept.get(rows[0]!.id)).toEqual({ ...common, quality_score: 80 });
    expect(kept.get(rows[1]!.id)).toEqual({ ...common, quality_score: 80, return_type: 'list[int]' });
    table.close();
  });

  test.each([
    ['words between commas', 'os, sys,re', ['os', 'sys', 're']],
    ['a JSON list', '["import os", {"module": "sys"}]', ['import os', '{"module":"sys"}']],
    [
      'JSON objects between commas',
      '{"module": "a", "names": ["b"]},{"module": "c"}',
      ['{"module":"a","names":["b"]}', '{"module":"c"}'],
    ],
    ['something that only begins like JSON', '[broken, list', ['[broken', 'list']],
  ])('reads imports that are %s', async (_name, imports, expected) => {
    await using directory = await temporaryDirectory();
    const rows = await makeOldProject(directory.path, { changed: { 0: { imports } } });
    await convertToDualTable(targetOf(directory.path));
    await using stores = await openStores(directory.path);
    const [row] = await stores.chunks.table.engine.query().where(`chunk_id = '${rows[0]!.id}'`).toArray();
    expect([...row.imports]).toEqual(expected);
    expect([...row.inherits_from]).toEqual(['Base', 'Mixin']);
    expect([...row.calls]).toEqual(['print', 'len']);
  });

  test('may have any subset of columns, 32 or 64 bits, NULL or "", under both names', async () => {
    const variants = fc.record({
      columns: fc.subarray([...OPTIONAL_COLUMNS]),
      wide: fc.boolean(),
      empty: fc.constantFrom(null, '' as const),
      table: fc.constantFrom('code_search', 'code_chunks'),
    });
    await fc.assert(
      fc.asyncProperty(variants, async (variant: Variant) => {
        await using directory = await temporaryDirectory();
        const rows = await makeOldProject(directory.path, variant, { files: 2, methods: 2 });
        const report = await convertToDualTable(targetOf(directory.path));
        expect(report).toMatchObject({ state: 'migrated', chunks: 6, vectors: 6 });
        await expectMigrated(directory.path, rows, { parents: variant.columns!.includes('parent_chunk_id') });
      }),
      { numRuns: 12 },
    );
  });

  test.each([1, 513, 730, 10_241])('of %i rows is carried over whole', async (size) => {
    await using directory = await temporaryDirectory();
    const rows = makeRows(1, size - 1);
    await writeFiles(directory.path, rows);
    await writeSingleTable(directory.path, rows);
    expect(await convertToDualTable(targetOf(directory.path))).toMatchObject({ chunks: size, vectors: size });
    await expectMigrated(directory.path, rows);
  });

  test('counts, with its vectors, where 2.3 or 2.4 began two tables beside it that have none', async () => {
    await using directory = await temporaryDirectory();
    const rows = await makeOldProject(directory.path);
    await writeSplitTables(directory.path, rows, { place: 'lance', early: true, withVectors: [] });
    const before = await bytesOf(join(directory.path, INDEX));
    expect(await detectLayout(join(directory.path, INDEX))).toBe('code_search');
    expect(await convertToDualTable(targetOf(directory.path))).toMatchObject({ state: 'migrated', vectors: 16 });
    await expectMigrated(directory.path, rows);
    await restoreOldTable(targetOf(directory.path));
    expect(await bytesOf(join(directory.path, INDEX))).toEqual(before);
  });

  test('of a project that was moved finds its files at the new place', async () => {
    await using directory = await temporaryDirectory();
    const rows = await makeOldProject(directory.path, { oldRoot: '/home/somebody/shop' });
    expect(await convertToDualTable(targetOf(directory.path))).toMatchObject({ old_root: '/home/somebody/shop' });
    await expectMigrated(directory.path, rows);
  });

  test('finds the old root from the files alone where the settings are lost', async () => {
    await using directory = await temporaryDirectory();
    const rows = await makeOldProject(directory.path, { oldRoot: '/home/somebody/shop' });
    await rm(join(directory.path, INDEX, 'config.json'));
    await convertToDualTable(targetOf(directory.path));
    await expectMigrated(directory.path, rows);
  });

  test('says beforehand which files changed, went or cannot be judged, and keeps their rows', async () => {
    await using directory = await temporaryDirectory();
    const rows = await makeOldProject(directory.path);
    const [quoted, first, second] = [`it's/deep "0".py`, 'src/file1.py', 'src/file2.py'];
    await writeFile(join(directory.path, first), 'changed = True\n');
    await utimes(join(directory.path, first), 1, 1);
    await rm(join(directory.path, second));
    const metadata = join(directory.path, INDEX, 'index_metadata.json');
    const { file_mtimes: times } = JSON.parse(await readFile(metadata, 'utf8'));
    delete times[join(directory.path, quoted)];
    await writeFile(metadata, JSON.stringify(times)); // the oldest form: the bare list
    const messages: string[] = [];
    const observe = (event: IndexEvent) => {
      if (event.type === 'notice') messages.push(event.message);
    };
    const plan = await convertToDualTable(targetOf(directory.path), { dryRun: true, observe });
    expect(plan.files).toEqual({
      unchanged: [`it's/deep "3".py`],
      changed: [first],
      unknown: [quoted],
      gone: [second],
    });
    expect(plan).toMatchObject({ chunks_to_redo: 8, recipe: 'mvs' });
    expect(messages.join('\n')).toMatch(/1 file changed, 1 not known.*src\/file1\.py, it's/);
    const report = await convertToDualTable(targetOf(directory.path));
    expect({ ...report, state: 'planned', seconds: 0, bytes: 0 }).toEqual({ ...plan, seconds: 0, bytes: 0 });
    await using stores = await openStores(directory.path);
    expect([...stores.ledger.files.keys()]).toEqual([`it's/deep "3".py`]);
    expect(Object.keys((await tableState(stores)).vectors)).toHaveLength(rows.length);
  });

  test('gives rows without a usable vector to Phase 2, and no other', async () => {
    await using directory = await temporaryDirectory();
    const changed = {
      1: { vector: null },
      2: { vector: new Float32Array(384) },
      3: { vector: new Float32Array(384).fill(Number.POSITIVE_INFINITY) },
    };
    await makeOldProject(directory.path, { changed });
    expect(await convertToDualTable(targetOf(directory.path))).toMatchObject({ chunks: 16, vectors: 13 });
    await using stores = await openStores(directory.path);
    expect(await stores.chunks.countPending()).toBe(3);
    expect(stores.repairs).toEqual({});
  });

  test('with doubled ids keeps the last row of each and has the file parsed again', async () => {
    await using directory = await temporaryDirectory();
    const rows = makeRows(2, 2);
    await writeFiles(directory.path, rows);
    const again: MadeRow = { ...rows[1]!, content: 'the newer text' };
    await writeSingleTable(directory.path, [...rows, again, again]);
    const report = await convertToDualTable(targetOf(directory.path));
    expect(report).toMatchObject({ rows: 8, doubled: 2, chunks: 6, vectors: 6, files: { changed: [again.path] } });
    expect(await column(directory.path, 'chunks', 'content')).toContain('the newer text');
  });

  test('made by the real mcp-vector-search is migrated, and none of its files has to be parsed', async () => {
    await using directory = await temporaryDirectory();
    await copyRealProject(directory.path);
    const report = await convertToDualTable(targetOf(directory.path));
    expect(report).toMatchObject({ rows: 18, chunks: 18, vectors: 18, chunks_to_redo: 0, old_root: '/srv/orchard' });
    expect(report.files.unchanged).toHaveLength(7);
    expect(await column(directory.path, 'chunks', 'hierarchy_path')).toContain('Tree.yield_kg');
    expect(
      (await column(directory.path, 'structure', 'parent_chunk_id')).filter((id) => id === 'ce90adbfa82b161e'),
    ).toHaveLength(2);
  });
});

describe('split old tables', () => {
  test('directly in the index directory are moved into place, vectors joined by id and parents found by breadcrumb', async () => {
    await using directory = await temporaryDirectory();
    const rows = makeRows(3, 2);
    await writeFiles(directory.path, rows);
    await writeSplitTables(directory.path, rows);
    const report = await convertToDualTable(targetOf(directory.path));
    expect(report).toMatchObject({ state: 'migrated', chunks: 9, vectors: 9 });
    expect(report.tables.map(({ to }) => to)).toEqual(['chunks.backup', 'vectors.backup']);
    await expectMigrated(directory.path, rows);
  });

  test('that mcp-vector-search put in the wrong place regain whole texts, paths and parents', async () => {
    await using directory = await temporaryDirectory();
    const rows = makeRows(3, 2);
    await writeFiles(directory.path, rows);
    await writeSplitTables(directory.path, rows, { copied: true });
    expect(await convertToDualTable(targetOf(directory.path))).toMatchObject({ state: 'migrated', vectors: 9 });
    await expectMigrated(directory.path, rows);
    expect(await column(directory.path, 'vectors', 'content')).toEqual(
      expect.arrayContaining(rows.map((row) => row.content)),
    );
    expect(new Set(await column(directory.path, 'chunks', 'parent_name'))).toEqual(new Set(['']));
  });

  test('count less than the single table that they were copied from', async () => {
    await using directory = await temporaryDirectory();
    const rows = makeRows(2, 2);
    await writeFiles(directory.path, rows);
    await writeSplitTables(directory.path, rows, { copied: true });
    await writeSingleTable(directory.path, rows);
    const report = await convertToDualTable(targetOf(directory.path));
    expect(report.tables).toEqual([{ from: 'code_search.lance', to: 'code_search.backup' }]);
    await expectMigrated(directory.path, rows);
  });

  test('of a run that was stopped leave the rest to Phase 2', async () => {
    await using directory = await temporaryDirectory();
    const rows = makeRows(2, 2);
    await writeFiles(directory.path, rows);
    await writeSplitTables(directory.path, rows, { withVectors: [0, 3] });
    expect(await convertToDualTable(targetOf(directory.path))).toMatchObject({ chunks: 6, vectors: 2 });
    await using stores = await openStores(directory.path);
    expect(await stores.chunks.countPending()).toBe(4);
  });

  test('without any vector yet are migrated as chunks', async () => {
    await using directory = await temporaryDirectory();
    const rows = makeRows(2, 2);
    await writeFiles(directory.path, rows);
    await writeSplitTables(directory.path, rows, { withVectors: [] });
    expect(await convertToDualTable(targetOf(directory.path))).toMatchObject({ chunks: 6, vectors: 0 });
  });
});

describe('nothing is changed', () => {
  test('by a dry run, which needs no lock either', async () => {
    await using directory = await temporaryDirectory();
    await makeOldProject(directory.path);
    const before = await bytesOf(join(directory.path, INDEX));
    const plan = await convertToDualTable(targetOf(directory.path), { dryRun: true });
    expect(plan).toMatchObject({ state: 'planned', rows: 16, vectors: 16 });
    expect(plan.bytes.needed).toBeGreaterThan(plan.bytes.old);
    expect(await bytesOf(join(directory.path, INDEX))).toEqual(before);
    expect(await detectLayout(join(directory.path, INDEX))).toBe('code_search');
  });

  test('where the index has two tables already', async () => {
    await using directory = await temporaryDirectory();
    await makeOldProject(directory.path);
    await convertToDualTable(targetOf(directory.path));
    const before = await bytesOf(join(directory.path, INDEX));
    expect(await convertToDualTable(targetOf(directory.path))).toMatchObject({ state: 'nothing' });
    expect(await convertToDualTable(targetOf(directory.path), { dryRun: true })).toMatchObject({ state: 'nothing' });
    expect(await bytesOf(join(directory.path, INDEX))).toEqual(before);
  });

  test('where there is no table at all', async () => {
    await using directory = await temporaryDirectory();
    await mkdir(join(directory.path, INDEX));
    await expect(convertToDualTable(targetOf(directory.path))).rejects.toMatchObject({ code: 'NO_INDEX' });
    expect(await bytesOf(directory.path)).toEqual({});
  });

  const typed = (root: string, ...args: string[]) =>
    spawnSync(process.execPath, [bin, 'migrate', '--to-dual-table', root, ...args], { encoding: 'utf8' });
  const EXIT: Readonly<Record<string, number>> = { INDEX_DAMAGED: 12, MIGRATION_REFUSED: 13, MODEL_CHANGED: 14 };

  type Spoil = (root: string, rows: readonly MadeRow[]) => Promise<unknown>;
  const index = (root: string, ...parts: string[]) => join(root, INDEX, ...parts);
  const again = (variant: Variant, pick: (rows: readonly MadeRow[]) => readonly MadeRow[] = (rows) => rows): Spoil => {
    return async (root, rows) => {
      await rm(index(root, 'code_search.lance'), { recursive: true });
      await writeSingleTable(root, pick(rows), variant);
    };
  };
  const cases: [string, string, RegExp, Spoil][] = [
    [
      'half a table (no manifests)',
      'INDEX_DAMAGED',
      /cannot be opened/,
      (root) => rm(index(root, 'code_search.lance', '_versions'), { recursive: true }),
    ],
    [
      'half a table (no data)',
      'INDEX_DAMAGED',
      /cannot be migrated/,
      (root) => rm(index(root, 'code_search.lance', 'data'), { recursive: true }),
    ],
    [
      'a manifest that was cut off',
      'INDEX_DAMAGED',
      /not written whole/,
      (root) => cutNewestManifest(index(root, 'code_search.lance', '_versions')),
    ],
    [
      'vectors without chunks',
      'INDEX_DAMAGED',
      /no chunks\.lance/,
      (root) => rename(index(root, 'code_search.lance'), index(root, 'vectors.lance')),
    ],
    ['other columns', 'INDEX_DAMAGED', /no column/, again({ columns: [], changed: {} }, (rows) => rows)],
    [
      'vectors of another dimension',
      'MODEL_CHANGED',
      /768 dimensions/,
      again({ dimension: 768, changed: { 0: { vector: new Float32Array(768).fill(0.1) } } }, (rows) =>
        rows.slice(0, 1),
      ),
    ],
    [
      'another model',
      'MODEL_CHANGED',
      /codet5/,
      (root) => writeFile(index(root, 'config.json'), '{"embedding_model":"Salesforce/codet5"}'),
    ],
    ['no rows', 'MIGRATION_REFUSED', /no rows/, again({}, () => [])],
    ['a NULL id', 'INDEX_DAMAGED', /row 3 has no id/, again({ columns: [], changed: { 2: { id: null } } })],
    ['a NULL path', 'INDEX_DAMAGED', /names no file/, again({ changed: { 2: { file_path: null } } })],
    [
      'a backup in the way',
      'MIGRATION_REFUSED',
      /a backup already/,
      (root) => mkdir(index(root, 'code_search.backup')),
    ],
    [
      'a project that is gone',
      'MIGRATION_REFUSED',
      /none of the 4 files/,
      async (root, rows) => {
        await again({ oldRoot: '/gone/shop' }, (all) => all)(root, rows);
        await rm(join(root, 'src'), { recursive: true });
        await rm(join(root, "it's"), { recursive: true });
      },
    ],
  ];

  test.each(cases)('by %s: %s', async (_name, code, message, spoil) => {
    await using directory = await temporaryDirectory();
    const rows = await makeOldProject(directory.path);
    await spoil(directory.path, rows);
    if (_name === 'other columns') await writeStrangeTable(directory.path);
    const before = await bytesOf(directory.path);
    const attempt = convertToDualTable(targetOf(directory.path));
    await expect(attempt).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(await bytesOf(directory.path)).toEqual(before);
    const dryRun = convertToDualTable(targetOf(directory.path), { dryRun: true });
    await expect(dryRun).rejects.toMatchObject({ code });
    const run = typed(directory.path);
    expect(run).toMatchObject({ status: EXIT[code], stdout: '', stderr: expect.stringMatching(message) });
    expect(run.stderr).toContain('nothing was changed');
    expect(await bytesOf(directory.path)).toEqual(before);
  });

  test('by too little room on the disk, which is found before anything is written', async () => {
    await using directory = await temporaryDirectory();
    await makeOldProject(directory.path);
    const before = await bytesOf(directory.path);
    const hole = index(directory.path, 'code_search.lance', 'data', 'large');
    await writeFile(hole, '');
    await truncate(hole, 2 ** 42); // takes no space, but would if it were copied
    for (const args of [[], ['--dry-run']]) {
      const run = typed(directory.path, ...args);
      expect(run).toMatchObject({ status: 15, stdout: '', stderr: expect.stringContaining('nothing was changed') });
    }
    await rm(hole);
    expect(await bytesOf(directory.path)).toEqual(before);
    expect(await readdir(index(directory.path))).not.toContain('tandem');
  });

  test('by a disk that fills up while it writes', async () => {
    await using directory = await temporaryDirectory();
    const rows = makeRows(2, 400);
    await writeFiles(directory.path, rows);
    await writeSingleTable(directory.path, rows);
    const before = await bytesOf(directory.path);
    // No file may grow beyond 600 kB; the table of vectors would be twice as large.
    const command = `ulimit -f 600; exec "${process.execPath}" "${bin}" migrate --to-dual-table "${directory.path}"`;
    const run = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
    expect(run.status, run.stderr).toBe(15);
    expect(run.stderr).toContain('no space left');
    expect(await bytesOf(directory.path)).toEqual(before);
    expect(await convertToDualTable(targetOf(directory.path))).toMatchObject({ state: 'migrated', chunks: 802 });
  });

  test('by an index that another process is writing', async () => {
    await using directory = await temporaryDirectory();
    await makeOldProject(directory.path);
    await mkdir(index(directory.path, 'tandem'));
    const before = await bytesOf(directory.path);
    const lock = await acquireLock(index(directory.path, 'tandem', 'lock'));
    const inUse = await bytesOf(directory.path);
    await expect(convertToDualTable(targetOf(directory.path))).rejects.toMatchObject({ code: 'INDEX_LOCKED' });
    const run = typed(directory.path);
    expect(run).toMatchObject({ status: 11, stdout: '', stderr: expect.stringContaining(`pid ${process.pid}`) });
    expect(Object.keys(inUse).length).toBe(Object.keys(before).length + 1);
    expect(await bytesOf(directory.path)).toEqual(inUse);
    await lock.release();
    expect(await convertToDualTable(targetOf(directory.path))).toMatchObject({ state: 'migrated' });
  });

  test('by a stop before the switch', async () => {
    await using directory = await temporaryDirectory();
    await makeOldProject(directory.path);
    const before = await bytesOf(directory.path);
    const controller = new AbortController();
    const fault = (name: string) => name === 'migrate.verified' && controller.abort(new Error('stopped'));
    const attempt = convertToDualTable(targetOf(directory.path), { signal: controller.signal, fault });
    await expect(attempt).rejects.toThrow('stopped');
    expect(await bytesOf(directory.path)).toEqual(before);
  });

  test('by a failure in the middle of the switch', async () => {
    await using directory = await temporaryDirectory();
    await makeOldProject(directory.path);
    await mkdir(index(directory.path, 'lance', 'left-behind.lance'), { recursive: true });
    const before = await bytesOf(directory.path);
    const fault = (name: string) => {
      if (name === 'migrate.ledger-switched') throw new Error('the disk is on fire');
    };
    await expect(convertToDualTable(targetOf(directory.path), { fault })).rejects.toThrow('on fire');
    expect(await bytesOf(directory.path)).toEqual(before);
    expect(await convertToDualTable(targetOf(directory.path))).toMatchObject({ state: 'migrated' });
  });
});

test('an old table without rows is no obstacle for a command that indexes anyway', async () => {
  await using directory = await temporaryDirectory();
  const rows = makeRows(1, 1);
  await writeFiles(directory.path, rows);
  await writeSingleTable(directory.path, []);
  expect(await convertToDualTable(targetOf(directory.path), { automatic: true })).toMatchObject({
    state: 'migrated',
    chunks: 0,
  });
  await using stores = await openStores(directory.path);
  expect(await stores.chunks.table.count()).toBe(0);
});

async function cutNewestManifest(directory: string): Promise<void> {
  const names = Object.keys(await bytesOf(directory)).filter((name) => name.endsWith('.manifest'));
  await truncate(join(directory, names.sort()[0]!), 20);
}

async function writeStrangeTable(root: string): Promise<void> {
  const { connect } = await import('@lancedb/lancedb');
  await rm(join(root, INDEX, 'code_search.lance'), { recursive: true });
  const connection = await connect(join(root, INDEX));
  (await connection.createTable('code_search', [{ title: 'a table of mcp-vector-search', vector: [1, 2] }])).close();
}
