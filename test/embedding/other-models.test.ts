import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pool } from '../../src/embedding/inference/pooling.ts';
import { readKnownModels } from '../../src/embedding/model/manifest.ts';
import { describeModel } from '../../src/embedding/model/recipe.ts';
import { openEmbedder } from '../../src/embedding/open.ts';
import { makeTinyModel, type TinyModelOptions } from './tiny-model.ts';

let parent: string;
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'tandem-models-'));
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

let made = 0;
const make = (options?: TinyModelOptions) => makeTinyModel(join(parent, `tiny-${made++}`), options);

async function embed(modelDir: string, texts: string[], purpose: 'document' | 'query' = 'document') {
  const embedder = await openEmbedder({ model: await describeModel(modelDir), workers: 1, purpose });
  try {
    return await embedder.embed(texts);
  } finally {
    await embedder.close();
  }
}

const rowOf = ({ vectors }: { vectors: Float32Array }, row: number) => vectors.slice(row * 64, (row + 1) * 64);

describe('a model in a folder of its own', () => {
  test('gives unit vectors of its own dimension, and the same text the same bits', async () => {
    const result = await embed(make(), ['one', 'another text', 'one']);
    expect(result.failures).toEqual([]);
    expect(result.vectors).toHaveLength(3 * 64);
    expect(Math.hypot(...rowOf(result, 1))).toBeCloseTo(1, 5);
    expect(rowOf(result, 2)).toEqual(rowOf(result, 0));
    expect(rowOf(result, 1)).not.toEqual(rowOf(result, 0));
  });

  test('puts its prefixes before queries and chunks', async () => {
    const plain = make();
    const prefixed = make({ settings: { prefixes: { query: 'query: ', document: 'passage: ' } } });
    const [asQuery, asChunk] = [await embed(prefixed, ['text'], 'query'), await embed(prefixed, ['text'])];
    const expected = await embed(plain, ['query: text', 'passage: text']);
    expect(rowOf(asQuery, 0)).toEqual(rowOf(expected, 0));
    expect(rowOf(asChunk, 0)).toEqual(rowOf(expected, 1));
  });

  test('is told apart by everything that makes vectors incomparable, and by less for the bits alone', async () => {
    const base = await describeModel(make());
    const cls = await describeModel(make({ settings: { pooling: 'cls' } }));
    const weights = await describeModel(make({ seed: 2 }));
    const prefixed = await describeModel(make({ settings: { prefixes: { query: '', document: 'p ' } } }));
    expect(cls.identity).not.toEqual(base.identity);
    expect(weights.identity).toEqual(base.identity);
    expect(weights.recipe).not.toBe(base.recipe);
    expect(new Set([base, cls, weights, prefixed].map(({ fingerprint }) => fingerprint)).size).toBe(4);
  });

  test.each([
    ['tandem-model.json', 'MODEL_MISSING'],
    ['tokenizer.json', 'MODEL_MISSING'],
    ['tokenizer_config.json', 'MODEL_MISSING'],
    ['config.json', 'MODEL_MISSING'],
    ['onnx/model.onnx', 'MODEL_MISSING'],
  ])('is refused by name without its %s', async (name, code) => {
    const folder = make();
    rmSync(join(folder, name));
    const refusal = expect(embed(folder, ['x'])).rejects;
    await refusal.toMatchObject({ code, message: expect.stringContaining(folder) });
  });

  test.each([
    ['whose file is cut short', (folder: string) => truncateSync(join(folder, 'onnx/model.onnx'), 5000)],
    ['whose file is empty', (folder: string) => truncateSync(join(folder, 'onnx/model.onnx'), 0)],
    ['whose file is something else', (folder: string) => writeFileSync(join(folder, 'onnx/model.onnx'), 'hello')],
    ['whose tokenizer is no JSON', (folder: string) => writeFileSync(join(folder, 'tokenizer.json'), '{')],
    [
      'whose tokenizer tells upper case',
      (folder: string) => {
        const path = join(folder, 'tokenizer.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace(/"lowercase":\s*true/, '"lowercase": false'));
      },
    ],
    [
      'whose settings lack the pooling',
      (folder: string) => writeFileSync(join(folder, 'tandem-model.json'), '{"id":"x"}'),
    ],
  ])('%s is refused before anything is embedded', async (_, spoil) => {
    const folder = make();
    spoil(folder);
    await expect(embed(folder, ['x'])).rejects.toMatchObject({ code: 'MODEL_DAMAGED' });
  });

  test('that gives vectors of another length than it claims is refused', async () => {
    const refusal = expect(embed(make({ settings: { dimension: 32 } }), ['x'])).rejects;
    await refusal.toMatchObject({ code: 'MODEL_DAMAGED', message: expect.stringContaining('64 numbers a token') });
  });

  test.each([Number.NaN, 0])('whose numbers are all %d is refused', async (constant) => {
    await expect(embed(make({ constant }), ['x'])).rejects.toMatchObject({ code: 'MODEL_DAMAGED' });
  });
});

test('settings of known models can be read', async () => {
  expect((await readKnownModels()).map(({ id }) => id)).toContain('BAAI/bge-small-en-v1.5');
});

test('pooling takes the mean of all tokens or the first, at unit length', () => {
  const hidden = Float32Array.from([1, 0, 0, 1, /* second text */ 0, 2, 0, 4]);
  const half = Math.fround(Math.SQRT1_2);
  expect([...pool(hidden, 2, 2, 'mean')]).toEqual([half, half, 0, 1]);
  expect([...pool(hidden, 2, 2, 'cls')]).toEqual([1, 0, 0, 1]);
});
