// Rows by their ids, also after the table has changed under a handle that remembers where they were.
import { expect, test } from 'vitest';
import { replaceFiles } from '../../src/store/replace-files.ts';
import { rowsByIds } from '../../src/store/tables/by-ids.ts';
import { makeFile, openStores, temporaryDirectory, texts, writerOf } from './make.ts';

test('are the same however often they are asked for, and those of now after a change', async () => {
  await using directory = await temporaryDirectory();
  await using stores = await openStores(directory.path);
  const { table } = stores.chunks;
  await replaceFiles(writerOf(stores), [makeFile('a.py', texts('a', 4)), makeFile('b.py', texts('b', 4))]);
  const idsNow = async () => {
    const ids: string[] = [];
    for await (const rows of table.scan({ columns: ['chunk_id'] })) ids.push(...rows.strings('chunk_id').map(String));
    return ids;
  };
  const contents = async (ids: readonly string[]) => {
    const found: [string, string][] = [];
    for await (const rows of rowsByIds(table, ['chunk_id', 'file_path'], ids)) {
      const paths = rows.strings('file_path');
      for (const [row, id] of rows.strings('chunk_id').entries()) found.push([id ?? '', paths[row] ?? '']);
    }
    return found.sort();
  };
  const before = await idsNow();
  const first = await contents([...before, 'nowhere']);
  expect(first).toHaveLength(8);
  for (let time = 0; time < 3; time++) expect(await contents([...before, 'nowhere'])).toEqual(first);
  expect(await contents(['nowhere'])).toEqual([]);
  await replaceFiles(writerOf(stores), [makeFile('a.py', texts('new', 3))]);
  const after = await idsNow();
  for (let time = 0; time < 3; time++) {
    const found = await contents([...before, ...after]);
    expect(found.map(([id]) => id)).toEqual([...new Set(after)].sort());
    expect(found.filter(([, path]) => path === 'b.py')).toEqual(first.filter(([, path]) => path === 'b.py'));
  }
});
