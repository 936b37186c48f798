import { describe, expect, test } from 'vitest';
import { assignBatches } from '../../src/store/assign-batches.ts';
import { replaceFiles } from '../../src/store/replace-files.ts';
import { CHUNKS_SCHEMA, chunkRowsToArrow } from '../../src/store/tables/schema.ts';
import {
  embedPending,
  makeFile,
  openStores,
  type TableState,
  tableState,
  temporaryDirectory,
  texts,
  writerOf,
} from './make.ts';

const before = [makeFile('a.py', ['head', 'one', 'two']), makeFile('b.py', ['other', 'more']), makeFile('c.py', ['c'])];
const after = [makeFile('a.py', ['changed head', 'two', 'three'], 7), makeFile('b.py', []), makeFile('d.py', ['d'])];

class Killed extends Error {}

/** The state of an index that never was interrupted. */
async function uninterrupted(): Promise<TableState> {
  await using directory = await temporaryDirectory();
  await using stores = await openStores(directory.path);
  await replaceFiles(writerOf(stores), before);
  await replaceFiles(writerOf(stores), after);
  await embedPending(stores, { mark: true });
  return await tableState(stores);
}

describe('after a kill between two writes of Phase 1', () => {
  test.each(['phase1.structure-written', 'phase1.chunks-written', 'phase1.vectors-followed', 'phase1.durable'])(
    'at %s, parsing the same files again gives the state of an uninterrupted run',
    async (point) => {
      const expected = await uninterrupted();
      await using directory = await temporaryDirectory();
      {
        await using stores = await openStores(directory.path);
        await replaceFiles(writerOf(stores), before);
        await embedPending(stores, { mark: true });
        const kill = (name: string) => {
          if (name === point) throw new Killed(name);
        };
        await expect(replaceFiles(writerOf(stores, kill), after)).rejects.toThrow(Killed);
      }
      await using stores = await openStores(directory.path);
      await replaceFiles(writerOf(stores), after);
      await embedPending(stores, { mark: true });
      expect(await tableState(stores)).toEqual(expected);
    },
  );
});

