// models/manifest.json: which models we know, what their files must be, byte for byte. Read, never guessed.
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { IndexerError, messageOf } from '../core/errors.ts';

const wholeNumber = v.pipe(v.number(), v.integer(), v.minValue(1));

const ModelFileSchema = v.strictObject({
  /** Relative to the model's folder, `/`-separated. */
  path: v.pipe(v.string(), v.minLength(1)),
  bytes: wholeNumber,
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

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
    specialTokens: ModelFileSchema,
  }),
});

const ManifestSchema = v.strictObject({
  schema: v.literal(1),
  models: v.pipe(v.array(ModelSpecSchema), v.minLength(1)),
});

export type ModelFile = v.InferOutput<typeof ModelFileSchema>;
/** One model as the manifest describes it: lengths in word pieces, sizes in bytes. */
export type ModelSpec = v.InferOutput<typeof ModelSpecSchema>;

const MANIFEST_PATH = fileURLToPath(new URL('../../models/manifest.json', import.meta.url));

/**
 * What the manifest says of the model in `modelDir`, found by the folder's name. The folder itself is not touched.
 * Errors: MODEL_MISSING if the name is unknown, MODEL_DAMAGED if the manifest cannot be read.
 */
export async function readModelSpec(modelDir: string): Promise<ModelSpec> {
  const manifest = parseManifest(await readManifest());
  const folder = basename(resolve(modelDir));
  const spec = manifest.find((model) => model.folder === folder);
  if (spec !== undefined) return spec;
  throw new IndexerError(
    'MODEL_MISSING',
    `no known model is kept in a folder named ${folder} (asked for ${modelDir})`,
    {
      hint: `point to a folder named ${manifest.map((model) => model.folder).join(' or ')}, as it comes with this package`,
    },
  );
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
