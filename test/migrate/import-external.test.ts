// Tables that mcp-vector-search wrote in the present layout: taken over where files are as they were, vectors kept.
import { appendFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import type { IndexEvent } from '../../src/core/events.ts';
import { globAsRegex } from '../../src/discover/glob.ts';
import { indexProject } from '../../src/operations/index.ts';
import { verifyIndex } from '../../src/operations/verify.ts';
import { openForWriting } from '../../src/run/open-index.ts';
import { conditionOf } from '../../src/search/filter.ts';
import { TAKEN_OVER } from '../../src/store/mcp-vector-search/chunker-marks.ts';
import { openForReading } from '../../src/store/open-for-reading.ts';
import { CHUNKS_SCHEMA } from '../../src/store/tables/schema.ts';
import { openStores, tableState, temporaryDirectory, vectorOf } from '../store/make.ts';
import { bytesOf, INDEX, type MadeRow, makeRows, type SplitOptions, writeFiles, writeSplitTables } from './make-old.ts';

const CHECKPOINT = { schema: 1, model_id: 'sentence-transformers/all-MiniLM-L6-v2', data_files: [] };

async function externalIndex(root: string, options: SplitOptions = {}): Promise<MadeRow[]> {
  const rows = makeRows(3, 2);
  await writeFiles(root, rows);
  await writeSplitTables(root, rows, { place: 'lance', ...options });
  return rows;
}

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

/** Phase 1, with what it told in words or as repairs. */
async function parse(root: string, told: IndexEvent[] = []) {
  const observe = (event: IndexEvent) => told.push(event);
  await using index = await openForWriting(configOf(root), { observe });
  return await indexProject(index, { phase: 1 });
}

const ofType = (told: readonly IndexEvent[], type: IndexEvent['type']) => told.filter((event) => event.type === type);

describe('a foreign index', () => {
  test('gets structure rows with parents and a ledger, and keeps ids, states and vectors', async () => {
    await using directory = await temporaryDirectory();
    const rows = await externalIndex(directory.path);
    await using stores = await openStores(directory.path);
    expect(stores.externalImport).toEqual({ kept: 3, others: 0 });
    expect(stores.needsReparse.size).toBe(0);
    const state = await tableState(stores);
    expect(Object.keys(state.vectors).sort()).toEqual(rows.map((row) => row.id).sort());
    for (const { id, parentId, path } of rows) expect(state.structure[id]).toBe(JSON.stringify([parentId, path]));
    expect(new Set([...stores.ledger.files.values()].map((file) => file.chunker))).toEqual(new Set([TAKEN_OVER]));
    expect(await stores.chunks.countPending()).toBe(0);
  });

  test('is not parsed by the next run, but for the file that changed and the one that is new', async () => {
    await using directory = await temporaryDirectory();
    const rows = await externalIndex(directory.path);
    await appendFile(join(directory.path, 'src/file1.py'), '\n\ndef added():\n    return 1\n');
    await writeFile(join(directory.path, 'src/new.py'), 'def fresh():\n    return 2\n');
    const report = await parse(directory.path);
    expect(report.files).toMatchObject({ unchanged: 2, parsed: 2, removed: 0 });
    await using stores = await openStores(directory.path);
    const kept = rows.filter((row) => row.path !== 'src/file1.py').map((row) => row.id);
    expect(Object.keys((await tableState(stores)).vectors).sort()).toEqual(kept.sort());
    expect(stores.repairs).toEqual({});
  });

  test('is told to be mcp-vector-search’s, not an interrupted run of ours; nothing of it had to be repaired', async () => {
    await using directory = await temporaryDirectory();
    await externalIndex(directory.path, { withVectors: [0, 1, 2, 3] });
    await appendFile(join(directory.path, 'src/file1.py'), '\n\ndef added():\n    return 1\n');
    const told: IndexEvent[] = [];
    await parse(directory.path, told);
    expect(ofType(told, 'notice')).toEqual([
      {
        type: 'notice',
        message:
          'taking over what mcp-vector-search indexed: 2 files unchanged, with their chunks and vectors kept; 1 file not known to be unchanged',
      },
    ]);
    expect([...ofType(told, 'resuming'), ...ofType(told, 'reconciled')]).toEqual([]);
  });

  test('whose rows contradict each other is put right, in words that blame no interruption', async () => {
    await using directory = await temporaryDirectory();
    const rows = await externalIndex(directory.path);
    const connection = await connect(join(directory.path, INDEX, 'lance'));
    const [chunks, vectors] = [await connection.openTable('chunks'), await connection.openTable('vectors')];
    await chunks.update({ where: `chunk_id = '${rows[4]!.id}'`, values: { embedding_status: 'processing' } });
    await vectors.delete(`chunk_id = '${rows[4]!.id}'`);
    connection.close();
    const told: IndexEvent[] = [];
    await parse(directory.path, told);
    expect(ofType(told, 'reconciled')).toEqual([
      { type: 'reconciled', cause: 'another-program', repairs: { 'chunks without a vector set to pending': 1 } },
    ]);
    expect(ofType(told, 'resuming')).toEqual([]);
  });

  test('of the releases 2.2.7 to 2.7, which lacks columns, is searched as it is and gets them when it is taken over', async () => {
    await using directory = await temporaryDirectory();
    const rows = await externalIndex(directory.path, { early: true });
    const method = rows[1]!;
    {
      await using stores = await openForReading(configOf(directory.path));
      const columns = await stores.vectors!.table.columns();
      const where = conditionOf(
        { functionName: method.functionName, files: { only: [globAsRegex(method.path)], not: [] } },
        columns,
      );
      const found = await stores.vectors!.nearest(vectorOf(method.id), { limit: 5, where });
      expect(found).toMatchObject([{ chunkId: method.id, functionName: '', breadcrumb: 'Shop0.sell_0' }]);
    }
    await appendFile(join(directory.path, 'src/file1.py'), '\n\nimport os\n\ndef added():\n    return os.name\n');
    expect((await parse(directory.path)).files).toMatchObject({ unchanged: 2, parsed: 1 });
    await using stores = await openStores(directory.path);
    expect(stores.repairs).toEqual({});
    const kept = rows.filter((row) => row.path !== 'src/file1.py').map((row) => row.id);
    expect(Object.keys((await tableState(stores)).vectors).sort()).toEqual(kept.sort());
    const { chunks, vectors } = stores;
    for (const { name, nullable } of CHUNKS_SCHEMA.fields) {
      expect(await chunks.table.count(`${name} IS NULL`), name).toBe(0);
      expect(nullable).toBe(true);
    }
    for (const name of ['function_name', 'class_name', 'project_name'])
      expect(await vectors.table.count(`${name} IS NULL`), name).toBe(0);
    const { fields } = await vectors.table.engine.schema();
    expect(fields.filter((field) => !field.nullable)).toEqual([]); // mcp-vector-search's appends would fail
    expect(await chunks.table.count("calls[1] = 'print'")).toBe(0);
  });

  test('that is none, by its columns, is refused and stays as it is', async () => {
    await using directory = await temporaryDirectory();
    await externalIndex(directory.path);
    const connection = await connect(join(directory.path, INDEX, 'lance'));
    await (await connection.openTable('chunks')).dropColumns(['calls', 'hierarchy_path']);
    connection.close();
    const before = await bytesOf(join(directory.path, INDEX));
    await expect(parse(directory.path)).rejects.toMatchObject({
      code: 'INDEX_DAMAGED',
      message: expect.stringContaining('lacks the columns hierarchy_path'),
    });
    expect(await bytesOf(join(directory.path, INDEX))).toEqual(before);
  });

  test('without hashes and recorded times is parsed anew', async () => {
    await using directory = await temporaryDirectory();
    await externalIndex(directory.path, { hashes: false });
    await rm(join(directory.path, INDEX, 'index_metadata.json'));
    expect((await parse(directory.path)).files).toMatchObject({ parsed: 3, unchanged: 0 });
  });

  test('without hashes is kept where the recorded times are the disk’s, and its rows get their hashes', async () => {
    await using directory = await temporaryDirectory();
    const rows = await externalIndex(directory.path, { hashes: false });
    const times: Record<string, number> = {};
    for (const { path } of rows) {
      times[join('/elsewhere', path)] =
        Number((await stat(join(directory.path, path), { bigint: true })).mtimeNs) / 1e9;
    }
    times['/elsewhere/src/file1.py'] = 1_700_000_000.5;
    await writeFile(join(directory.path, INDEX, 'index_metadata.json'), JSON.stringify({ file_mtimes: times }));
    await writeFile(join(directory.path, INDEX, 'config.json'), JSON.stringify({ project_root: '/elsewhere' }));
    {
      await using stores = await openStores(directory.path);
      expect(stores.externalImport).toEqual({ kept: 2, others: 1 });
      const kept = await stores.chunks.table.count("file_hash != ''");
      expect(kept).toBe(rows.filter((row) => row.path !== 'src/file1.py').length);
    }
    expect((await parse(directory.path)).files).toMatchObject({ unchanged: 2, parsed: 1 });
  });

  test.each([
    ['vectors and all', {}, 3],
    ['chunks only', { withVectors: [] }, 0],
  ])(
    'that replaced ours is no damage to verify, nor is our checkpoint of the tables before: %s',
    async (_, options, kept) => {
      await using directory = await temporaryDirectory();
      const { path } = directory;
      const rows = makeRows(3, 2);
      await writeFiles(path, rows);
      await parse(path);
      const checkpoint = join(path, INDEX, 'tandem', 'checkpoint.json');
      await writeFile(checkpoint, JSON.stringify({ ...CHECKPOINT, chunks_version: 99, vectors_version: 99 }));
      expect((await verifyIndex(configOf(path))).findings).toMatchObject([
        { code: 'checkpoint-ahead', severity: 'damage', count: 2 },
      ]);
      await rm(join(path, INDEX, 'lance'), { recursive: true });
      await writeSplitTables(path, rows, { place: 'lance', ...options });
      expect(await verifyIndex(configOf(path))).toMatchObject({
        clean: true,
        complete: false,
        findings: expect.arrayContaining([
          expect.objectContaining({ code: 'another-program', severity: 'unfinished' }),
        ]),
      });
      await parse(path);
      await expect(stat(checkpoint)).rejects.toMatchObject({ code: 'ENOENT' });
      const { clean, vectors, findings } = await verifyIndex(configOf(path));
      expect({ clean, vectors, findings }).toEqual({ clean: true, vectors: kept * 3, findings: [] });
    },
  );

  test('of one file that mcp-vector-search indexed since is no damage to verify, and told as its work by the next run', async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    await writeFiles(path, makeRows(3, 2));
    await parse(path);
    const connection = await connect(join(path, INDEX, 'lance'));
    const chunks = await connection.openTable('chunks');
    await chunks.update({
      where: "file_path = 'src/file1.py'",
      valuesSql: { chunk_id: "concat('ffff', left(chunk_id, 12))", embedding_batch_id: '0', file_hash: "'another'" },
    });
    connection.close();
    for (const depth of ['quick', 'full'] as const) {
      const { clean, findings } = await verifyIndex(configOf(path), { depth });
      expect(findings).toMatchObject([{ code: 'file-of-another', severity: 'unfinished', examples: ['src/file1.py'] }]);
      expect(clean).toBe(true);
    }
    const told: IndexEvent[] = [];
    expect((await parse(path, told)).files).toMatchObject({ parsed: 1, unchanged: 2 });
    expect(ofType(told, 'reconciled')).toMatchObject([{ cause: 'unknown', repairs: { 'files to parse again': 1 } }]);
    expect((await verifyIndex(configOf(path))).findings).toEqual([]);
  });

  test('that replaced ours is taken over again', async () => {
    await using directory = await temporaryDirectory();
    const rows = makeRows(3, 2);
    await writeFiles(directory.path, rows);
    await parse(directory.path);
    const checkpoint = join(directory.path, INDEX, 'tandem', 'checkpoint.json');
    await writeFile(checkpoint, '{}');
    await rm(join(directory.path, INDEX, 'lance'), { recursive: true });
    await writeSplitTables(directory.path, rows, { place: 'lance' });
    await using stores = await openStores(directory.path);
    expect(stores.externalImport).toEqual({ kept: 3, others: 0 });
    expect(stores.needsReparse.size).toBe(0);
    expect(Object.keys((await tableState(stores)).structure).sort()).toEqual(rows.map((row) => row.id).sort());
    await expect(stat(checkpoint)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('stays taken over while nothing changes, run after run', async () => {
    await using directory = await temporaryDirectory();
    await externalIndex(directory.path);
    const file = (name: string) => join(directory.path, INDEX, name);
    await writeFile(file('schema_version.json'), '{"version":"2.3.0"}');
    await parse(directory.path);
    // An older release's would make mcp-vector-search throw the tables away.
    const read = async (name: string) => JSON.parse(await readFile(file(name), 'utf8'));
    expect(await read('schema_version.json')).toMatchObject({ version: '2.4.0' });
    expect(await read('index_metadata.json')).toMatchObject({ index_version: '4.1.14' });
    const again = await parse(directory.path);
    expect(again.files).toMatchObject({ unchanged: 3, parsed: 0 });
    expect(again.chunks).toMatchObject({ total: 9, complete: 9 });
  });

  test('of another model is refused, not mixed', async () => {
    await using directory = await temporaryDirectory();
    const rows = makeRows(1, 1);
    await writeFiles(directory.path, rows);
    await writeSplitTables(directory.path, rows, { place: 'lance', model: 'Salesforce/codet5' });
    await expect(openForWriting(configOf(directory.path), {})).rejects.toMatchObject({ code: 'MODEL_CHANGED' });
  });

  test('is taken over to the end after a kill between structure rows and ledger', async () => {
    await using directory = await temporaryDirectory();
    const rows = await externalIndex(directory.path);
    {
      await using stores = await openStores(directory.path);
      expect(stores.externalImport).toEqual({ kept: 3, others: 0 });
      await stores.structure.table.delete(`chunk_id = '${rows[0]!.id}'`);
    }
    await rm(join(directory.path, INDEX, 'tandem', 'files.jsonl'));
    await using stores = await openStores(directory.path);
    expect(stores.externalImport).toEqual({ kept: 3, others: 0 });
    expect(stores.needsReparse.size).toBe(0);
    expect(Object.keys((await tableState(stores)).structure)).toHaveLength(rows.length);
  });
});

test('our own rows are never taken for foreign: without a ledger their files are parsed again', async () => {
  await using directory = await temporaryDirectory();
  await writeFiles(directory.path, makeRows(2, 1));
  await parse(directory.path);
  const ledger = join(directory.path, INDEX, 'tandem', 'files.jsonl');
  expect(await readFile(ledger, 'utf8')).not.toContain(TAKEN_OVER);
  await rm(ledger);
  await using stores = await openStores(directory.path);
  expect(stores.externalImport).toBeNull();
});

describe('rows that a kill of mcp-vector-search left out', () => {
  /** It deletes the rows of a batch and adds them again; the file's hash stands in those that are left. */
  async function withHole(root: string): Promise<MadeRow> {
    const rows = await externalIndex(root);
    const lost = rows.find(({ path, functionName }) => path === 'src/file1.py' && functionName === 'sell_1')!;
    const connection = await connect(join(root, INDEX, 'lance'));
    for (const name of ['chunks', 'vectors']) {
      const table = await connection.openTable(name);
      await table.delete(`chunk_id = '${lost.id}'`);
    }
    connection.close();
    return lost;
  }
  const incomplete = {
    code: 'file-incomplete',
    severity: 'unfinished',
    count: 1,
    examples: [expect.stringMatching(/^src\/file1\.py: .*sell_1/)],
  };

  test('are found by verify, and their file is parsed again by the next run', async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    await withHole(path);
    expect((await verifyIndex(configOf(path))).findings).toContainEqual(expect.objectContaining(incomplete));
    const told: IndexEvent[] = [];
    expect((await parse(path, told)).files).toMatchObject({ unchanged: 2, parsed: 1 });
    expect(told).toContainEqual({ type: 'notice', message: expect.stringMatching(/some of their chunks.*file1\.py/) });
    expect((await verifyIndex(configOf(path))).findings).toEqual([]);
    await using stores = await openStores(path);
    const contents = Object.values((await tableState(stores)).chunks);
    expect(contents.some((row) => /file1\.py.*sell_1\(self, n\):.*n \* 1/.test(row))).toBe(true);
  });

  test('are found in files that were taken over before', async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    await withHole(path);
    {
      await using stores = await openStores(path);
      expect(stores.externalImport).toEqual({ kept: 3, others: 0 });
    }
    expect((await verifyIndex(configOf(path))).findings).toContainEqual(expect.objectContaining(incomplete));
    expect((await parse(path)).files).toMatchObject({ unchanged: 2, parsed: 1 });
    expect((await verifyIndex(configOf(path))).findings).toEqual([]);
    expect((await parse(path)).files).toMatchObject({ unchanged: 3, parsed: 0 });
  });
});

test('lines and vectors that no index may hold are not taken over', async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  const rows = await externalIndex(path);
  const connection = await connect(join(path, INDEX, 'lance'));
  const chunks = await connection.openTable('chunks');
  await chunks.update({ where: `chunk_id = '${rows[1]!.id}'`, valuesSql: { start_line: '-5' } });
  const vectors = await connection.openTable('vectors');
  const long = Array.from(vectorOf('long'), (number) => number * 3);
  await vectors.update({ where: `chunk_id = '${rows.at(-1)!.id}'`, values: { vector: long } });
  connection.close();
  expect((await parse(path)).files).toMatchObject({ unchanged: 2, parsed: 1 });
  expect((await verifyIndex(configOf(path))).findings).toEqual([]);
  await using stores = await openStores(path);
  expect((await tableState(stores)).chunks[rows.at(-1)!.id]).toContain('"pending"');
});
