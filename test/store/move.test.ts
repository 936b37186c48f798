import fc from 'fast-check';
import { expect, test } from 'vitest';
import { replaceFiles } from '../../src/store/replace-files.ts';
import type { Place } from '../../src/store/tables/vectors.ts';
import { embedPending, makeFile, openStores, temporaryDirectory, texts, vectorOf, writerOf } from './make.ts';

const FILE = makeFile('a.py', texts('a', 60));

async function withVectors<T>(use: (stores: Awaited<ReturnType<typeof openStores>>) => Promise<T>): Promise<T> {
  await using directory = await temporaryDirectory();
  await using stores = await openStores(directory.path);
  await replaceFiles(writerOf(stores), [FILE]);
  await embedPending(stores, { mark: true });
  return await use(stores);
}

type Stores = Awaited<ReturnType<typeof openStores>>;

async function placesIn({ vectors }: Stores): Promise<Place[]> {
  const places: Place[] = [];
  const columns = ['chunk_id', 'start_line', 'end_line', 'parent_chunk_id', 'vector'];
  for await (const rows of vectors.table.scan({ columns })) {
    const [starts, ends] = [rows.integers('start_line'), rows.integers('end_line')];
    const [parents, floats] = [rows.strings('parent_chunk_id'), rows.floats('vector')];
    for (const [row, id] of rows.strings('chunk_id').entries()) {
      expect(floats.subarray(row * 384, (row + 1) * 384), 'the vector stays bit by bit').toEqual(vectorOf(id!));
      places.push({ chunkId: id!, startLine: starts[row]!, endLine: ends[row]!, parentChunkId: parents[row]! });
    }
  }
  return places.sort((a, b) => (a.chunkId < b.chunkId ? -1 : 1));
}

/** The same places, other lines and parents: few shifts, as after an edit, or as many as there are rows. */
const otherPlaces = fc
  .tuple(fc.constantFrom(1, 2, 60), fc.array(fc.nat(59), { maxLength: 60 }), fc.boolean())
  .map(([shifts, rows, hasOtherParents]) =>
    [...new Set(rows)].map((row) => {
      const { chunkId, startLine, endLine } = FILE.chunks[row]!;
      const by = (row % shifts) * 3 - 2;
      const parentChunkId = hasOtherParents && row % 2 === 0 ? `parent${row % 5}` : '';
      return { chunkId, startLine: startLine + by, endLine: endLine + 2 * by, parentChunkId };
    }),
  );

test('vectors take the places that are wanted, whatever they are, and all others keep theirs', () =>
  withVectors(async (stores) => {
    await fc.assert(
      fc.asyncProperty(otherPlaces, async (wanted) => {
        const expected = new Map((await placesIn(stores)).map((place) => [place.chunkId, place]));
        for (const place of wanted) expected.set(place.chunkId, place);
        await stores.vectors.move([...wanted, { chunkId: 'nobody', startLine: 1, endLine: 1, parentChunkId: '' }]);
        expect(await placesIn(stores)).toEqual([...expected.values()].sort((a, b) => (a.chunkId < b.chunkId ? -1 : 1)));
      }),
      { numRuns: 25 },
    );
  }));

test('what stands where it should is not written again', () =>
  withVectors(async (stores) => {
    const places = (await placesIn(stores)).map((place) => ({ ...place, startLine: place.startLine + 1 }));
    await stores.vectors.move(places);
    const version = await stores.vectors.table.version();
    await stores.vectors.move(places);
    expect(await stores.vectors.table.version()).toBe(version);
  }));

test('an edit is a commit or two, and more kinds of moves than that are one', () =>
  withVectors(async (stores) => {
    const commits = async (places: readonly Place[]) => {
      const before = await stores.vectors.table.version();
      await stores.vectors.move(places);
      return (await stores.vectors.table.version()) - before;
    };
    const places = await placesIn(stores);
    const below = places.slice(20);
    const shifted = below.map((place) => ({ ...place, startLine: place.startLine + 4, endLine: place.endLine + 4 }));
    expect(await commits(shifted)).toBe(1);
    expect(await commits(shifted.map((place, row) => ({ ...place, parentChunkId: row < 9 ? 'new' : 'other' })))).toBe(
      2,
    );
    expect(await commits(places.map((place, row) => ({ ...place, startLine: 100 + row * row })))).toBe(1);
  }));
