// Tables that mcp-vector-search wrote in the present layout: taken over where files are as they were, vectors kept.
import { appendFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import { indexProject, openIndex } from '../../src/indexer.ts';
import { FOREIGN_CHUNKER } from '../../src/store/adopt.ts';
import { openStores, tableState, temporaryDirectory } from '../store/make.ts';
import { INDEX, type MadeRow, makeRows, writeFiles, writeSplitTables } from './make-old.ts';

async function foreignIndex(root: string, options: { hashes?: boolean } = {}): Promise<MadeRow[]> {
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

async function parse(root: string) {
  await using index = await openIndex(configOf(root), { mode: 'write' });
  return await indexProject(index, { phase: 1 });
}

describe('a foreign index', () => {
  test('gets structure rows with parents and a ledger, and keeps ids, states and vectors', async () => {
    await using directory = await temporaryDirectory();
    const rows = await foreignIndex(directory.path);
    await using stores = await openStores(directory.path);
    expect(stores.adopted).toBe(3);
    expect(stores.distrusted.size).toBe(0);
    const state = await tableState(stores);
    expect(Object.keys(state.vectors).sort()).toEqual(rows.map((row) => row.id).sort());
    for (const { id, parentId, path } of rows) expect(state.structure[id]).toBe(JSON.stringify([parentId, path]));
    expect(new Set([...stores.ledger.files.values()].map((file) => file.chunker))).toEqual(new Set([FOREIGN_CHUNKER]));
    expect(await stores.chunks.countPending()).toBe(0);
  });

  test('is not parsed by the next run, but for the file that changed and the one that is new', async () => {
    await using directory = await temporaryDirectory();
    const rows = await foreignIndex(directory.path);
    await appendFile(join(directory.path, 'src/file1.py'), '\n\ndef added():\n    return 1\n');
    await writeFile(join(directory.path, 'src/new.py'), 'def fresh():\n    return 2\n');
    const report = await parse(directory.path);
    expect(report.files).toMatchObject({ unchanged: 2, parsed: 2, removed: 0 });
    await using stores = await openStores(directory.path);
    const kept = rows.filter((row) => row.path !== 'src/file1.py').map((row) => row.id);
    expect(Object.keys((await tableState(stores)).vectors).sort()).toEqual(kept.sort());
    expect(stores.repairs).toEqual({});
  });

  test('without hashes and recorded times is parsed anew', async () => {
    await using directory = await temporaryDirectory();
    await foreignIndex(directory.path, { hashes: false });
    await rm(join(directory.path, INDEX, 'index_metadata.json'));
    expect((await parse(directory.path)).files).toMatchObject({ parsed: 3, unchanged: 0 });
  });

  test('without hashes is kept where the recorded times are the disk’s, and its rows get their hashes', async () => {
    await using directory = await temporaryDirectory();
    const rows = await foreignIndex(directory.path, { hashes: false });
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
      expect(stores.adopted).toBe(2);
      const kept = await stores.chunks.table.count("file_hash != ''");
      expect(kept).toBe(rows.filter((row) => row.path !== 'src/file1.py').length);
    }
    expect((await parse(directory.path)).files).toMatchObject({ unchanged: 2, parsed: 1 });
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
    expect(stores.adopted).toBe(3);
    expect(stores.distrusted.size).toBe(0);
    expect(Object.keys((await tableState(stores)).structure).sort()).toEqual(rows.map((row) => row.id).sort());
    await expect(stat(checkpoint)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('stays taken over while nothing changes, run after run', async () => {
    await using directory = await temporaryDirectory();
    await foreignIndex(directory.path);
    await parse(directory.path);
    const again = await parse(directory.path);
    expect(again.files).toMatchObject({ unchanged: 3, parsed: 0 });
    expect(again.chunks).toMatchObject({ total: 9, complete: 9 });
  });

  test('of another model is refused, not mixed', async () => {
    await using directory = await temporaryDirectory();
    const rows = makeRows(1, 1);
    await writeFiles(directory.path, rows);
    await writeSplitTables(directory.path, rows, { place: 'lance', model: 'Salesforce/codet5' });
    await expect(openStores(directory.path)).rejects.toMatchObject({ code: 'MODEL_CHANGED' });
  });

  test('is taken over to the end after a kill between structure rows and ledger', async () => {
    await using directory = await temporaryDirectory();
    const rows = await foreignIndex(directory.path);
    {
      await using stores = await openStores(directory.path);
      expect(stores.adopted).toBe(3);
      await stores.structure.table.delete(`chunk_id = '${rows[0]!.id}'`);
    }
    await rm(join(directory.path, INDEX, 'tandem', 'files.jsonl'));
    await using stores = await openStores(directory.path);
    expect(stores.adopted).toBe(3);
    expect(stores.distrusted.size).toBe(0);
    expect(Object.keys((await tableState(stores)).structure)).toHaveLength(rows.length);
  });
});

test('our own rows are never taken for foreign: without a ledger their files are parsed again', async () => {
  await using directory = await temporaryDirectory();
  await writeFiles(directory.path, makeRows(2, 1));
  await parse(directory.path);
  const ledger = join(directory.path, INDEX, 'tandem', 'files.jsonl');
  expect(await readFile(ledger, 'utf8')).not.toContain(FOREIGN_CHUNKER);
  await rm(ledger);
  await using stores = await openStores(directory.path);
  expect(stores.adopted).toBe(0);
});
