// Filters that can match something, and those that cannot.
import { describe, expect, test } from 'vitest';
import type { SearchFilter } from '../../src/search/filter.ts';
import { findSimilarFile, narrow } from '../../src/search/narrow.ts';
import { replaceFiles } from '../../src/store/replace-files.ts';
import { embedPending, makeFile, openStores, temporaryDirectory, texts, writerOf } from '../store/make.ts';

/** Two files of which one is embedded; in each a class n0 with a method n1. */
async function filled(root: string) {
  const stores = await openStores(root);
  await replaceFiles(writerOf(stores), [makeFile('src/a.py', texts('a', 2))]);
  await embedPending(stores, { mark: true });
  await replaceFiles(writerOf(stores), [makeFile('src/later.py', texts('b', 3))]);
  return stores;
}

const changedFiles = async () => ({ commit: 'c0ffee', paths: ['src/a.py', 'not/indexed.py'] });

async function narrowed(filter: SearchFilter) {
  await using directory = await temporaryDirectory();
  await using stores = await filled(directory.path);
  const { path: root } = directory;
  const languageCalled = (name: string) => (name === 'py' ? 'python' : name === 'rs' ? 'rust' : undefined);
  return await narrow({ ...stores, root, from: root, languageCalled, changedFiles }, filter);
}

describe('a filter', () => {
  test('that is not given is not applied', async () => {
    const { filter, applied } = await narrowed({});
    expect(filter).toEqual({});
    expect(Object.values(applied).every((each) => each === null)).toBe(true);
  });

  test('becomes what the engine is asked, and it is told how', async () => {
    const { filter, applied } = await narrowed({ files: ['a.py', '!later.py'], languages: ['PY'], functionName: 'n1' });
    expect(filter).toMatchObject({ languages: ['python'], functionName: 'n1' });
    expect([filter.files?.only.length, filter.files?.not.length]).toEqual([1, 1]);
    expect(applied).toMatchObject({
      files: [
        { typed: 'a.py', taken_as: 'path', patterns: ['a.py'], excludes: false, matched_files: 1 },
        { typed: '!later.py', taken_as: 'path', patterns: ['later.py'], excludes: true, matched_files: 1 },
      ],
      languages: [{ typed: 'PY', language: 'python', nearest: null }],
      function: 'n1',
      class: null,
    });
  });

  test('counts chunks that are not embedded yet', async () => {
    expect((await narrowed({ files: ['later.py'], functionName: 'n2' })).applied.files).toMatchObject([
      { matched_files: 1 },
    ]);
  });

  test('may have values that match nothing beside others, which are told', async () => {
    const { filter, applied } = await narrowed({ files: ['a.py', 'aa.py'], languages: ['pyton', 'python'] });
    expect(filter.languages).toEqual(['python']);
    expect(applied.files?.[1]).toMatchObject({ typed: 'aa.py', taken_as: null, nearest: 'src/a.py' });
    expect(applied.languages?.[0]).toEqual({ typed: 'pyton', language: null, nearest: 'python' });
  });

  test.each<[SearchFilter, RegExp, RegExp]>([
    [{ files: ['src/aa.py'] }, /no indexed file matches "src\/aa\.py"/, /did you mean src\/a\.py\?/],
    [{ files: ['*.rs', 'x/'] }, /no indexed file matches "\*\.rs", "x\/"/, /a folder or a glob/],
    [{ languages: ['pyton'] }, /no indexed file is in "pyton"/, /did you mean python\? the index has: python/],
    [{ languages: ['rs'] }, /no indexed file is in "rs"/, /^the index has: python$/],
    [{ functionName: 'N1' }, /no function in the index is named "N1"/, /did you mean n1\?/],
    [{ functionName: 'n0' }, /no function in the index is named "n0"/, /did you mean n1\?/],
    [{ className: 'Nowhere' }, /no class in the index is named "Nowhere"/, /compared whole/],
    [{ files: ['a.py'], functionName: 'n2' }, /no chunk matches all of them/, /leave one of them out/],
    [{ files: ['!src'] }, /no chunk matches all of them/, /leave one of them out/],
  ])('that can match nothing is refused: %j', async (filter, message, hint) => {
    await expect(narrowed(filter)).rejects.toMatchObject({
      code: 'NOTHING_MATCHES',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  test('of an index without a chunk matches nothing', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await openStores(directory.path);
    const { path: root } = directory;
    const ctx = { ...stores, root, from: root, languageCalled: () => undefined, changedFiles };
    await expect(narrow(ctx, { files: ['a.py'] })).rejects.toMatchObject({ code: 'NOTHING_MATCHES' });
    await expect(narrow(ctx, { languages: ['go'] })).rejects.toMatchObject({ hint: 'the index has no chunk yet' });
    expect((await narrow(ctx, {})).filter).toEqual({});
  });
});

test('a file to compare with is found, or it is said why not', async () => {
  await using directory = await temporaryDirectory();
  await using stores = await filled(directory.path);
  const ctx = { ...stores, root: directory.path, from: directory.path };
  expect(await findSimilarFile(ctx, './src/a.py')).toBe('src/a.py');
  await expect(findSimilarFile(ctx, 'src/aa.py')).rejects.toMatchObject({
    code: 'USAGE',
    hint: expect.stringContaining('did you mean src/a.py?'),
  });
  await expect(findSimilarFile(ctx, 'later.py')).rejects.toMatchObject({
    code: 'NOTHING_MATCHES',
    message: expect.stringContaining('not embedded yet'),
  });
});
