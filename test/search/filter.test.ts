// Filters in the engine's own words, over a real table.
import { describe, expect, test } from 'vitest';
import { globAsRegex } from '../../src/discover/glob.ts';
import { conditionOf, type NarrowFilter, type SearchFilter } from '../../src/search/filter.ts';
import { searchSimilar } from '../../src/search/search.ts';
import { replaceFiles } from '../../src/store/replace-files.ts';
import { embedPending, makeFile, openStores, temporaryDirectory, texts, vectorOf, writerOf } from '../store/make.ts';

async function filled(root: string) {
  const stores = await openStores(root);
  const files = ["src/it's (1).py", 'src/deep/b.py', 'test/b_test.py', 'web/c%_.ts'].map((path) =>
    makeFile(path, texts(path, 2)),
  );
  await replaceFiles(writerOf(stores), files);
  await embedPending(stores, { mark: true });
  return stores;
}

const narrowly = ({ files, ...filter }: SearchFilter): NarrowFilter => ({
  ...filter,
  files: files && { only: files.map((glob) => globAsRegex(glob)), not: [] },
});

describe('a search is narrowed', () => {
  test.each<[string, SearchFilter, string[]]>([
    ['by nothing', {}, ["src/it's (1).py", 'src/deep/b.py', 'test/b_test.py', 'web/c%_.ts']],
    ['by a glob', { files: ['src/*.py'] }, ["src/it's (1).py", 'src/deep/b.py']],
    ['by the end of a path', { files: ['b.py', '*_test.py'] }, ['src/deep/b.py', 'test/b_test.py']],
    ['by a name full of signs', { files: ["it's (1).py", 'c%_.ts'] }, ["src/it's (1).py", 'web/c%_.ts']],
    ['by a glob that is a filter of its own', { files: ["') OR true --"] }, []],
    [
      'by languages',
      { languages: ['go', 'python'] },
      ["src/it's (1).py", 'src/deep/b.py', 'test/b_test.py', 'web/c%_.ts'],
    ],
    ['by a language that is not there', { languages: ["py'thon"] }, []],
    ['by what to leave out', { except: ["src/it's (1).py"] }, ['src/deep/b.py', 'test/b_test.py', 'web/c%_.ts']],
    [
      'by two things at once',
      { files: ['*.py'], languages: ['python'], except: ['src/deep/b.py'] },
      ["src/it's (1).py", 'test/b_test.py'],
    ],
  ])('%s', async (_, filter, paths) => {
    await using directory = await temporaryDirectory();
    await using stores = await filled(directory.path);
    const where = conditionOf(narrowly(filter), await stores.vectors.table.columns());
    const found = await stores.vectors.nearest(vectorOf('00000000'), { limit: 100, where });
    expect([...new Set(found.map((row) => row.filePath))].sort()).toEqual([...paths].sort());
  });

  test('by the name of a function or class, also where only the kind tells', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await filled(directory.path);
    const names = async (filter: SearchFilter) => {
      const where = conditionOf(narrowly(filter), await stores.vectors.table.columns());
      return (await stores.vectors.nearest(vectorOf('1'), { limit: 100, where })).map((row) => row.name);
    };
    expect(new Set(await names({ functionName: 'n1' }))).toEqual(new Set(['n1']));
    expect(new Set(await names({ className: 'n0' }))).toEqual(new Set(['n0', 'n1']));
    expect(await names({ functionName: 'n0' })).toEqual([]);
    await stores.vectors.table.update("name = 'n1'", { function_name: '' });
    expect(new Set(await names({ functionName: 'n1' }))).toEqual(new Set(['n1']));
  });

  test('to what is like a file, without the file itself', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await filled(directory.path);
    const place = { ...stores, root: directory.path, showsSecrets: false };
    const hits = await searchSimilar(place, { file: 'src/deep/b.py' }, { limit: 100 });
    expect(hits).toHaveLength(6);
    expect(hits.map((hit) => hit.file_path)).not.toContain('src/deep/b.py');
    const best = hits[0]!.similarity_score;
    expect(await searchSimilar(place, { file: 'src/deep/b.py' }, { limit: 100, threshold: best })).toHaveLength(1);
    await expect(searchSimilar(place, { file: 'nowhere.py' }, { limit: 1 })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
