import { afterEach, describe, expect, test } from 'vitest';
import type { Embedder } from '../../src/embedding/embedder.ts';
import { describeModel } from '../../src/embedding/model/recipe.ts';
import { startEmbedder } from '../../src/embedding/open.ts';

// The letters D, X, T, O, N, Z, W of a text make its worker fail in one way or another: see the worker itself.
const workerUrl = new URL('./fixtures/faulty-worker.mjs', import.meta.url);
const described = await describeModel('/nowhere/all-MiniLM-L6-v2');

let embedder: Embedder | null = null;
async function start(workers: number, folder = '/nowhere'): Promise<Embedder> {
  embedder = await startEmbedder({ ...described, folder }, { workers, workerUrl, workerHeapMb: 64 });
  return embedder;
}
afterEach(async () => {
  await embedder?.close();
  embedder = null;
});

const harmless = Array.from({ length: 200 }, (_, number) => `text ${number} ${'ab'.repeat(number % 9)}`);
function withAt(texts: readonly string[], faults: Readonly<Record<number, string>>): string[] {
  return texts.map((text, index) => `${text}${faults[index] ?? ''}`);
}

describe.each([1, 2])('with %i workers, a text', (workers) => {
  test.each([
    ['D', 'kills the tokenizer', 'ended with code 4'],
    ['X', 'kills the model', 'ended with code 3'],
    ['O', 'exhausts the memory of its worker', 'memory'],
    ['T', 'makes the model throw', 'thrown on demand'],
    ['N', 'gets a vector that is not finite', 'not finite'],
    ['Z', 'gets a vector without length', 'norm 0'],
  ])('that holds %s (%s) is named with its reason, and takes no other with it', async (letter, _, reason) => {
    const engine = await start(workers);
    const expected = await engine.embed(harmless);
    const { vectors, failures } = await engine.embed(withAt(harmless, { 77: letter }));

    expect(failures).toEqual([{ index: 77, reason: expect.stringContaining(reason) }]);
    expect(vectors.subarray(77 * 384, 78 * 384).every((value) => value === 0)).toBe(true);
    vectors.copyWithin(77 * 384, 76 * 384, 77 * 384);
    expected.vectors.copyWithin(77 * 384, 76 * 384, 77 * 384);
    expect(Buffer.from(vectors.buffer).equals(Buffer.from(expected.vectors.buffer))).toBe(true);
  });
});

describe('an embedder', () => {
  test('survives several poisoned texts of one batch, of several kinds', async () => {
    const engine = await start(2);
    const { failures } = await engine.embed(withAt(harmless, { 3: 'X', 4: 'D', 90: 'T', 120: 'X', 199: 'D' }));
    expect(failures.map(({ index }) => index)).toEqual([3, 4, 90, 120, 199]);
    expect((await engine.embed(harmless)).failures).toEqual([]);
  });

  test('names every copy of a poisoned text', async () => {
    const engine = await start(2);
    const { failures } = await engine.embed(['aX', 'b', 'aX']);
    expect(failures.map(({ index }) => index)).toEqual([0, 2]);
  });

  test('gives up with the last reason when its workers die over and over and nothing gets done', async () => {
    const engine = await start(2);
    const doomed = Array.from({ length: 40 }, (_, number) => `${'a'.repeat(number)}X`);
    await expect(engine.embed(doomed)).rejects.toMatchObject({
      code: 'PLATFORM',
      message: expect.stringContaining('ended with code 3'),
    });
    await expect(engine.embed(['a'])).rejects.toMatchObject({ code: 'PLATFORM' });
  });

  test('that cannot load its model says why at once', async () => {
    await expect(start(2, '/somewhere/unloadable')).rejects.toMatchObject({
      code: 'PLATFORM',
      message: expect.stringContaining('no such model'),
    });
  });

  test('gives at an abort what it has, and is usable afterwards', async () => {
    const engine = await start(2);
    const abort = new AbortController();
    const slow = Array.from({ length: 100 }, (_, number) => `${'a'.repeat(number)}W`);
    const embedding = engine.embed(slow, abort.signal);
    const beside = engine.embed(harmless);
    const reason = new Error('the user is bored');
    abort.abort(reason);
    const all = [...slow.keys()];
    expect(await embedding).toMatchObject({ unfinished: all, failures: [], tokens: 0 });
    expect((await beside).failures).toEqual([]);
    expect((await engine.embed(slow, abort.signal)).unfinished).toEqual(all);
    expect((await engine.embed(['once more'])).failures).toEqual([]);
  });

  test('answers calls that overlap as it answers them one by one', async () => {
    const engine = await start(2);
    const batches = [harmless.slice(0, 70), harmless.slice(50, 150), withAt(harmless, { 5: 'X' })];
    const together = await Promise.all(batches.map((batch) => engine.embed(batch)));
    for (const [number, batch] of batches.entries()) expect(together[number]).toEqual(await engine.embed(batch));
  });

  test('rejects what is under way when it is closed, and everything after', async () => {
    const engine = await start(2);
    const embedding = engine.embed(['aW', 'bbW', 'cccW', 'ddddW', 'eeeeeW']);
    const rejected = expect(embedding).rejects.toThrow('closed');
    await engine.close();
    await rejected;
    await expect(engine.embed(['a'])).rejects.toThrow('closed');
    await engine.close();
  });
});
