import { appendFile, copyFile, mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readManifests } from '../../src/store/lance/manifest.ts';
import { layoutOf } from '../../src/store/layout.ts';
import { readLedger } from '../../src/store/ledger.ts';
import { openForWriting, type WritableStores } from '../../src/store/open.ts';
import { reconcile } from '../../src/store/reconcile.ts';
import { removeFiles, replaceFiles } from '../../src/store/replace-files.ts';
import { isSettled, readSettled } from '../../src/store/settled.ts';
import { DIMENSION, embedPending, makeFile, openStores, temporaryDirectory, texts, writerOf } from './make.ts';

const A = makeFile('a.py', texts('a', 10));
const B = makeFile('b.py', texts('b', 5));

async function write(stores: WritableStores): Promise<void> {
  await replaceFiles(writerOf(stores), [A, B, makeFile('empty.py', [])]);
  await embedPending(stores, { mark: true });
  await stores.ledger.compact();
  await stores.settle();
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
  const settled = await readSettled(layout, stores.ledger.files);
  const { census, distrusted, repairs } = await reconcile(stores);
  expect({ distrusted: distrusted.size, repairs }).toEqual({ distrusted: 0, repairs: {} });
  expect(settled?.lastBatchId).toBe(census.lastBatchId);
  expect(new Set(settled?.paths())).toEqual(new Set(census.paths()));
  for (const { path, sha256, chunks } of [A, B]) {
    expect(settled?.holds(path, sha256, chunks.length)).toBe(true);
    expect(census.holds(path, sha256, chunks.length)).toBe(true);
  }
});

test('a run that changes nothing leaves it as it is', async () => {
  await using directory = await temporaryDirectory();
  const layout = await settledIndex(directory.path);
  const before = await readFile(layout.settledFile, 'utf8');
  {
    await using stores = await openStores(directory.path);
    await stores.settle();
  }
  expect(await readFile(layout.settledFile, 'utf8')).toBe(before);
  expect(await isSettled(layout)).toBe(true);
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
  expect(await isSettled(layout)).toBe(false);
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
  ['nothing in the file', ({ settledFile }) => writeFile(settledFile, '')],
  [
    'another last batch',
    async ({ settledFile }) => {
      const [sum, batchId] = (await readFile(settledFile, 'utf8')).split(' ');
      await writeFile(settledFile, `${sum} ${Number(batchId) - 1}`);
    },
  ],
])('with %s the tables are read', async (_, spoil) => {
  await using directory = await temporaryDirectory();
  const layout = await settledIndex(directory.path);
  expect(await isSettled(layout)).toBe(true);
  await spoil(layout);
  expect(await isSettled(layout)).toBe(false);
});

test('any bit flipped in it, and any end cut off, is noticed or changes nothing', async () => {
  await using directory = await temporaryDirectory();
  const layout = await settledIndex(directory.path);
  const whole = await readFile(layout.settledFile);
  const files = await readLedger(layout.ledgerFile);
  const lastBatchIds = new Set<number | undefined>();
  for (const at of whole.keys()) {
    const flipped = Buffer.from(whole);
    flipped[at] = flipped[at]! ^ (1 << (at % 8));
    for (const spoilt of [flipped, whole.subarray(0, at)]) {
      await writeFile(layout.settledFile, spoilt);
      lastBatchIds.add((await readSettled(layout, files))?.lastBatchId);
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
  await stores.settle();
  await expect(readFile(layout.settledFile)).rejects.toThrow('ENOENT');
});

test('where it can be neither read nor written the run ends well, and the next one reads the tables', async () => {
  await using directory = await temporaryDirectory();
  const layout = await settledIndex(directory.path);
  await rm(layout.settledFile);
  await mkdir(join(layout.settledFile, 'in-the-way'), { recursive: true });
  await using stores = await openStores(directory.path);
  await replaceFiles(writerOf(stores), [makeFile('c.py', texts('c', 3))]);
  await stores.settle();
  expect(await isSettled(layout)).toBe(false);
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
  expect(await isSettled(layoutOf(indexDir))).toBe(false);
});
