// File names that are filters, and readers whose version mcp-vector-search takes away.
import { connect } from '@lancedb/lancedb';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layoutOf } from '../../src/store/layout.ts';
import { openForReading } from '../../src/store/open-for-reading.ts';
import { removeFiles, replaceFiles } from '../../src/store/replace-files.ts';
import { HOSTILE_NAMES } from '../hostile/tree.ts';
import { embedPending, makeFile, openStores, temporaryDirectory, texts, vectorOf, writerOf } from './make.ts';

test('a file is removed and replaced by its name alone, whatever the name', async () => {
  await using directory = await temporaryDirectory();
  await using stores = await openStores(directory.path);
  const names = fc.sample(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), { numRuns: 60, seed: 5 });
  const syntax = ["' OR 1=1 --", "') OR ('1'='1", "\\'", "''", '%', '_', '`', 'file_path', '\0', '\ud83d\ude00'];
  const paths = [...new Set([...HOSTILE_NAMES, ...syntax, ...names].map((name) => Buffer.from(name).toString()))];
  const files = paths.map((path, at) => makeFile(path, texts(`file ${at}`, 2)));
  await replaceFiles(writerOf(stores), files);
  await embedPending(stores, { mark: true });

  const counts = async () => {
    const rows = [
      await stores.chunks.table.count(),
      await stores.vectors.count(),
      await stores.structure.table.count(),
    ];
    return new Set(rows);
  };
  expect(await counts()).toEqual(new Set([2 * paths.length]));
  for (const [at, path] of paths.entries()) {
    if (at % 3 === 0) await removeFiles(writerOf(stores), [path]);
    if (at % 3 === 1) await replaceFiles(writerOf(stores), [makeFile(path, texts(`new ${at}`, 2))]);
  }
  const left = paths.filter((_, at) => at % 3 !== 0).length;
  await embedPending(stores, { mark: true });
  expect(await counts()).toEqual(new Set([2 * left]));
});

test('a search whose version mcp-vector-search removed answers from the latest', async () => {
  await using directory = await temporaryDirectory();
  await using stores = await openStores(directory.path);
  const file = makeFile('a.py', texts('a', 40));
  await replaceFiles(writerOf(stores), [file]);
  await embedPending(stores, { mark: true });
  const { indexDir, lanceDir } = layoutOf(stores.layout.indexDir);
  await using reader = await openForReading({
    root: directory.path,
    indexDir,
  });
  const nearest = () => reader.vectors!.nearest(vectorOf(file.chunks[7]!.chunkId), { limit: 1 });
  expect(await nearest()).toMatchObject([{ chunkId: file.chunks[7]!.chunkId }]);

  await replaceFiles(writerOf(stores), [makeFile('b.py', texts('b', 40))]);
  await embedPending(stores, { mark: true });
  const other = await (await connect(lanceDir)).openTable('vectors');
  await other.optimize({ cleanupOlderThan: new Date(Date.now() + 60_000), deleteUnverified: true });

  expect(await nearest()).toMatchObject([{ chunkId: file.chunks[7]!.chunkId }]);
  expect(await reader.vectors!.count()).toBe(80);
});
