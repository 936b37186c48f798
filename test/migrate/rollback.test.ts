// Going back: the old table byte for byte, the two tables kept aside, and a clear no where there is no way back.
import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { restoreOldTable } from '../../src/migrate/rollback.ts';
import { convertToDualTable } from '../../src/migrate/to-dual-table.ts';
import { detectLayout } from '../../src/store/open-for-reading.ts';
import { replaceFiles } from '../../src/store/replace-files.ts';
import { makeFile, openStores, temporaryDirectory, texts, writerOf } from '../store/make.ts';
import { bytesOf, makeOldProject, makeRows, targetOf, writeFiles, writeSplitTables } from './make-old.ts';

test('restores the old index byte for byte, and it can be migrated again', async () => {
  await using directory = await temporaryDirectory();
  const target = targetOf(directory.path);
  await makeOldProject(directory.path);
  await writeFile(join(target.indexDir, 'bm25_index.pkl'), 'a text index');
  await writeFile(join(target.indexDir, 'schema_version.json'), '{"version":"2.3.0"}');
  const before = await bytesOf(target.indexDir);
  for (let round = 0; round < 2; round++) {
    await convertToDualTable(target);
    expect(JSON.parse(await readFile(join(target.indexDir, 'schema_version.json'), 'utf8'))).toMatchObject({
      version: '2.4.0',
    });
    expect(JSON.parse(await readFile(join(target.indexDir, 'index_metadata.json'), 'utf8'))).toMatchObject({
      index_version: '4.1.14',
    });
    const report = await restoreOldTable(target);
    expect(report).toMatchObject({ newer: 0, tables: [{ from: 'code_search.backup', to: 'code_search.lance' }] });
    expect(await bytesOf(target.indexDir)).toEqual(before);
    expect((await readdir(join(report.kept, 'lance'))).sort()).toEqual(['chunks.lance', 'vectors.lance']);
  }
});

test('leaves nothing of a kill while metadata was written, and the temporary files of others', async () => {
  await using directory = await temporaryDirectory();
  const target = targetOf(directory.path);
  await makeOldProject(directory.path);
  await writeFile(join(target.indexDir, '.of-another-program.tmp'), 'theirs');
  const before = await bytesOf(target.indexDir);
  await convertToDualTable(target);
  await writeFile(join(target.indexDir, `.index_metadata.json.${randomUUID()}.tmp`), '{"half":');
  await restoreOldTable(target);
  expect(await bytesOf(target.indexDir)).toEqual(before);
});

test('takes back a config.json that the migration made', async () => {
  await using directory = await temporaryDirectory();
  const target = targetOf(directory.path);
  await makeOldProject(directory.path);
  await rm(join(target.indexDir, 'config.json'), { force: true });
  const before = await bytesOf(target.indexDir);
  await convertToDualTable(target);
  expect(JSON.parse(await readFile(join(target.indexDir, 'config.json'), 'utf8'))).toMatchObject({
    project_root: directory.path,
  });
  await restoreOldTable(target);
  expect(await bytesOf(target.indexDir)).toEqual(before);
});

test('restores split tables too', async () => {
  await using directory = await temporaryDirectory();
  const target = targetOf(directory.path);
  const rows = makeRows(2, 2);
  await writeFiles(directory.path, rows);
  await writeSplitTables(directory.path, rows);
  const before = await bytesOf(target.indexDir);
  await convertToDualTable(target);
  await restoreOldTable(target);
  expect(await bytesOf(target.indexDir)).toEqual(before);
});

test('says how many chunks were made since the migration', async () => {
  await using directory = await temporaryDirectory();
  const target = targetOf(directory.path);
  await makeOldProject(directory.path);
  await convertToDualTable(target);
  {
    await using stores = await openStores(directory.path);
    await replaceFiles(writerOf(stores), [makeFile('src/new.py', texts('new', 5))]);
  }
  expect(await restoreOldTable(target)).toMatchObject({ newer: 5 });
});

test('works where our own folder was lost, or the new tables are damaged', async () => {
  await using directory = await temporaryDirectory();
  const target = targetOf(directory.path);
  await makeOldProject(directory.path);
  const old = await bytesOf(join(target.indexDir, 'code_search.lance'));
  await convertToDualTable(target);
  await rm(join(target.indexDir, 'tandem'), { recursive: true });
  await rm(join(target.indexDir, 'lance', 'chunks.lance', '_versions'), { recursive: true });
  expect(await restoreOldTable(target)).toMatchObject({ newer: null });
  expect(await bytesOf(join(target.indexDir, 'code_search.lance'))).toEqual(old);
  expect(await detectLayout(target.indexDir)).toBe('code_search');
});

const refusals: [string, RegExp, (indexDir: string) => Promise<unknown>][] = [
  ['no backup', /no backup to go back to/, (dir) => rm(join(dir, 'code_search.backup'), { recursive: true })],
  [
    'a backup with a file missing',
    /not what the migration set aside/,
    async (dir) => {
      const data = join(dir, 'code_search.backup', 'data');
      await rm(join(data, (await readdir(data))[0]!));
    },
  ],
  [
    'a backup that was written to',
    /not what the migration set aside/,
    async (dir) => {
      const data = join(dir, 'code_search.backup', 'data');
      await appendFile(join(data, (await readdir(data))[0]!), 'more');
    },
  ],
  ['a new table in the place of the old', /in the way/, (dir) => mkdir(join(dir, 'code_search.lance'))],
];

test.each(refusals)('refuses %s and changes nothing', async (_name, message, spoil) => {
  await using directory = await temporaryDirectory();
  const target = targetOf(directory.path);
  await makeOldProject(directory.path);
  await convertToDualTable(target);
  await spoil(target.indexDir);
  const before = await bytesOf(target.indexDir);
  const attempt = restoreOldTable(target);
  await expect(attempt).rejects.toMatchObject({ code: 'MIGRATION_REFUSED', message: expect.stringMatching(message) });
  expect(await bytesOf(target.indexDir)).toEqual(before);
});

test('refuses an index that was never migrated, and a place without an index', async () => {
  await using directory = await temporaryDirectory();
  const target = targetOf(directory.path);
  await expect(restoreOldTable(target)).rejects.toMatchObject({ code: 'MIGRATION_REFUSED' });
  await makeOldProject(directory.path);
  const before = await bytesOf(directory.path);
  await expect(restoreOldTable(target)).rejects.toMatchObject({ code: 'MIGRATION_REFUSED' });
  expect(await bytesOf(directory.path)).toEqual(before);
});

test('a journal that cannot be read stops everything rather than guessing', async () => {
  await using directory = await temporaryDirectory();
  const target = targetOf(directory.path);
  await makeOldProject(directory.path);
  await convertToDualTable(target);
  const journal = join(target.indexDir, 'tandem', 'backup', 'journal.json');
  await rename(journal, `${journal}.real`);
  await writeFile(journal, '{"schema":1,');
  await expect(restoreOldTable(target)).rejects.toMatchObject({ code: 'INDEX_DAMAGED' });
  await rename(`${journal}.real`, journal);
  expect(await restoreOldTable(target)).toMatchObject({ newer: 0 });
});
