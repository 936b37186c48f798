import { cp, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IndexerError } from '../../src/core/errors.ts';
import { parseManifest, readModelSpec } from '../../src/embedding/model/manifest.ts';
import { verifyModelFiles } from '../../src/embedding/model/model-files.ts';
import { describeModel } from '../../src/embedding/model/recipe.ts';
import { openEmbedder } from '../../src/embedding/open.ts';

const bundled = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url));

async function failureOf(promise: Promise<unknown>): Promise<IndexerError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof IndexerError) return error;
  throw new Error(`expected an IndexerError, got ${String(error)}`);
}

describe('the model files', () => {
  let parent: string;
  let copy: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'model files '));
    copy = join(parent, 'all-MiniLM-L6-v2');
    await cp(bundled, copy, { recursive: true });
  });
  afterEach(() => rm(parent, { recursive: true }));

  test('that are bundled are what the manifest says', async () => {
    await verifyModelFiles(bundled, (await readModelSpec(bundled))!);
  });

  test('can be used from another place, whatever its name', async () => {
    const embedder = await openEmbedder({ model: await describeModel(copy), workers: 1 });
    const { vectors, failures } = await embedder.embed(['hello']);
    await embedder.close();
    expect(failures).toEqual([]);
    expect(vectors).toHaveLength(384);
  });

  test.each([
    'onnx/model_quantized.onnx',
    'tokenizer.json',
    'tokenizer_config.json',
    'config.json',
    'special_tokens_map.json',
  ])('are missed by name when %s is absent', async (name) => {
    await rm(join(copy, name));
    const error = await failureOf(openEmbedder({ model: await describeModel(copy), workers: 1 }));
    expect(error.code).toBe('MODEL_MISSING');
    expect(error.message).toContain(join(copy, name));
    expect(error.hint).toContain('reinstall');
  });

  test('are missed when the whole folder is absent', async () => {
    await rm(copy, { recursive: true });
    const error = await failureOf(openEmbedder({ model: await describeModel(copy), workers: 1 }));
    expect(error.code).toBe('MODEL_MISSING');
    expect(error.message).toContain(copy);
  });

  test('are refused when one is cut short, with both sizes', async () => {
    const path = join(copy, 'onnx/model_quantized.onnx');
    const { size } = await stat(path);
    await truncate(path, 1_000_000);
    const error = await failureOf(openEmbedder({ model: await describeModel(copy), workers: 1 }));
    expect(error.code).toBe('MODEL_DAMAGED');
    expect(error.message).toContain(`has 1000000 bytes where ${size} are expected`);
  });

  test.each(['onnx/model_quantized.onnx', 'tokenizer.json'])('are refused when one bit of %s differs', async (name) => {
    const path = join(copy, name);
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
    const error = await failureOf(openEmbedder({ model: await describeModel(copy), workers: 1 }));
    expect(error.code).toBe('MODEL_DAMAGED');
    expect(error.message).toContain(path);
    expect(error.message).toContain('SHA-256');
  });

  test('are refused when a folder stands in the place of one', async () => {
    await rm(join(copy, 'config.json'));
    await cp(join(copy, 'onnx'), join(copy, 'config.json'), { recursive: true });
    expect((await failureOf(openEmbedder({ model: await describeModel(copy), workers: 1 }))).code).toBe(
      'MODEL_DAMAGED',
    );
  });
});

describe('the manifest', () => {
  test('does not know a folder by another name', async () => {
    expect(await readModelSpec('/somewhere/unknown-model')).toBeNull();
  });

  test.each(['', '{', '{"schema":2,"models":[]}', '{"schema":1,"models":[{"id":"x"}]}'])(
    'is refused when it reads %j',
    (text) => {
      expect(() => parseManifest(text)).toThrow(expect.objectContaining({ code: 'MODEL_DAMAGED' }));
    },
  );
});
