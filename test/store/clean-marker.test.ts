import { appendFile, copyFile, mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isMarkedClean, readCleanMarker } from '../../src/store/clean-marker.ts';
import { readManifests } from '../../src/store/lance/manifest.ts';
import { layoutOf } from '../../src/store/layout.ts';
import { readLedger } from '../../src/store/ledger.ts';
import { openForWriting, type WritableStores } from '../../src/store/open.ts';
import { reconcile } from '../../src/store/reconcile.ts';
import { removeFiles, replaceFiles } from '../../src/store/replace-files.ts';
import { DIMENSION, embedPending, makeFile, openStores, temporaryDirectory, texts, writerOf } from './make.ts';

const A = makeFile('a.py', texts('a', 10));
const B = makeFile('b.py', texts('b', 5));

async function write(stores: WritableStores): Promise<void> {
  await replaceFiles(writerOf(stores), [A, B, makeFile('empty.py', [])]);
  await embedPending(stores, { mark: true });
  await stores.ledger.compact();
  await stores.markClean();
}

/** An index at rest after a run that came to its end. */
async function settledIndex(root: string) {
  await using stores = await openStores(root);
  await write(stores);
  return stores.layout;
}

test('what is read from it is what reconcile finds in the tables', async () => {
  await using directory = await temporaryDirectory();
  const layout = await settledIndex(directory.path);
  await using stores = await openStores(directory.path);
  const settled = await readCleanMarker(layout, stores.ledger.files);
  const { rowCounts, needsReparse, repairs } = await reconcile(stores);
  expect({ needsReparse: needsReparse.size, repairs }).toEqual({ needsReparse: 0, repairs: {} });
  expect(settled?.lastBatchId).toBe(rowCounts.lastBatchId);
  expect(new Set(settled?.paths())).toEqual(new Set(rowCounts.paths()));
  for (const { path, sha256, chunks } of [A, B]) {
    expect(settled?.holds(path, sha256, chunks.length)).toBe(true);
    expect(rowCounts.holds(path, sha256, chunks.length)).toBe(true);
  }
});

test('a run that changes nothing leaves it as it is', async () => {
  await using directory = await temporaryDirectory();
  const layout = await settledIndex(directory.path);
  const before = await readFile(layout.cleanMarkerFile, 'utf8');
  {
    await using stores = await openStores(directory.path);
    await stores.markClean();
  }
  expect(await readFile(layout.cleanMarkerFile, 'utf8')).toBe(before);
  expect(await isMarkedClean(layout)).toBe(true);
});

test.each<[string, (stores: WritableStores) => Promise<unknown>]>([
  ['chunks', (stores) => stores.chunks.table.update("file_path = 'a.py'", { language: 'other' })],
  ['vectors', (stores) => stores.vectors.table.delete(`chunk_id = '${A.chunks[1]!.chunkId}'`)],
  ['structure', (stores) => stores.structure.table.delete(`chunk_id = '${A.chunks[1]!.chunkId}'`)],
  ['files', (stores) => removeFiles(writerOf(stores), ['a.py'])],
])('after a commit to %s without an end of the run the tables are read', async (_, commit) => {
  await using directory = await temporaryDirectory();
  const layout = await settledIndex(directory.path);
  {
    await using stores = await openStores(directory.path);
    await commit(stores);
  }
  expect(await isMarkedClean(layout)).toBe(false);
});

/** A data file of the newest version of a table. */
async function dataFile(table: string): Promise<string> {
  const [head] = await readManifests(table, 1);
  return join(table, 'data', head!.manifest!.fragments[0]!.files[0]!.name);
}

test.each<[string, (layout: ReturnType<typeof layoutOf>) => Promise<unknown>]>([
  ['a data file that is gone', async ({ vectorsTable }) => rm(await dataFile(vectorsTable))],
  ['a data file that was touched', async ({ chunksTable }) => utimes(await dataFile(chunksTable), 1, 1)],
  [
    'a data file that was put back from a copy',
    async ({ structureTable }) => {
      const path = await dataFile(structureTable);
      await copyFile(path, `${path}.copy`);
      await rename(`${path}.copy`, path);
    },
  ],
  ['a line more in the ledger', ({ ledgerFile }) => appendFile(ledgerFile, '\n')],
  ['no ledger', ({ ledgerFile }) => rm(ledgerFile)],
  ['nothing in the file', ({ cleanMarkerFile }) => writeFile(cleanMarkerFile, '')],
  [
    'another last batch',
    async ({ cleanMarkerFile }) => {
      const [sum, batchId] = (await readFile(cleanMarkerFile, 'utf8')).split(' ');
      await writeFile(cleanMarkerFile, `${sum} ${Number(batchId) - 1}`);
    },
  ],
])('with %s the tables are read', async (_, spoil) => {
  await using directory = await temporaryDirectory();
  const layout = await settledIndex(directory.path);
  expect(await isMarkedClean(layout)).toBe(true);
  await spoil(layout);
  expect(await isMarkedClean(layout)).toBe(false);
});

test('any bit flipped in it, and any end cut off, is noticed or changes nothing', async () => {
  await using directory = await temporaryDirectory();
  const layout = await settledIndex(directory.path);
  const whole = await readFile(layout.cleanMarkerFile);
  const files = await readLedger(layout.ledgerFile);
  const lastBatchIds = new Set<number | undefined>();
  for (const at of whole.keys()) {
    const flipped = Buffer.from(whole);
    flipped[at] = flipped[at]! ^ (1 << (at % 8));
    for (const spoilt of [flipped, whole.subarray(0, at)]) {
      await writeFile(layout.cleanMarkerFile, spoilt);
      lastBatchIds.add((await readCleanMarker(layout, files))?.lastBatchId);
    }
  }
  // Without its line end it says the same.
  expect([...lastBatchIds]).toEqual([undefined, 1]);
});

test('it is not written where the ledger does not tell what the tables hold, and an older one goes', async () => {
  await using directory = await temporaryDirectory();
  const layout = await settledIndex(directory.path);
  await using stores = await openStores(directory.path);
  await stores.ledger.append([], ['a.py']);
  await stores.markClean();
  await expect(readFile(layout.cleanMarkerFile)).rejects.toThrow('ENOENT');
});

test('where it can be neither read nor written the run ends well, and the next one reads the tables', async () => {
  await using directory = await temporaryDirectory();
  const layout = await settledIndex(directory.path);
  await rm(layout.cleanMarkerFile);
  await mkdir(join(layout.cleanMarkerFile, 'in-the-way'), { recursive: true });
  await using stores = await openStores(directory.path);
  await replaceFiles(writerOf(stores), [makeFile('c.py', texts('c', 3))]);
  await stores.markClean();
  expect(await isMarkedClean(layout)).toBe(false);
});

test('it is not written where nothing is flushed', async () => {
  await using directory = await temporaryDirectory();
  const indexDir = join(directory.path, '.mcp-vector-search');
  await using stores = await openForWriting({
    root: directory.path,
    indexDir,
    dimension: DIMENSION,
    durability: 'fast',
  });
  await write(stores);
  expect(await isMarkedClean(layoutOf(indexDir))).toBe(false);
});
