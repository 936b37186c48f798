import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { assignBatches } from '../../src/store/assign-batches.ts';
import type { TableHandle } from '../../src/store/lance/table.ts';
import { removeFiles, replaceFiles } from '../../src/store/replace-files.ts';
import { CHUNKS_SCHEMA, vectorsSchema } from '../../src/store/tables/schema.ts';
import {
  embedPending,
  makeFile,
  openStores,
  tableState,
  temporaryDirectory,
  texts,
  vectorOf,
  writerOf,
} from './make.ts';

async function countBytes(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}

async function countNulls(table: TableHandle, columns: readonly string[]): Promise<number> {
  return table.count(columns.map((column) => `${column} IS NULL`).join(' OR '));
}

describe('the chunks table', () => {
  test('carries exactly the 28 columns of mcp-vector-search, and no NULL', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    await replaceFiles(writerOf(stores), [makeFile('a.py', texts('a', 3))]);
    const columns = await stores.chunks.table.columns();
    expect(columns).toHaveLength(28);
    expect(columns).toEqual(CHUNKS_SCHEMA.fields.map((field) => field.name));
    expect(await countNulls(stores.chunks.table, columns)).toBe(0);
  });

  test('gives pending rows in whole batches of at most 512, numbered from 1', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    await replaceFiles(writerOf(stores), [makeFile('a.py', texts('a', 700)), makeFile('b.py', texts('b', 500))]);
    const batches: [number, number][] = [];
    for await (const batch of stores.chunks.pendingBatches({})) batches.push([batch.batchId, batch.chunks.length]);
    expect(batches).toEqual([
      [1, 512],
      [2, 512],
      [3, 176],
    ]);
  });

  test('goes on giving batches of its version while batches are marked', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    await replaceFiles(writerOf(stores), [makeFile('a.py', texts('a', 2000))]);
    const seen: string[] = [];
    for await (const batch of stores.chunks.pendingBatches({})) {
      seen.push(...batch.chunks.map((chunk) => chunk.chunkId));
      await stores.chunks.markComplete([batch.batchId]);
    }
    expect(new Set(seen).size).toBe(2000);
    expect(await stores.chunks.countPending()).toBe(0);
  });

  test('survives the removal of old versions by mcp-vector-search in the middle of the stream', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    for (let i = 0; i < 12; i++) await replaceFiles(writerOf(stores), [makeFile(`f${i}.py`, texts(`f${i}`, 1024))]);
    await using other = await openOther(directory.path);
    const seen: string[] = [];
    for await (const batch of stores.chunks.pendingBatches({})) {
      seen.push(...batch.chunks.map((chunk) => chunk.chunkId));
      await stores.chunks.markComplete([batch.batchId]);
      if (seen.length === 1024) {
        await other.table.checkoutLatest();
        await other.table.optimize({ cleanupOlderThan: new Date(Date.now() + 60_000), deleteUnverified: true });
      }
    }
    expect(seen).toHaveLength(12 * 1024);
    expect(new Set(seen).size).toBe(12 * 1024);
  });

  test('leaves a chunk in error alone when its batch is marked', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    const file = makeFile('a.py', texts('a', 10));
    await replaceFiles(writerOf(stores), [file]);
    await stores.chunks.markError([{ chunkId: file.chunks[3]!.chunkId, reason: "it's poison" }]);
    await stores.chunks.markComplete([1]);
    expect(await stores.chunks.table.count("embedding_status = 'complete'")).toBe(9);
    expect(await stores.chunks.table.count("embedding_status = 'error' AND embedding_batch_id = 0")).toBe(1);
    const { assigned } = await assignBatches(stores.chunks, 1);
    expect(assigned).toBe(1);
    expect(await stores.chunks.table.count("embedding_status = 'pending' AND error_message = ''")).toBe(1);
  });

  test('marking 10,240 rows writes a few bytes per row, on a fragmented and on an optimized table', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    for (let i = 0; i < 20; i++) {
      await replaceFiles(writerOf(stores), [makeFile(`f${i}.py`, texts(`f${i} ${'lorem ipsum '.repeat(40)}`, 1024))]);
    }
    await stores.chunks.table.ensureScalarIndex('embedding_batch_id');
    const mark = async (from: number) => {
      const before = await countBytes(stores.chunks.table.path);
      await stores.chunks.markComplete(Array.from({ length: 20 }, (_, index) => from + index));
      return (await countBytes(stores.chunks.table.path)) - before;
    };
    expect(await mark(1)).toBeLessThan(10_240 * 4);
    expect(await stores.chunks.table.count("embedding_status = 'complete'")).toBe(10_240);
    await stores.chunks.table.engine.optimize();
    expect(await mark(21)).toBeLessThan(10_240 * 16);
    expect(await stores.chunks.countPending()).toBe(0);
    expect(await countNulls(stores.chunks.table, await stores.chunks.table.columns())).toBe(0);
    expect(await stores.chunks.table.count()).toBe(20_480);
  });
});

