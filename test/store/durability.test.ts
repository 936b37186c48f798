import { copyFile, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { layoutOf } from '../../src/store/layout.ts';
import { openForReading, peekVectors } from '../../src/store/open-for-reading.ts';
import { replaceFiles } from '../../src/store/replace-files.ts';
import { DIMENSION, makeFile, openStores, temporaryDirectory, texts, writerOf } from './make.ts';

async function newestManifest(table: string): Promise<string> {
  const names = (await readdir(join(table, '_versions'))).filter((name) => name.endsWith('.manifest')).sort();
  return join(table, '_versions', names[0]!);
}

/** Two commits; returns the chunks table's directory. */
async function twoVersions(root: string): Promise<string> {
  await using stores = await openStores(root);
  await replaceFiles(writerOf(stores), [makeFile('a.py', texts('a', 10))]);
  await replaceFiles(writerOf(stores), [makeFile('b.py', texts('b', 10))]);
  return stores.chunks.table.path;
}

describe('a newest manifest that a power cut spoiled', () => {
  test.each([
    ['empty', (path: string) => truncate(path, 0)],
    ['cut short', (path: string) => truncate(path, 40)],
    ['full of zeros', async (path: string) => writeFile(path, Buffer.alloc((await readFile(path)).length))],
  ])('because it is %s is set aside, and the version before is opened', async (_, spoil) => {
    await using directory = await temporaryDirectory();
    const table = await twoVersions(directory.path);
    await spoil(await newestManifest(table));
    const options = {
      root: directory.path,
      indexDir: join(directory.path, '.mcp-vector-search'),
      dimension: DIMENSION,
      durability: 'full' as const,
    };
    await expect(openForReading(options)).rejects.toMatchObject({ code: 'INDEX_DAMAGED' });
    await using stores = await openStores(directory.path);
    expect(stores.quarantined).toHaveLength(1);
    expect(await readdir(stores.layout.quarantineDir)).toHaveLength(1);
    expect(await stores.chunks.table.count()).toBe(10);
    await replaceFiles(writerOf(stores), [makeFile('b.py', texts('b', 10))]);
    expect(await stores.chunks.table.count()).toBe(20);
  });

  test('with no whole manifest left refuses to call the table empty', async () => {
    await using directory = await temporaryDirectory();
    const table = await twoVersions(directory.path);
    for (const name of await readdir(join(table, '_versions'))) {
      if (name.endsWith('.manifest')) await truncate(join(table, '_versions', name), 0);
    }
    await expect(openStores(directory.path)).rejects.toMatchObject({ code: 'INDEX_DAMAGED' });
  });
});

test('an older manifest that a power cut emptied is set aside, for the engine stumbles over it when it lists versions', async () => {
  await using directory = await temporaryDirectory();
  const table = await twoVersions(directory.path);
  const manifests = (await readdir(join(table, '_versions'))).filter((name) => name.endsWith('.manifest')).sort();
  await truncate(join(table, '_versions', manifests[1]!), 0);
  await rm(join(table, 'tandem.seal'), { force: true }); // a run that ended has flushed them all
  await using stores = await openStores(directory.path);
  expect(stores.quarantined).toEqual([]);
  expect(await readdir(stores.layout.quarantineDir)).toHaveLength(1);
  expect(await stores.chunks.table.count()).toBe(20);
  expect(await stores.chunks.table.engine.listVersions()).toHaveLength(manifests.length - 1);
});

test('a table whose creation was killed is created again', async () => {
  await using directory = await temporaryDirectory();
  const table = await twoVersions(directory.path);
  const structure = join(directory.path, '.mcp-vector-search', 'tandem', 'lance', 'structure.lance');
  for (const part of await readdir(structure)) {
    const { rm } = await import('node:fs/promises');
    await rm(join(structure, part), { recursive: true });
  }
  await using stores = await openStores(directory.path);
  expect(await stores.structure.table.count()).toBe(0);
  expect(stores.needsReparse.size).toBe(2);
  expect(await readdir(table)).toContain('data');
});

test('a first run that was killed while it made the table of vectors tells of no other model', async () => {
  await using directory = await temporaryDirectory();
  const layout = layoutOf(join(directory.path, '.mcp-vector-search'));
  await mkdir(join(layout.vectorsTable, '_transactions'), { recursive: true });
  await writeFile(join(layout.vectorsTable, '_transactions', '0-a.txn'), 'x');
  expect(await peekVectors(layout)).toBeNull();
  await using stores = await openStores(directory.path);
  expect(await stores.vectors.count()).toBe(0);
});

describe('the ledger', () => {
  test('passes over torn and damaged lines and keeps the rest', async () => {
    await using directory = await temporaryDirectory();
    let path = '';
    {
      await using stores = await openStores(directory.path);
      await replaceFiles(writerOf(stores), [makeFile('a.py', ['a']), makeFile("b'\n.py", ['b']), makeFile('c.py', [])]);
      path = stores.layout.ledgerFile;
    }
    const text = await readFile(path, 'utf8');
    await copyFile(path, `${path}.whole`);
    for (let length = 0; length < text.length; length++) {
      await writeFile(path, text.slice(0, length));
      const { readLedger } = await import('../../src/store/ledger.ts');
      const files = await readLedger(path);
      expect(files.size).toBeLessThanOrEqual(3);
      for (const record of files.values()) expect(record.chunkCount).toBe(record.path === 'c.py' ? 0 : 1);
    }
    await writeFile(path, text.replace('a.py', 'x.py'));
    await using stores = await openStores(directory.path);
    expect([...stores.ledger.files.keys()]).toEqual(["b'\n.py", 'c.py']);
  });
});
