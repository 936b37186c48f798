// How vectors came to be, in eight digits, and what the model is, without loading it.
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Device } from '../../core/device.ts';
import type { ModelIdentity } from '../embedder.ts';
import { textRecipeVersion } from '../text.ts';
import { type ModelSpec, readKnownModels, readModelSpec } from './manifest.ts';
import { readModelFolder } from './model-folder.ts';

/** Of onnxruntime-node, whose later versions of one major number make the same vectors; a test compares it. */
export const RUNTIME_MAJOR = '1';

export interface ModelDescription {
  /** Absolute path of the model's files. */
  readonly folder: string;
  readonly identity: ModelIdentity;
  /** See `Embedder.recipe`. */
  readonly recipe: string;
  /** 32 hex digits over identity, recipe and prefixes: equal only where equal texts get equal vectors. */
  readonly fingerprint: string;
  readonly spec: ModelSpec;
  readonly device: Device;
}

/**
 * What vectors of this model, made on this device, will carry. Of a bundled model the manifest alone is asked: neither its files nor the
 * runtime are loaded or checked. Of another folder, its settings and its files' hashes. Errors: MODEL_MISSING, MODEL_DAMAGED.
 */
export async function describeModel(modelDir: string, device: Device = 'cpu'): Promise<ModelDescription> {
  const spec = (await readModelSpec(modelDir)) ?? (await readModelFolder(modelDir, await readKnownModels()));
  const identity: ModelIdentity = {
    modelId: spec.id,
    dimension: spec.dimension,
    pooling: spec.pooling,
    normalized: spec.normalized,
    tokenizerSha256: spec.files.tokenizer.sha256,
  };
  const parts: RecipeParts = {
    textRecipeVersion,
    maxTokens: spec.maxTokens,
    onnxSha256: spec.files.onnx.sha256,
    runtimeMajor: RUNTIME_MAJOR,
    processor: device === 'cpu' ? process.arch : device,
  };
  const whole = JSON.stringify([identity, parts, spec.prefixes]);
  const fingerprint = createHash('sha256').update(whole).digest('hex').slice(0, 32);
  return { folder: resolve(modelDir), identity, recipe: recipeOf(parts), fingerprint, spec, device };
}

/** What two vectors of one model should share to be equal: bit by bit on one processor, nearly so on another. */
export interface RecipeParts {
  readonly textRecipeVersion: number;
  readonly maxTokens: number;
  readonly onnxSha256: string;
  readonly runtimeMajor: string;
  /** The architecture, all of whose processors make the same vectors (docs/decisions/0016), or another device's name. */
  readonly processor: string;
}

/** 8 hex digits. */
export function recipeOf(parts: RecipeParts): string {
  const fields = [parts.textRecipeVersion, parts.maxTokens, parts.onnxSha256, parts.runtimeMajor, parts.processor];
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 8);
}
