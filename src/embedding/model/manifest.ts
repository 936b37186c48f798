// models/manifest.json: which models we know, what their files must be, byte for byte. Read, never guessed.
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { IndexerError, messageOf } from '../../core/errors.ts';

const wholeNumber = v.pipe(v.number(), v.integer(), v.minValue(1));

const ModelFileSchema = v.strictObject({
  /** Relative to the model's folder, `/`-separated. */
  path: v.pipe(v.string(), v.minLength(1)),
  bytes: wholeNumber,
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

/** Which of a model's files is used, by the precision of its weights: the names that exports for this runtime have. */
const ONNX_PATHS = {
  fp32: 'onnx/model.onnx',
  fp16: 'onnx/model_fp16.onnx',
  q8: 'onnx/model_quantized.onnx',
  int8: 'onnx/model_int8.onnx',
  uint8: 'onnx/model_uint8.onnx',
} as const;

const dtype = v.picklist(Object.keys(ONNX_PATHS) as (keyof typeof ONNX_PATHS)[]);

export function onnxPathOf(type: keyof typeof ONNX_PATHS): string {
  return ONNX_PATHS[type];
}

/** What has to be known of a model beside its files. */
export const ModelSettingsSchema = v.strictObject({
  /** As in `model_version`; what the model is called where it comes from. */
  id: v.pipe(v.string(), v.minLength(1)),
  dimension: wholeNumber,
  pooling: v.picklist(['mean', 'cls']),
  /** Longer texts are cut; start and end marks count. */
  maxTokens: v.pipe(v.number(), v.integer(), v.minValue(3)),
  /** Put before each query and each chunk. */
  prefixes: v.strictObject({ query: v.string(), document: v.string() }),
  dtype,
});

export type ModelSettings = v.InferOutput<typeof ModelSettingsSchema>;

const ModelSpecSchema = v.strictObject({
  id: v.pipe(v.string(), v.minLength(1)),
  folder: v.pipe(v.string(), v.minLength(1)),
  dimension: wholeNumber,
  pooling: v.picklist(['mean', 'cls']),
  normalized: v.boolean(),
  maxTokens: v.pipe(v.number(), v.integer(), v.minValue(3)),
  prefixes: v.strictObject({ query: v.string(), document: v.string() }),
  licence: v.string(),
  files: v.strictObject({
    onnx: ModelFileSchema,
    tokenizer: ModelFileSchema,
    tokenizerConfig: ModelFileSchema,
    config: ModelFileSchema,
    specialTokens: v.exactOptional(ModelFileSchema),
  }),
  dtype: v.optional(dtype, 'q8'),
  /** No two neighbouring weights can make a sum that does not fit into 16 bits (tools/model/pairs.py). */
  neverSaturates: v.optional(v.boolean(), false),
  /** Its files must be these very bytes; of others the bytes are merely recorded. */
  isBundled: v.optional(v.boolean(), true),
});

const ManifestSchema = v.strictObject({
  schema: v.literal(1),
  models: v.pipe(v.array(ModelSpecSchema), v.minLength(1)),
});

export type ModelFile = v.InferOutput<typeof ModelFileSchema>;
/** One model as the manifest describes it: lengths in word pieces, sizes in bytes. */
export type ModelSpec = v.InferOutput<typeof ModelSpecSchema>;

const KnownModelsSchema = v.strictObject({ schema: v.literal(1), models: v.array(ModelSettingsSchema) });

const MANIFEST_PATH = fileURLToPath(new URL('../../../models/manifest.json', import.meta.url));
const KNOWN_MODELS_PATH = fileURLToPath(new URL('../../../models/known-models.json', import.meta.url));

/** Settings of well-known models that are not bundled. Errors: MODEL_DAMAGED. */
export async function readKnownModels(): Promise<readonly ModelSettings[]> {
  try {
    return v.parse(KnownModelsSchema, JSON.parse(await readFile(KNOWN_MODELS_PATH, 'utf8'))).models;
  } catch (cause) {
    throw manifestDamaged(messageOf(cause), cause);
  }
}

/**
 * What the manifest says of the model in `modelDir`, found by the folder's name; null if it does not know the name.
 * The folder itself is not touched. Errors: MODEL_DAMAGED if the manifest cannot be read.
 */
export async function readModelSpec(modelDir: string): Promise<ModelSpec | null> {
  const manifest = parseManifest(await readManifest());
  const folder = basename(resolve(modelDir));
  return manifest.find((model) => model.folder === folder) ?? null;
}

async function readManifest(): Promise<string> {
  try {
    return await readFile(MANIFEST_PATH, 'utf8');
  } catch (cause) {
    throw manifestDamaged(messageOf(cause), cause);
  }
}

/** The models of a manifest's text. Errors: MODEL_DAMAGED. */
export function parseManifest(text: string): readonly ModelSpec[] {
  try {
    return v.parse(ManifestSchema, JSON.parse(text)).models;
  } catch (cause) {
    throw manifestDamaged(messageOf(cause), cause);
  }
}

function manifestDamaged(what: string, cause: unknown): IndexerError {
  return new IndexerError('MODEL_DAMAGED', `the list of models ${MANIFEST_PATH} cannot be used: ${what}`, {
    hint: 'reinstall this package',
    cause,
  });
}