describe('reconcile', () => {
  test('finds nothing to repair in an untouched index', async () => {
    await using directory = await temporaryDirectory();
    {
      await using stores = await openStores(directory.path);
      await replaceFiles(writerOf(stores), before);
      await embedPending(stores, { mark: true });
    }
    await using stores = await openStores(directory.path);
    expect(stores.repairs).toEqual({});
    expect(stores.rowCounts.rowsOf('a.py')).toBe(3);
    expect(stores.rowCounts.holds('a.py', before[0]!.sha256, 3)).toBe(true);
  });

  test('marks stored vectors that a kill left unmarked, so that they are not embedded again', async () => {
    await using directory = await temporaryDirectory();
    {
      await using stores = await openStores(directory.path);
      await replaceFiles(writerOf(stores), [makeFile('a.py', texts('a', 1000))]);
      await embedPending(stores, { mark: false });
    }
    await using stores = await openStores(directory.path);
    expect(stores.repairs).toEqual({ 'stored vectors marked complete': 1000 });
    expect(await stores.chunks.countPending()).toBe(0);
    expect(await stores.chunks.table.count("embedding_status = 'complete'")).toBe(1000);
  });

  test('leaves a chunk in error as it is when the rest of its batch is marked', async () => {
    await using directory = await temporaryDirectory();
    const file = makeFile('a.py', texts('a', 20));
    {
      await using stores = await openStores(directory.path);
      await replaceFiles(writerOf(stores), [file]);
      await stores.chunks.markError([{ chunkId: file.chunks[5]!.chunkId, reason: 'poison' }]);
      await embedPending(stores, { mark: false });
    }
    await using stores = await openStores(directory.path);
    expect(await stores.chunks.table.count("embedding_status = 'complete'")).toBe(19);
    expect(await stores.chunks.table.count("embedding_status = 'error' AND error_message = 'poison'")).toBe(1);
  });

  test('sets chunks that claim a vector they do not have to pending, in a batch of their own', async () => {
    await using directory = await temporaryDirectory();
    const file = makeFile('a.py', texts('a', 20));
    {
      await using stores = await openStores(directory.path);
      await replaceFiles(writerOf(stores), [file]);
      await embedPending(stores, { mark: true });
      await stores.vectors.deleteByIds(file.chunks.slice(0, 3).map((chunk) => chunk.chunkId));
    }
    await using stores = await openStores(directory.path);
    expect(stores.repairs).toEqual({ 'chunks without a vector set to pending': 3 });
    const { assigned } = await assignBatches(stores.chunks, stores.rowCounts.lastBatchId);
    expect(assigned).toBe(3);
    await embedPending(stores, { mark: true });
    expect(await stores.chunks.table.count("embedding_status = 'complete'")).toBe(20);
    expect(await stores.vectors.count()).toBe(20);
  });

  test('removes vectors and structure rows whose chunk is gone', async () => {
    await using directory = await temporaryDirectory();
    {
      await using stores = await openStores(directory.path);
      await replaceFiles(writerOf(stores), before);
      await embedPending(stores, { mark: true });
      await stores.chunks.table.delete("file_path = 'b.py'");
    }
    await using stores = await openStores(directory.path);
    expect(stores.repairs).toEqual({
      'vectors without a chunk removed': 2,
      'structure rows without a chunk removed': 2,
    });
    expect(await stores.vectors.count()).toBe(4);
  });

  test('distrusts a file one of whose chunks lost its structure row', async () => {
    await using directory = await temporaryDirectory();
    {
      await using stores = await openStores(directory.path);
      await replaceFiles(writerOf(stores), before);
      await stores.structure.table.delete(`chunk_id = '${before[0]!.chunks[1]!.chunkId}'`);
    }
    await using stores = await openStores(directory.path);
    expect([...stores.needsReparse]).toEqual(['a.py']);
    expect(stores.rowCounts.holds('a.py', before[0]!.sha256, 3)).toBe(false);
    expect(stores.rowCounts.holds('b.py', before[1]!.sha256, 2)).toBe(true);
  });

  test('takes out files whose rows are doubled, to be parsed again', async () => {
    await using directory = await temporaryDirectory();
    {
      await using stores = await openStores(directory.path);
      await replaceFiles(writerOf(stores), before);
      await embedPending(stores, { mark: true });
      const rows = before[0]!.chunks.map((chunk) => ({
        chunk,
        fileHash: before[0]!.sha256,
        status: 'pending' as const,
        batchId: 9,
        errorMessage: '',
        createdAt: '',
      }));
      expect(CHUNKS_SCHEMA.fields).toHaveLength(28);
      await stores.chunks.table.add(chunkRowsToArrow(rows, ''));
    }
    await using stores = await openStores(directory.path);
    expect([...stores.needsReparse]).toEqual(['a.py']);
    await replaceFiles(writerOf(stores), [before[0]!]);
    await embedPending(stores, { mark: true });
    expect(await stores.chunks.table.count()).toBe(6);
    expect(await stores.vectors.count()).toBe(6);
  });

  test('moves vectors that still stand where their chunk stood', async () => {
    await using directory = await temporaryDirectory();
    {
      await using stores = await openStores(directory.path);
      await replaceFiles(writerOf(stores), before);
      await embedPending(stores, { mark: true });
      const { chunkId } = before[0]!.chunks[1]!;
      await stores.vectors.move([{ chunkId, startLine: 99, endLine: 99, parentChunkId: 'nobody' }]);
    }
    await using stores = await openStores(directory.path);
    expect(stores.repairs).toEqual({ 'vectors moved to their chunk': 1 });
    expect(await stores.vectors.table.count('start_line = 99')).toBe(0);
  });

  test('gives processing rows, which mcp-vector-search leaves, another try', async () => {
    await using directory = await temporaryDirectory();
    {
      await using stores = await openStores(directory.path);
      await replaceFiles(writerOf(stores), before);
      await stores.chunks.table.update("file_path = 'a.py'", {
        embedding_status: 'processing',
        embedding_batch_id: 1_780_000_000,
      });
    }
    await using stores = await openStores(directory.path);
    expect(stores.rowCounts.lastBatchId).toBe(1);
    const { assigned } = await assignBatches(stores.chunks, stores.rowCounts.lastBatchId);
    expect(assigned).toBe(3);
    expect(await stores.chunks.table.count("embedding_status = 'pending' AND embedding_batch_id <= 2")).toBe(6);
  });
});