/** mcp-vector-search's handle on the chunks table. */
async function openOther(root: string) {
  const { connect } = await import('@lancedb/lancedb');
  const connection = await connect(join(root, '.mcp-vector-search', 'lance'));
  const table = await connection.openTable('chunks');
  return {
    table,
    async [Symbol.asyncDispose]() {
      table.close();
      connection.close();
    },
  };
}

describe('the vectors table', () => {
  test('carries 15 columns without NULL, then three of ours', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    await replaceFiles(writerOf(stores), [makeFile('a.py', texts('a', 3))]);
    await embedPending(stores, { mark: true });
    const columns = await stores.vectors.table.columns();
    expect(columns).toEqual(vectorsSchema(384).fields.map((field) => field.name));
    expect(columns).toHaveLength(18);
    expect(await countNulls(stores.vectors.table, columns)).toBe(0);
  });

  test('stores the very bytes it was given', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    await replaceFiles(writerOf(stores), [makeFile('a.py', texts('a', 5))]);
    await embedPending(stores, { mark: true });
    for await (const rows of stores.vectors.table.scan({ columns: ['chunk_id', 'vector'] })) {
      const floats = rows.floats('vector');
      for (const [row, id] of rows.strings('chunk_id').entries()) {
        expect(floats.subarray(row * 384, (row + 1) * 384)).toEqual(vectorOf(id!));
      }
    }
  });

  test.each([
    ['too few numbers', (v: Float32Array) => v.subarray(1)],
    ['an infinity', (v: Float32Array) => v.map((x, i) => (i === 7 ? Number.POSITIVE_INFINITY : x))],
    ['not a number', (v: Float32Array) => v.map((x, i) => (i === 7 ? Number.NaN : x))],
    ['zeros', (v: Float32Array) => v.map(() => 0)],
  ])('refuses a vector with %s and stores nothing', async (_, spoil) => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    await replaceFiles(writerOf(stores), [makeFile('a.py', ['one'])]);
    for await (const batch of stores.chunks.pendingBatches({})) {
      const vectors = spoil(vectorOf(batch.chunks[0]!.chunkId));
      await expect(
        stores.vectors.add({ ...batch, parentChunkIds: [''], vectors, modelId: 'm', recipe: 'r' }),
      ).rejects.toMatchObject({ code: 'MODEL_DAMAGED' });
    }
    expect(await stores.vectors.count()).toBe(0);
  });

  test('finds the nearest first', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    const file = makeFile('a.py', texts('a', 50));
    await replaceFiles(writerOf(stores), [file]);
    await embedPending(stores, { mark: true });
    const wanted = file.chunks[17]!.chunkId;
    const [first, second] = await stores.vectors.nearest(vectorOf(wanted), { limit: 2 });
    expect(first).toMatchObject({ chunkId: wanted, filePath: 'a.py', content: 'a text 17', startLine: 18 });
    expect(first!.distance).toBeLessThan(second!.distance);
  });
});

