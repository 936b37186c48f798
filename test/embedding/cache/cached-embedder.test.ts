import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cachedEmbedder } from '../../../src/embedding/cache/cached-embedder.ts';
import { openVectorCache } from '../../../src/embedding/cache/vector-cache.ts';
import type { Embedder } from '../../../src/embedding/embedder.ts';
import { DIMENSION, sha256, vectorOf } from '../../store/make.ts';

/** Takes its time, fails texts with `poison`, remembers what it was asked. */
function recorder(): Embedder & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    identity: { modelId: 'm', dimension: DIMENSION, pooling: 'mean', normalized: true, tokenizerSha256: '' },
    recipe: '00000000',
    async embed(texts, _signal, onProgress) {
      asked.push(...texts);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const failures = texts.flatMap((text, index) => (text.includes('poison') ? [{ index, reason: 'poison' }] : []));
      const vectors = new Float32Array(texts.length * DIMENSION);
      for (const [row, text] of texts.entries()) {
        if (!text.includes('poison')) vectors.set(vectorOf(sha256(text)), row * DIMENSION);
      }
      onProgress?.(texts.length);
      return { vectors, failures, unfinished: [], tokens: texts.length, reused: 0 };
    },
    close: () => Promise.resolve(),
  };
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tandem-cache-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open(inner: Embedder, where = directory): Embedder {
  const options = { directory: where, dimension: DIMENSION, onProblem: () => undefined, makeRoom: () => undefined };
  return cachedEmbedder(inner, openVectorCache(options));
}

const expected = (texts: readonly string[]) => {
  const all = new Float32Array(texts.length * DIMENSION);
  for (const [row, text] of texts.entries()) all.set(vectorOf(sha256(text)), row * DIMENSION);
  return all;
};

describe('an embedder with a cache', () => {
  test('embeds a text once, however often and in however many calls at once it comes', async () => {
    const inner = recorder();
    const embedder = open(inner);
    const calls = [
      ['a', 'b', 'a'],
      ['b', 'c'],
      ['c', 'a', 'd'],
    ];
    const results = await Promise.all(calls.map((texts) => embedder.embed(texts)));
    await embedder.close();
    for (const [index, texts] of calls.entries()) expect(results[index]!.vectors).toEqual(expected(texts));
    expect(inner.asked.sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(results.map(({ reused }) => reused)).toEqual([0, 0, 0]);
  });

  test('takes from an earlier run what it had, says how much, and embeds the rest', async () => {
    const earlier = open(recorder());
    await earlier.embed(['a', 'b']);
    await earlier.close();
    const inner = recorder();
    const embedder = open(inner);
    const result = await embedder.embed(['x', 'a', 'b', 'a', 'y']);
    await embedder.close();
    expect(result.vectors).toEqual(expected(['x', 'a', 'b', 'a', 'y']));
    expect({ reused: result.reused, asked: inner.asked }).toEqual({ reused: 3, asked: ['x', 'y'] });
  });

  test('does not keep a failure: it is told at each place of its text and tried again the next time', async () => {
    const inner = recorder();
    const embedder = open(inner);
    const { failures } = await embedder.embed(['poison', 'a', 'poison']);
    expect(failures).toEqual([
      { index: 0, reason: 'poison' },
      { index: 2, reason: 'poison' },
    ]);
    await embedder.embed(['poison']);
    await embedder.close();
    expect(inner.asked).toEqual(['poison', 'a', 'poison']);
  });

  test('after an abort gives and keeps what the engine had, for each place of a text', async () => {
    const inner = recorder();
    const abort = new AbortController();
    /** Has the first two texts when the signal comes. */
    const stopped: Embedder = {
      ...inner,
      async embed(texts) {
        const part = await inner.embed(texts.slice(0, 2));
        abort.abort();
        const vectors = new Float32Array(texts.length * DIMENSION);
        vectors.set(part.vectors);
        return { ...part, vectors, unfinished: [...texts.keys()].slice(2) };
      },
    };
    const embedder = open(stopped);
    const texts = ['a', 'b', 'c', 'a', 'd', 'c', 'e'];
    const waiting = embedder.embed(['c', 'b'], abort.signal);
    const [first, second] = await Promise.all([embedder.embed(texts, abort.signal), waiting]);
    await embedder.close();
    const had = (result: typeof first, those: readonly string[]) =>
      those.filter((_, index) => !result.unfinished.includes(index));
    expect(second).toMatchObject({ vectors: expected(['c', 'b']), unfinished: [] });
    expect(had(first, texts)).toEqual(['a', 'b', 'c', 'a', 'd', 'c']);
    expect(first.unfinished).toEqual([6]);
    const later = recorder();
    const again = open(later);
    const result = await again.embed(texts);
    await again.close();
    expect(result).toMatchObject({ vectors: expected(texts), unfinished: [], reused: 6 });
    expect(later.asked).toEqual(['e']);
  });

  test('reports each text once as it is done, those that repeat and those that it had too', async () => {
    const embedder = open(recorder());
    const counts: number[] = [];
    const note = (texts: number) => void counts.push(texts);
    await embedder.embed(['a', 'b', 'a', 'poison'], undefined, note);
    await embedder.embed(['a', 'e'], undefined, note);
    await embedder.close();
    expect(counts).toEqual([3, 1, 1, 1]);
  });

  test('goes on where nothing can be kept', async () => {
    const inner = recorder();
    const embedder = open(inner, '/dev/null/nowhere');
    const [one, two] = await Promise.all([embedder.embed(['a', 'b']), embedder.embed(['b', 'c'])]);
    await embedder.close();
    expect(one.vectors).toEqual(expected(['a', 'b']));
    expect(two.vectors).toEqual(expected(['b', 'c']));
  });

  test('rejects when the engine does, also where a call waits for another', async () => {
    const inner = { ...recorder(), embed: () => Promise.reject(new Error('engine')) };
    const embedder = open(inner);
    const calls = await Promise.allSettled([embedder.embed(['a']), embedder.embed(['a', 'b'])]);
    await embedder.close();
    expect(calls.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
