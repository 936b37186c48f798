import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { IndexEvent } from '../../src/core/events.ts';
import type { Embedder } from '../../src/embedding/embedder.ts';
import { readCheckpoint } from '../../src/phase2-embed/checkpoint.ts';
import { embedPendingChunks, type Phase2Context } from '../../src/phase2-embed/pending-chunks.ts';
import { assignBatches } from '../../src/store/assign-batches.ts';
import type { WritableStores } from '../../src/store/open.ts';
import { replaceFiles } from '../../src/store/replace-files.ts';
import {
  DIMENSION,
  makeFile,
  openStores,
  sha256,
  type TableState,
  tableState,
  temporaryDirectory,
  texts,
  vectorOf,
  writerOf,
} from '../store/make.ts';

/** Vectors are a function of the text; texts that contain `poison` fail. */
function fakeEmbedder(): Embedder & { embedded: number } {
  return {
    identity: {
      modelId: 'test-model',
      dimension: DIMENSION,
      pooling: 'mean',
      normalized: true,
      tokenizerSha256: '',
    },
    recipe: '00000000',
    embedded: 0,
    async embed(batch, signal) {
      if (signal?.aborted) return nothingOf(batch);
      const vectors = new Float32Array(batch.length * DIMENSION);
      const failures: { index: number; reason: string }[] = [];
      for (const [row, text] of batch.entries()) {
        if (text.includes('poison')) failures.push({ index: row, reason: "it's poison" });
        else vectors.set(vectorOf(sha256(text)), row * DIMENSION);
      }
      this.embedded += batch.length - failures.length;
      return { vectors, failures, unfinished: [], tokens: batch.length * 10, reused: 0 };
    },
    close: () => Promise.resolve(),
  };
}

function nothingOf(batch: readonly string[]) {
  const vectors = new Float32Array(batch.length * DIMENSION);
  return { vectors, failures: [], unfinished: [...batch.keys()], tokens: 0, reused: 0 };
}

/** Embeds `count` texts of the batch during which it aborts. */
function stoppedIn(stopAt: number, count: number, controller: AbortController, reason: Error) {
  const embedder = fakeEmbedder();
  let calls = 0;
  const embed: Embedder['embed'] = async (batch, signal) => {
    if (++calls < stopAt) return embedder.embed(batch);
    if (signal?.aborted) return nothingOf(batch);
    const part = await embedder.embed(batch.slice(0, count));
    controller.abort(reason);
    const whole = nothingOf(batch);
    whole.vectors.set(part.vectors);
    return { ...part, vectors: whole.vectors, unfinished: whole.unfinished.slice(count) };
  };
  return { ...embedder, embed };
}

function contextOf(stores: WritableStores, more: Partial<Phase2Context> = {}): Phase2Context {
  return {
    ...stores,
    embedder: fakeEmbedder(),
    checkpointPath: stores.layout.checkpointFile,
    runId: 'run',
    newBatchId: () => ++stores.rowCounts.lastBatchId,
    makeDurable: stores.makeDurableOne,
    observe: () => undefined,
    fault: () => undefined,
    ...more,
  };
}

const CHUNKS = 6 * 512 + 100;
const files = [makeFile('a.py', texts('a', CHUNKS - 5)), makeFile('b.py', ['x', 'y', 'poison', 'z', 'w'])];

async function finalState(): Promise<TableState> {
  await using directory = await temporaryDirectory();
  await using stores = await openStores(directory.path);
  await replaceFiles(writerOf(stores), files);
  await embedPendingChunks(contextOf(stores), { batchesPerCheckpoint: 2 });
  return await tableState(stores);
}

