// The text index beside real tables: it holds what the chunks say, whatever was lost or left behind.
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { WritableStores } from '../../src/store/open.ts';
import { removeFiles, replaceFiles } from '../../src/store/replace-files.ts';
import { openTextIndex } from '../../src/text-index/open.ts';
import { scoreSegments } from '../../src/text-index/score.ts';
import { updateTextIndex } from '../../src/text-index/update.ts';
import { makeFile, openStores, temporaryDirectory, writerOf } from '../store/make.ts';

const update = (stores: WritableStores, fault: (name: string) => void = () => undefined) =>
  updateTextIndex({
    textDir: stores.layout.textDir,
    chunks: stores.chunks.table,
    assertHeld: () => stores.lock.assertHeld(),
    fault,
  });

const segmentsOf = (stores: WritableStores) =>
  readdirSync(stores.layout.textDir).filter((name) => name.endsWith('.seg'));

function flipBit(path: string): void {
  const bytes = readFileSync(path);
  bytes[100]! ^= 1;
  writeFileSync(path, bytes);
}

/** Paths that a word is found in, and how many chunks had to be read from the table. */
async function found(stores: WritableStores, word: string, useFiles = true) {
  const index = await openTextIndex(stores.layout.textDir, stores.chunks.table, { useFiles });
  const { scored } = scoreSegments(
    index.segments.map(({ segment }) => segment),
    new Map([[word, 1]]),
  );
  const paths = scored.flatMap(({ found: documents }, place) =>
    documents
      .filter((document) => !index.segments[place]!.isDead(document))
      .map((document) => index.segments[place]!.document(document).filePath),
  );
  index.close();
  return { paths: [...new Set(paths)].sort(), read: index.readDirectly };
}

async function filled(root: string): Promise<WritableStores> {
  const stores = await openStores(root);
  const words = { 'a.py': 'alpha', 'b.py': 'beta', "c's.py": 'gamma' };
  await replaceFiles(
    writerOf(stores),
    Object.entries(words).map(([path, word]) => makeFile(path, [`${word} common`, `${word} more`])),
  );
  await update(stores);
  return stores;
}

describe('the text index', () => {
  test('holds every chunk after an update, and the next update has nothing to do', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await filled(directory.path);
    expect(await found(stores, 'common')).toEqual({ paths: ['a.py', 'b.py', "c's.py"], read: 0 });
    const before = segmentsOf(stores);
    expect(await update(stores)).toBe(0);
    expect(segmentsOf(stores)).toEqual(before);
  });

  test('that is behind is completed from the table, without what is gone', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await filled(directory.path);
    await replaceFiles(writerOf(stores), [makeFile('b.py', ['delta common']), makeFile('new.py', ['delta'])]);
    await removeFiles(writerOf(stores), ['a.py']);
    const expected = { delta: ['b.py', 'new.py'], beta: [], alpha: [], common: ['b.py', "c's.py"] };
    for (const [word, paths] of Object.entries(expected)) {
      expect(await found(stores, word), word).toEqual({ paths, read: 2 });
    }
    await update(stores);
    for (const [word, paths] of Object.entries(expected)) {
      expect(await found(stores, word), word).toEqual({ paths, read: 0 });
    }
  });

  test('knows the new lines of chunks that only moved', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await filled(directory.path);
    const moved = makeFile('a.py', ['alpha common', 'alpha more'], 30);
    await replaceFiles(writerOf(stores), [{ ...moved, sha256: 'f'.repeat(64) }]);
    await update(stores);
    const index = await openTextIndex(stores.layout.textDir, stores.chunks.table, { useFiles: true });
    const live = index.segments.find((each) => each.find(moved.chunks[0]!.chunkId) >= 0)!;
    expect(live.document(live.find(moved.chunks[0]!.chunkId)).startLine).toBe(30);
    index.close();
  });

  test('keeps few segments through many small changes, and drops dead ones', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await filled(directory.path);
    for (let round = 0; round < 12; round++) {
      await replaceFiles(writerOf(stores), [makeFile('a.py', [`round${round} common`])]);
      await update(stores);
      expect(segmentsOf(stores).length).toBeLessThanOrEqual(4);
    }
    expect(await found(stores, 'round11')).toEqual({ paths: ['a.py'], read: 0 });
    expect((await found(stores, 'round10')).paths).toEqual([]);
  });

  test.each<[string, (textDir: string) => void]>([
    ['is lost', (dir) => rmSync(dir, { recursive: true })],
    ['has lost its manifest', (dir) => rmSync(join(dir, 'manifest.json'))],
    ['has a manifest that cannot be read', (dir) => writeFileSync(join(dir, 'manifest.json'), '{"schema":1,')],
    [
      'is of another format',
      (dir) => writeFileSync(join(dir, 'manifest.json'), '{"schema":1,"format":999,"chunks":"x","segments":[]}\n'),
    ],
    [
      'has a segment that was cut off',
      (dir) => truncateSync(join(dir, readdirSync(dir).find((n) => n.endsWith('.seg'))!), 9),
    ],
  ])('that %s answers all the same, and is built again', async (_, damage) => {
    await using directory = await temporaryDirectory();
    await using stores = await filled(directory.path);
    damage(stores.layout.textDir);
    expect(await found(stores, 'common')).toEqual({ paths: ['a.py', 'b.py', "c's.py"], read: 6 });
    expect(await update(stores)).toBe(3);
    expect(await found(stores, 'common')).toEqual({ paths: ['a.py', 'b.py', "c's.py"], read: 0 });
  });

  test('with a flipped bit in its postings is built again by the next update', async () => {
    await using directory = await temporaryDirectory();
    await using stores = await filled(directory.path);
    const [segment] = segmentsOf(stores);
    flipBit(join(stores.layout.textDir, segment!));
    expect(await update(stores)).toBe(3);
    expect(segmentsOf(stores)).not.toContain(segment);
    expect((await found(stores, 'common')).paths).toHaveLength(3);
  });

  test.each(['text-index.segment', 'text-index.built', 'text-index.written'])(
    'that was interrupted at %s is whole after the next update, with no file left over',
    async (point) => {
      await using directory = await temporaryDirectory();
      await using stores = await filled(directory.path);
      await replaceFiles(writerOf(stores), [makeFile('b.py', ['delta common'])]);
      const stop = (name: string) => {
        if (name === point) throw new Error('stopped');
      };
      await expect(update(stores, stop)).rejects.toThrow('stopped');
      expect((await found(stores, 'delta')).paths).toEqual(['b.py']);
      await update(stores);
      expect(await found(stores, 'delta')).toEqual({ paths: ['b.py'], read: 0 });
      const index = await openTextIndex(stores.layout.textDir, stores.chunks.table, { useFiles: true });
      expect(segmentsOf(stores)).toHaveLength(index.segments.length);
      index.close();
    },
  );
});
