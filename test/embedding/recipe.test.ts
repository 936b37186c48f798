import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { describeModel, type RecipeParts, RUNTIME_MAJOR, recipeOf } from '../../src/embedding/model/recipe.ts';

const bundled = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url));

describe('a model described', () => {
  test('has the identity of the bundled model and a recipe of eight hex digits', async () => {
    const { identity, recipe } = await describeModel(bundled);
    expect(identity).toEqual({
      modelId: 'sentence-transformers/all-MiniLM-L6-v2',
      dimension: 384,
      pooling: 'mean',
      normalized: true,
      tokenizerSha256: '32d70b45ea2679485328eafb8a5a94dcc9fbaadaf0c92b7ca06fe5684a4b8389',
    });
    expect(recipe).toMatch(/^[0-9a-f]{8}$/);
  });

  test('is described even where its files are not, so that an index can still be looked at', async () => {
    expect((await describeModel('/nowhere/all-MiniLM-L6-v2')).recipe).toBe((await describeModel(bundled)).recipe);
  });
});

describe('a recipe', () => {
  test('names the major version of the runtime that is used', () => {
    const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { readonly version: string };
    expect(version.split('.')[0]).toBe(RUNTIME_MAJOR);
  });

  const parts: RecipeParts = {
    textRecipeVersion: 1,
    maxTokens: 256,
    onnxSha256: 'a'.repeat(64),
    runtimeMajor: '1',
    processor: 'x64',
  };
  test.each<Partial<RecipeParts>>([
    { textRecipeVersion: 2 },
    { maxTokens: 128 },
    { onnxSha256: 'b'.repeat(64) },
    { runtimeMajor: '2' },
    { processor: 'arm64' },
  ])('changes with %j', (change) => {
    expect(recipeOf({ ...parts, ...change })).not.toBe(recipeOf(parts));
    expect(recipeOf({ ...parts })).toBe(recipeOf(parts));
  });
});
