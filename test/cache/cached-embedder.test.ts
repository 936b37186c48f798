import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cachedEmbedder } from '../../src/cache/cached-embedder.ts';
import { openVectorCache } from '../../src/cache/vector-cache.ts';
import type { Embedder } from '../../src/embedding/embedder.ts';
import { DIMENSION, sha256, vectorOf } from '../store/make.ts';

/** Takes its time, fails texts with `poison`, remembers what it was asked. */
function recorder(): Embedder & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    identity: { modelId: 'm', dimension: DIMENSION, pooling: 'mean', normalized: true, tokenizerSha256: '' },
    recipe: '00000000',
    async embed(texts) {
      asked.push(...texts);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const failures = texts.flatMap((text, index) => (text.includes('poison') ? [{ index, reason: 'poison' }] : []));
      const vectors = new Float32Array(texts.length * DIMENSION);
      for (const [row, text] of texts.entries()) {
        if (!text.includes('poison')) vectors.set(vectorOf(sha256(text)), row * DIMENSION);
      }
      return { vectors, failures, tokens: texts.length, reused: 0 };
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
