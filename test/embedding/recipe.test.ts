import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cpuClass, describeModel, type RecipeParts, recipeOf } from '../../src/embedding/recipe.ts';

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
  const parts: RecipeParts = {
    textRecipeVersion: 1,
    maxTokens: 256,
    onnxSha256: 'a'.repeat(64),
    runtimeMajor: '1',
    cpuClass: 'x64',
  };
  test.each<Partial<RecipeParts>>([
    { textRecipeVersion: 2 },
    { maxTokens: 128 },
    { onnxSha256: 'b'.repeat(64) },
    { runtimeMajor: '2' },
    { cpuClass: 'x64-vnni' },
  ])('changes with %j', (change) => {
    expect(recipeOf({ ...parts, ...change })).not.toBe(recipeOf(parts));
    expect(recipeOf({ ...parts })).toBe(recipeOf(parts));
  });
});

describe('the CPU class', () => {
  test.each([
    ['processor : 0\nflags\t\t: fpu avx2 avx512_vnni amx_int8\n', 'x64-vnni'],
    ['flags : fpu avx2 avx_vnni', 'x64-vnni'],
    ['flags : fpu avx2 avx512_vnni_like', 'x64'],
    ['flags : fpu avx2', 'x64'],
    ['nothing of the kind', 'x64-unknown'],
  ])('of %j is %s', async (content, expected) => {
    const folder = await mkdtemp(join(tmpdir(), 'cpu-'));
    await writeFile(join(folder, 'cpuinfo'), content);
    expect(await cpuClass('x64', join(folder, 'cpuinfo'))).toBe(expected);
    await rm(folder, { recursive: true });
  });

  test('is unknown where the system does not tell, and the architecture elsewhere', async () => {
    expect(await cpuClass('x64', '/nowhere/cpuinfo')).toBe('x64-unknown');
    expect(await cpuClass('arm64', '/nowhere/cpuinfo')).toBe('arm64');
  });
});
