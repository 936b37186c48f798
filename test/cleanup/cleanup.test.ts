// What an index keeps without needing it goes; what a reader or a rollback needs stays, at whatever moment it is stopped.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type RemoveOptions, removeWaste } from '../../src/cleanup/remove-waste.ts';
import { restoreOldTable } from '../../src/migrate/rollback.ts';
import { convertToDualTable } from '../../src/migrate/to-dual-table.ts';
import { acquireLock } from '../../src/store/lock/lock.ts';
import { openForReading } from '../../src/store/open-for-reading.ts';
import { replaceFiles } from '../../src/store/replace-files.ts';
import { smallProject, tandem } from '../cli/care.ts';
import { bytesOf, makeOldProject, targetOf } from '../migrate/make-old.ts';
import {
  DIMENSION,
  embedPending,
  makeFile,
  openStores,
  type TemporaryDirectory,
  tableState,
  temporaryDirectory,
  texts,
  writerOf,
} from '../store/make.ts';

const MODEL = { dimension: DIMENSION, modelId: 'sentence-transformers/all-MiniLM-L6-v2' };

function clean(root: string, options: RemoveOptions = {}) {
  return removeWaste({ ...targetOf(root), durability: 'full' }, MODEL, options);
}

/** Five files in several versions, with deleted rows, an index and no row pending; the files are on disk. */
async function usedIndex(): Promise<TemporaryDirectory> {
  const directory = await temporaryDirectory();
  await using stores = await openStores(directory.path);
  await stores.chunks.table.ensureScalarIndex('embedding_batch_id');
  for (let round = 0; round < 2; round++) {
    for (let file = 0; file < 5; file++) {
      const path = `src/f${file}.py`;
      await mkdir(dirname(join(directory.path, path)), { recursive: true });
      await writeFile(join(directory.path, path), 'x = 1\n');
      await replaceFiles(writerOf(stores), [makeFile(path, texts(`${path} ${round * (file % 2)}`, 4))]);
    }
    await embedPending(stores, { mark: true });
  }
  return directory;
}

async function stateOf(root: string) {
  await using stores = await openStores(root);
  expect(stores.repairs).toEqual({});
  return await tableState(stores);
}

/** As if all had been written `minutes` ago. */
async function age(root: string, minutes: number): Promise<void> {
  const then = Date.now() / 1000 - minutes * 60;
  for (const entry of await readdir(targetOf(root).indexDir, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), then, then);
  }
}

const kindsOf = (report: { freed: readonly { kind: string }[] }) => new Set(report.freed.map(({ kind }) => kind));
const versions = (root: string, table = 'chunks') =>
  readdir(join(targetOf(root).indexDir, 'lance', `${table}.lance`, '_versions'));

test('a dry run says what would be freed, takes no lock and changes nothing', async () => {
  await using project = await usedIndex();
  const { indexDir } = targetOf(project.path);
  const lock = await acquireLock(join(indexDir, 'tandem', 'lock'));
  const before = await bytesOf(project.path);
  const report = await clean(project.path, { dryRun: true, now: true });
  expect(report).toMatchObject({ schema: 1, dry_run: true, index_dir: indexDir });
  expect(kindsOf(report)).toContain('old-versions');
  expect(report.bytes).toBeGreaterThan(1_000);
  expect(await bytesOf(project.path)).toEqual(before);
  await expect(clean(project.path)).rejects.toMatchObject({ code: 'INDEX_LOCKED' });
  await lock.release();
});

describe('old versions', () => {
  test('go with --now, and every row, deletion and index is as before', async () => {
    await using project = await usedIndex();
    const before = await stateOf(project.path);
    const planned = await clean(project.path, { dryRun: true, now: true });
    const report = await clean(project.path, { now: true });
    expect(report.freed).toEqual(planned.freed);
    expect((await versions(project.path)).filter((name) => name.endsWith('.manifest'))).toHaveLength(1);
    expect(await stateOf(project.path)).toEqual(before);
    {
      await using stores = await openStores(project.path);
      await replaceFiles(writerOf(stores), [makeFile('src/f0.py', texts('again', 4))]);
      await embedPending(stores, { mark: true });
      expect(await stores.chunks.table.count('embedding_batch_id > 0')).toBe(20);
    }
    expect(Object.keys((await stateOf(project.path)).vectors)).toHaveLength(20);
  });

  test('stay while a reader may need them, and go ten minutes after they were replaced', async () => {
    await using project = await usedIndex();
    const { root, indexDir } = targetOf(project.path);
    await age(root, 30);
    await using reader = await openForReading({ root, indexDir });
    {
      await using stores = await openStores(root);
      await replaceFiles(writerOf(stores), [makeFile('src/f1.py', texts('newer', 4))]);
      await embedPending(stores, { mark: true });
    }
    const before = (await versions(root)).length;
    expect(kindsOf(await clean(root))).toEqual(new Set(['old-versions']));
    expect((await versions(root)).length).toBeLessThan(before);
    let rows = 0;
    for await (const batch of reader.chunks.table.scan({ columns: ['content'] }))
      rows += batch.strings('content').length;
    expect(rows).toBe(20); // the version that it opened is still whole
    expect(kindsOf(await clean(root))).toEqual(new Set());
  });
});

