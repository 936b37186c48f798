// Tables that a newer engine wrote: refused with a code of their own, and never set aside as damaged.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newestFirst } from '../../src/store/lance/manifest.ts';
import { openForReading } from '../../src/store/open-for-reading.ts';
import { replaceFiles } from '../../src/store/replace-files.ts';
import { makeFile, openStores, temporaryDirectory, texts, writerOf } from './make.ts';

/** The manifest of the next version, as `change` makes it of the newest one. Returns the names of all. */
async function addVersion(table: string, change: (manifest: Buffer) => Buffer): Promise<string[]> {
  const versions = join(table, '_versions');
  const manifests = async () =>
    (await readdir(versions)).filter((name) => name.endsWith('.manifest')).sort(newestFirst);
  const newest = (await manifests())[0]!;
  const next = `${BigInt(newest.slice(0, -'.manifest'.length)) - 1n}.manifest`; // names count down
  await writeFile(join(versions, next), change(await readFile(join(versions, newest))));
  return manifests();
}

function withMajorVersion(manifest: Buffer): Buffer {
  const changed = Buffer.from(manifest);
  changed.writeUInt16LE(1, manifest.length - 8);
  return changed;
}

/** Field 9, the reader's feature flags, with the value 128 at the end of the message. */
function withUnknownFlag(manifest: Buffer): Buffer {
  const footer = manifest.length - 16;
  const at = Number(manifest.readBigUInt64LE(footer));
  const changed = Buffer.concat([
    manifest.subarray(0, footer),
    Buffer.from([9 << 3, 0x80, 1]),
    manifest.subarray(footer),
  ]);
  changed.writeUInt32LE(manifest.readUInt32LE(at) + 3, at);
  return changed;
}

test.each([
  ['a format of the next major version', withMajorVersion, /format 1\.2/],
  ['a feature that is not known', withUnknownFlag, /flags 1\d\d/],
])('%s is refused by readers and writers, and stays where it is', async (_, change, message) => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  let table = '';
  {
    await using stores = await openStores(path);
    await replaceFiles(writerOf(stores), [makeFile('a.py', texts('a', 10))]);
    table = stores.chunks.table.path;
  }
  const names = await addVersion(table, change);
  const refusal = { code: 'FORMAT_TOO_NEW', message: expect.stringMatching(message) };
  await expect(openForReading({ root: path, indexDir: join(path, '.mcp-vector-search') })).rejects.toMatchObject(
    refusal,
  );
  await expect(openStores(path)).rejects.toMatchObject(refusal);
  expect((await readdir(join(table, '_versions'))).filter((name) => name.endsWith('.manifest'))).toHaveLength(
    names.length,
  );
});