describe('Phase 2', () => {
  test('embeds every pending chunk, keeps a poisoned one aside with its reason, and saves checkpoints', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    await replaceFiles(writerOf(stores), files);
    const events: IndexEvent[] = [];
    const result = await embedPendingChunks(contextOf(stores, { observe: (event) => events.push(event) }), {
      batchesPerCheckpoint: 2,
    });
    expect(result).toMatchObject({ embedded: CHUNKS - 1, failed: 1, checkpoints: 4 });
    expect(await stores.chunks.table.count("embedding_status = 'complete'")).toBe(CHUNKS - 1);
    expect(await stores.chunks.table.count("embedding_status = 'error' AND error_message = 'it''s poison'")).toBe(1);
    expect(await stores.vectors.count()).toBe(CHUNKS - 1);
    expect(events.filter((event) => event.type === 'checkpoint-saved')).toHaveLength(4);
    const checkpoint = await readCheckpoint(stores.layout.checkpointFile);
    expect(checkpoint).toMatchObject({
      state: 'read',
      value: { last_batch_id: 7, chunks_done: CHUNKS - 1, chunks_remaining: 0, run_id: 'run' },
    });
    expect(checkpoint.state === 'read' && checkpoint.value.data_files.length).toBeGreaterThan(0);
  });

  test.each([
    'phase2.errors-set-aside',
    'phase2.vectors-added',
    'phase2.vectors-durable',
    'phase2.marked',
    'phase2.marks-durable',
    'phase2.checkpoint-saved',
  ])('stopped at %s and run again ends as if it never was, and embeds two batches again at most', async (point) => {
    const expected = await finalState();
    for (const hit of [1, 2, 3]) {
      await using directory = await temporaryDirectory();
      let embedded = 0;
      {
        await using stores = await openStores(directory.path);
        await replaceFiles(writerOf(stores), files);
        let hits = 0;
        const fault = (name: string) => {
          if (name === point && ++hits === hit) throw new Error('killed');
        };
        const embedder = fakeEmbedder();
        const run = embedPendingChunks(contextOf(stores, { fault, embedder }), { batchesPerCheckpoint: 2 });
        await expect(run).rejects.toThrow('killed');
        embedded += embedder.embedded;
      }
      await using stores = await openStores(directory.path);
      const unmarked = await stores.chunks.table.count("embedding_status <> 'complete'");
      const vectors = await stores.vectors.count();
      expect(vectors).toBe(CHUNKS - unmarked);
      await assignBatches(stores.chunks, stores.rowCounts.lastBatchId);
      const embedder = fakeEmbedder();
      await embedPendingChunks(contextOf(stores, { embedder }), { batchesPerCheckpoint: 2 });
      embedded += embedder.embedded;
      expect(await tableState(stores)).toEqual(expected);
      expect(embedded - (CHUNKS - 1)).toBeLessThanOrEqual(1024);
    }
  });

  test('on an abort keeps what is stored, saves a checkpoint and rejects with the reason', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    await replaceFiles(writerOf(stores), files);
    const controller = new AbortController();
    const reason = new Error('enough');
    let batches = 0;
    const observe = (event: IndexEvent) => {
      if (event.type === 'progress' && ++batches === 3) controller.abort(reason);
    };
    const run = embedPendingChunks(contextOf(stores, { observe }), {
      batchesPerCheckpoint: 20,
      signal: controller.signal,
    });
    await expect(run).rejects.toBe(reason);
    const complete = await stores.chunks.table.count("embedding_status = 'complete'");
    expect(complete).toBeGreaterThanOrEqual(3 * 512);
    expect(complete).toBe(await stores.vectors.count());
    expect(JSON.parse(await readFile(stores.layout.checkpointFile, 'utf8'))).toMatchObject({ chunks_done: complete });
  });

  describe('on an abort in the middle of a batch', () => {
    const reason = new Error('enough');

    async function stop(
      stores: WritableStores,
      [stopAt, count]: readonly [number, number],
      more: Partial<Phase2Context> = {},
    ) {
      const controller = new AbortController();
      const embedder = stoppedIn(stopAt, count, controller, reason);
      const { lastBatchId } = await assignBatches(stores.chunks, stores.rowCounts.lastBatchId);
      stores.rowCounts.lastBatchId = lastBatchId;
      await embedPendingChunks(contextOf(stores, { embedder, ...more }), {
        batchesPerCheckpoint: 20,
        signal: controller.signal,
      });
    }

    const moments = [
      ['the first', [1, 200]],
      ['the second', [2, 1]],
      ['the last', [7, 99]],
      ['one that has nothing yet', [1, 0]],
    ] as const;
    test.each(moments)('(%s) stores what is embedded as a batch of its own', async (_, moment) => {
      await using directory = await temporaryDirectory();
      const stored = (moment[0] - 1) * 512 + moment[1];
      {
        await using stores = await openStores(directory.path);
        await replaceFiles(writerOf(stores), files);
        await expect(stop(stores, moment)).rejects.toBe(reason);
        const poisoned = await stores.chunks.table.count("embedding_status = 'error'");
        expect(await stores.vectors.count()).toBe(stored - poisoned);
        expect(await stores.chunks.table.count("embedding_status = 'complete'")).toBe(stored - poisoned);
        expect(await stores.chunks.countPending()).toBe(CHUNKS - stored);
        const idsOfDone = new Set<number>();
        const idsOfRest = new Set<number>();
        for await (const rows of stores.chunks.table.scan({ columns: ['embedding_status', 'embedding_batch_id'] })) {
          const ids = rows.integers('embedding_batch_id');
          for (const [row, status] of rows.strings('embedding_status').entries()) {
            (status === 'complete' ? idsOfDone : idsOfRest).add(ids[row]!);
          }
        }
        expect([...idsOfDone].filter((id) => idsOfRest.has(id))).toEqual([]);
        if (stored > 0) {
          expect(await readCheckpoint(stores.layout.checkpointFile)).toMatchObject({
            value: { chunks_done: stored - poisoned, chunks_remaining: CHUNKS - stored },
          });
        }
      }
      await using stores = await openStores(directory.path);
      await assignBatches(stores.chunks, stores.rowCounts.lastBatchId);
      await embedPendingChunks(contextOf(stores), { batchesPerCheckpoint: 2 });
      const rows = ({ chunks, vectors }: TableState) => ({ chunks: chunks.length, vectors: vectors.length });
      expect(rows(await tableState(stores))).toEqual(rows(await finalState()));
      expect(await stores.vectors.ids()).toHaveLength(CHUNKS - 1);
    });

    test('however often, in a project of less than a batch, makes progress until all is done', async () => {
      await using directory = await temporaryDirectory();
      for (let run = 1; run <= 3; run++) {
        await using stores = await openStores(directory.path);
        if (run === 1) await replaceFiles(writerOf(stores), [makeFile('a.py', texts('a', 100))]);
        await expect(stop(stores, [1, 30])).rejects.toBe(reason);
        expect(await stores.vectors.count()).toBe(30 * run);
      }
      await using stores = await openStores(directory.path);
      await embedPendingChunks(contextOf(stores), { batchesPerCheckpoint: 2 });
      expect(await stores.vectors.count()).toBe(100);
    });

    test('twice in one open index gives no batch id twice', async () => {
      await using directory = await temporaryDirectory();
      await using stores = await openStores(directory.path);
      await replaceFiles(writerOf(stores), files);
      await expect(stop(stores, [1, 10])).rejects.toBe(reason);
      await expect(stop(stores, [1, 20])).rejects.toBe(reason);
      expect(await stores.vectors.count()).toBe(30);
      expect(await stores.chunks.countPending()).toBe(CHUNKS - 30);
      const sizes = new Map<number, number>();
      for await (const rows of stores.vectors.table.scan({ columns: ['embedding_batch_id'] })) {
        for (const id of rows.integers('embedding_batch_id')) sizes.set(id, (sizes.get(id) ?? 0) + 1);
      }
      expect([...sizes.values()].sort((a, b) => a - b)).toEqual([10, 20]);
    });
  });

  test('with nothing pending does nothing', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    const embedder = fakeEmbedder();
    expect(await embedPendingChunks(contextOf(stores, { embedder }), { batchesPerCheckpoint: 20 })).toMatchObject({
      embedded: 0,
      checkpoints: 0,
    });
    expect(embedder.embedded).toBe(0);
  });
});