test('files that no version names go when they are an hour old, or at once with --now', async () => {
  await using project = await usedIndex();
  const { indexDir } = targetOf(project.path);
  await age(project.path, 9);
  await clean(project.path, { now: true });
  const before = await stateOf(project.path);
  const strays = [
    'lance/chunks.lance/data/left.lance',
    'lance/vectors.lance/data/.tmpXyz',
    `tandem/.run.json.${randomUUID()}.tmp`,
  ];
  for (const name of strays) await writeFile(join(indexDir, name), 'left behind');
  expect((await clean(project.path, { dryRun: true })).freed).toEqual([]);
  for (const name of strays) await utimes(join(indexDir, name), 1, 1);
  expect(await clean(project.path, { dryRun: true })).toMatchObject({ bytes: 3 * 'left behind'.length });
  expect(kindsOf(await clean(project.path))).toEqual(new Set(['strays']));
  for (const name of strays) expect(await readdir(dirname(join(indexDir, name)))).not.toContain(name.split('/').at(-1));
  expect(await stateOf(project.path)).toEqual(before);
});

test('chunks of files that are gone go from all tables, unless all are gone', async () => {
  await using project = await usedIndex();
  await rm(join(project.path, 'src/f2.py'));
  expect((await clean(project.path, { dryRun: true })).freed[0]?.what).toMatch(/^4 chunks of 1 files/);
  await clean(project.path);
  const { chunks, vectors, structure } = await stateOf(project.path);
  for (const table of [chunks, vectors, structure]) expect(Object.keys(table)).toHaveLength(16);
  await rm(join(project.path, 'src'), { recursive: true });
  expect(kindsOf(await clean(project.path, { now: true }))).not.toContain('vanished-files');
  expect(Object.keys((await stateOf(project.path)).chunks)).toHaveLength(16);
});

test('what was not whole and had been set aside goes', async () => {
  await using project = await usedIndex();
  const quarantine = join(targetOf(project.path).indexDir, 'tandem', 'quarantine');
  await mkdir(quarantine);
  await writeFile(join(quarantine, 'run.json-1'), '{');
  expect(kindsOf(await clean(project.path))).toContain('quarantine');
  await expect(readdir(quarantine)).rejects.toThrow('ENOENT');
});

describe('backups', () => {
  test('of a migration go, and with them the way back, which says so', async () => {
    await using directory = await temporaryDirectory();
    await makeOldProject(directory.path);
    await convertToDualTable(targetOf(directory.path));
    const before = await stateOf(directory.path);
    expect(kindsOf(await clean(directory.path))).toEqual(new Set(['backups']));
    expect(await readdir(targetOf(directory.path).indexDir)).not.toContain('code_search.backup');
    await expect(restoreOldTable(targetOf(directory.path))).rejects.toThrow('no backup');
    expect(await stateOf(directory.path)).toEqual(before);
  });

  test('of a rollback go, and the old table stays byte for byte', async () => {
    await using directory = await temporaryDirectory();
    const target = targetOf(directory.path);
    await makeOldProject(directory.path);
    const before = await bytesOf(target.indexDir);
    expect((await clean(directory.path)).freed).toEqual([]);
    await convertToDualTable(target);
    await restoreOldTable(target);
    expect(kindsOf(await clean(directory.path))).toEqual(new Set(['backups']));
    expect(await bytesOf(target.indexDir)).toEqual(before);
    expect(await readdir(join(target.indexDir, 'tandem'))).toEqual([]);
    expect(await convertToDualTable(target)).toMatchObject({ state: 'migrated' });
  });
});

test('stopped after every single removal, it comes to its end when run again, and no row is lost on the way', async () => {
  await using directory = await temporaryDirectory();
  await makeOldProject(directory.path);
  await convertToDualTable(targetOf(directory.path));
  {
    await using stores = await openStores(directory.path);
    for (let i = 0; i < 3; i++) await replaceFiles(writerOf(stores), [makeFile('src/new.py', texts(`v${i}`, 2))]);
    await embedPending(stores, { mark: true });
    await writeFile(join(directory.path, 'src/new.py'), 'x = 1\n');
  }
  const before = await stateOf(directory.path);
  let stops = 0;
  for (let isDone = false; !isDone; stops++) {
    let hits = 0;
    const fault = () => {
      if (++hits > stops % 3) throw new Error('stopped');
    };
    isDone = await clean(directory.path, { now: true, fault }).then(
      () => true,
      (error: Error) => {
        expect(error.message).toBe('stopped');
        return false;
      },
    );
    expect(await stateOf(directory.path)).toEqual(before);
  }
  expect(stops).toBeGreaterThan(10);
  expect((await clean(directory.path, { now: true })).freed).toEqual([]);
});

test.each(['phase1.removed-chunks', 'cleanup.vanished-removed'])(
  'stopped at %s while it removes what is gone, it leaves an index that is unfinished and not damaged',
  async (point) => {
    await using project = await smallProject();
    const root = project.path;
    expect(tandem('index', root).code).toBe(0);
    await rm(join(root, 'src', 'b.ts'));
    const stop = (name: string) => {
      if (name === point) throw new Error('stopped');
    };
    const model = { dimension: 384, modelId: MODEL.modelId };
    await expect(removeWaste({ ...targetOf(root), durability: 'full' }, model, { fault: stop })).rejects.toThrow(
      'stopped',
    );
    expect(tandem('verify', root)).toMatchObject({ code: 4, stdout: expect.not.stringContaining('damaged:') });
    expect(tandem('index', root).code).toBe(0);
    expect(tandem('verify', root).code).toBe(0);

    await rm(join(root, 'src', 'a.py'));
    expect(tandem('cleanup', root).code).toBe(0);
    expect(tandem('verify', root).code, 'once it is over the index is as complete as before').toBe(0);
  },
);

test('there is nothing to clean where there is no index', async () => {
  await using directory = await temporaryDirectory();
  await expect(clean(directory.path)).rejects.toMatchObject({ code: 'NO_INDEX' });
  expect(await readdir(directory.path)).toEqual([]);
});
