import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compactIfFragmented } from '../../src/store/lance/compact.ts';
import { replaceFiles } from '../../src/store/replace-files.ts';
import { embedPending, makeFile, openStores, tableState, temporaryDirectory, texts, writerOf } from './make.ts';

const flush = () => Promise.resolve();

test('a fragmented table becomes a few large fragments with the same rows, and can be marked and extended as before', async () => {
  await using directory = await temporaryDirectory();
  {
    await using stores = await openStores(directory.path);
    for (let i = 0; i < 70; i++) await replaceFiles(writerOf(stores), [makeFile(`f${i}.py`, texts(`f${i}`, 3))]);
    await stores.chunks.table.ensureScalarIndex('embedding_batch_id');
    await embedPending(stores, { mark: true });
    const before = await tableState(stores);
    for (const { table } of [stores.chunks, stores.vectors, stores.structure]) {
      expect((await table.engine.stats()).fragmentStats.numFragments).toBeGreaterThan(60);
      expect(await compactIfFragmented(table, flush)).toBeNull();
      expect((await table.engine.stats()).fragmentStats.numFragments).toBeLessThan(5);
    }
    expect(await tableState(stores)).toEqual(before);
    await replaceFiles(writerOf(stores), [
      makeFile('f0.py', texts('changed', 4)),
      makeFile('new.py', texts('new', 600)),
    ]);
    await embedPending(stores, { mark: true });
    expect(await stores.chunks.countPending()).toBe(0);
    expect(await stores.vectors.count()).toBe(69 * 3 + 4 + 600);
  }
  await using stores = await openStores(directory.path);
  expect(stores.repairs).toEqual({});
});

test('what a rewritten table leaves behind is removed once nobody can be reading it, and not before', async () => {
  await using directory = await temporaryDirectory();
  await using stores = await openStores(directory.path);
  const { table } = stores.chunks;
  for (let i = 0; i < 70; i++) await replaceFiles(writerOf(stores), [makeFile(`f${i}.py`, texts(`f${i}`, 30))]);
  await compactIfFragmented(table, flush);
  const countFiles = async () => (await readdir(join(table.path, 'data'))).length;
  expect(await countFiles()).toBeGreaterThan(70);
  const version = await table.version();
  await compactIfFragmented(table, flush);
  expect(await table.version()).toBe(version);
  await compactIfFragmented(table, flush, 0);
  expect(await countFiles()).toBeLessThan(5);
  expect(await table.count()).toBe(70 * 30);
});

test('a table of few fragments is left alone', async () => {
  await using directory = await temporaryDirectory();
  await using stores = await openStores(directory.path);
  await replaceFiles(writerOf(stores), [makeFile('a.py', texts('a', 3))]);
  const version = await stores.chunks.table.version();
  expect(await compactIfFragmented(stores.chunks.table, flush)).toBeNull();
  expect(await stores.chunks.table.version()).toBe(version);
});

test('a table that never held a row needs nothing', async () => {
  await using directory = await temporaryDirectory();
  await using stores = await openStores(directory.path);
  for (const { table } of [stores.chunks, stores.vectors]) expect(await compactIfFragmented(table, flush)).toBeNull();
});