describe('replacing files', () => {
  test('an edit above a chunk keeps its vector and moves its lines and its parent in both tables', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    const writer = writerOf(stores);
    await replaceFiles(writer, [makeFile('a.py', ['head', 'one', 'two']), makeFile('b.py', ['other'])]);
    await embedPending(stores, { mark: true });
    const fresh = await replaceFiles(writer, [makeFile('a.py', ['head, changed', 'one', 'two', 'three'], 5)]);
    expect(fresh).toBe(2);
    expect(await stores.chunks.countPending()).toBe(2);
    expect(await stores.vectors.count()).toBe(3);
    await embedPending(stores, { mark: true });

    await using cleanDirectory = await temporaryDirectory();
    await using clean = await openStores(cleanDirectory.path);
    await replaceFiles(writerOf(clean), [
      makeFile('a.py', ['head, changed', 'one', 'two', 'three'], 5),
      makeFile('b.py', ['other']),
    ]);
    await embedPending(clean, { mark: true });
    expect(await tableState(stores)).toEqual(await tableState(clean));
  });

  test('a file without chunks and a removed file leave no row behind', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    const writer = writerOf(stores);
    await replaceFiles(writer, [
      makeFile('a.py', texts('a', 3)),
      makeFile('b.py', texts('b', 3)),
      makeFile('c.py', ['c']),
    ]);
    await embedPending(stores, { mark: true });
    await replaceFiles(writer, [makeFile('a.py', [])]);
    await removeFiles(writer, ['b.py', 'never-there.py']);
    const state = await tableState(stores);
    for (const table of Object.values(state)) expect(Object.keys(table)).toHaveLength(1);
    expect([...stores.ledger.files.keys()].sort()).toEqual(['a.py', 'c.py']);
  });

  test('a file that could not be read keeps its rows and is remembered as failed', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    const writer = writerOf(stores);
    await replaceFiles(writer, [makeFile('a.py', texts('a', 3))]);
    await replaceFiles(writer, [{ ...makeFile('a.py', []), sha256: '', status: 'unfinished', reason: 'EACCES' }]);
    expect(await stores.chunks.table.count()).toBe(3);
    expect(stores.ledger.files.get('a.py')).toMatchObject({ status: 'unfinished', chunkCount: 3, sha256: '' });
  });

  test.each(["it's.py", "x' OR '1'='1", 'new\nline.py', 'back\\slash', 'percent%_', 'émoji😀.py', '; --', '\u202ertl'])(
    'a file named %j is replaced and removed alone',
    async (name) => {
      await using directory = await temporaryDirectory();
      await using stores = await openStores(directory.path);
      const writer = writerOf(stores);
      await replaceFiles(writer, [makeFile(name, texts('a', 2)), makeFile('other.py', texts('b', 2))]);
      await replaceFiles(writer, [makeFile(name, texts('changed', 1))]);
      expect(await stores.chunks.table.count()).toBe(3);
      await removeFiles(writer, [name]);
      expect(await stores.chunks.table.count()).toBe(2);
    },
  );

  test('two chunks of a batch that lose their neighbours keep status and batch', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    const writer = writerOf(stores);
    await replaceFiles(writer, [makeFile('a.py', texts('a', 4))]);
    await replaceFiles(writer, [makeFile('a.py', [...texts('a', 2), 'new'])]);
    const batches: [number, number][] = [];
    for await (const batch of stores.chunks.pendingBatches({})) batches.push([batch.batchId, batch.chunks.length]);
    expect(batches.sort()).toEqual([
      [1, 2],
      [2, 1],
    ]);
  });
});

describe('discarding an index in which nothing was stored', () => {
  test('takes its directory away', async () => {
    await using directory = await temporaryDirectory();
    await (await openStores(directory.path)).discard();
    expect(await readdir(directory.path)).toEqual([]);
  });

  test('leaves what another process brought in meanwhile', async () => {
    await using directory = await temporaryDirectory();
    const stores = await openStores(directory.path);
    await writeFile(join(stores.layout.tandemDir, 'theirs'), '');
    await stores.discard();
    expect(await readdir(stores.layout.tandemDir)).toEqual(['theirs']);
  });
});
