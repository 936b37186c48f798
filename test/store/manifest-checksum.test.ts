import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { expect, test } from 'vitest';
import { hasWholeHead } from '../../src/store/lance/durability.ts';
import { newestFirst, parseManifest, readManifests } from '../../src/store/lance/manifest.ts';
import { readChecksum } from '../../src/store/lance/manifest-checksum.ts';
import { replaceFiles } from '../../src/store/replace-files.ts';
import { makeFile, openStores, temporaryDirectory, texts, writerOf } from './make.ts';

/** An index at rest, of two commits; returns the chunks table's path and its newest manifest's. */
async function atRest(root: string): Promise<{ table: string; head: string }> {
  await using stores = await openStores(root);
  await replaceFiles(writerOf(stores), [makeFile('a.py', texts('a', 10))]);
  await replaceFiles(writerOf(stores), [makeFile('b.py', texts('b', 10))]);
  const table = stores.chunks.table.path;
  return { table, head: await headOf(table) };
}

async function headOf(table: string): Promise<string> {
  const names = (await readdir(join(table, '_versions'))).filter((name) => name.endsWith('.manifest'));
  return join(table, '_versions', names.sort(newestFirst)[0]!);
}

/** One bit other, at a place where nothing else would tell. */
function flipped(bytes: Buffer): Buffer {
  const right = JSON.stringify(parseManifest('', bytes));
  for (let at = 0; ; at++) {
    const spoilt = Buffer.from(bytes);
    spoilt[at] = spoilt[at]! ^ 1;
    if (JSON.stringify(parseManifest('', spoilt)) === right) return spoilt;
  }
}

test('one flipped bit in the newest manifest of a table at rest is noticed by all who open it', async () => {
  await using directory = await temporaryDirectory();
  const { table, head } = await atRest(directory.path);
  expect(await hasWholeHead(table)).toBe(true);
  await writeFile(head, flipped(await readFile(head)));
  expect(await hasWholeHead(table)).toBe(false);
  expect((await readManifests(table))[0]).toMatchObject({ manifest: null }); // verify, repair and cleanup ask this
  await using stores = await openStores(directory.path);
  expect(stores.quarantined).toHaveLength(1);
  expect(await stores.chunks.table.count()).toBe(10);
});

test('a seal that is cut or has any bit flipped is passed over, and so is its absence', async () => {
  await using directory = await temporaryDirectory();
  const { table } = await atRest(directory.path);
  const path = join(table, 'tandem.seal');
  const whole = await readFile(path);
  for (const at of whole.keys()) {
    await writeFile(path, whole.subarray(0, at));
    expect(await hasWholeHead(table)).toBe(true);
    const spoilt = Buffer.from(whole);
    spoilt[at] = spoilt[at]! ^ (1 << (at % 8));
    await writeFile(path, spoilt);
    expect(await hasWholeHead(table)).toBe(true);
  }
  await rm(path);
  expect(await hasWholeHead(table)).toBe(true);
});

test('a writer breaks the seal when it begins and makes a new one when it ends; a killed one leaves none', async () => {
  await using directory = await temporaryDirectory();
  const { table, head } = await atRest(directory.path);
  expect(await readChecksum(table)).toMatchObject({ name: head.slice(head.lastIndexOf('/') + 1) });
  {
    await using stores = await openStores(directory.path);
    expect(await readChecksum(table)).toBeNull();
    await replaceFiles(writerOf(stores), [makeFile('c.py', texts('c', 3))]);
    expect(await readChecksum(table)).toBeNull();
  }
  expect(await headOf(table)).not.toBe(head);
  expect(await readChecksum(table)).toMatchObject({ name: (await headOf(table)).split('/').at(-1) });
});

test('what mcp-vector-search commits, or a table that it puts in the place, is not held against it', async () => {
  await using directory = await temporaryDirectory();
  const { table } = await atRest(directory.path);
  const connection = await connect(join(table, '..'));
  await (await connection.openTable('chunks')).delete("file_path = 'a.py'");
  expect(await hasWholeHead(table)).toBe(true);
  const rows = await (await connection.openTable('chunks')).query().toArray();
  await connection.createTable(
    'chunks',
    rows.map((row) => ({ chunk_id: String(row.chunk_id) })),
    {
      mode: 'overwrite',
    },
  );
  expect(await hasWholeHead(table)).toBe(true);
  await connection.dropTable('chunks');
  await connection.createTable('chunks', [{ chunk_id: 'a' }]);
  expect(await hasWholeHead(table)).toBe(true);
});
