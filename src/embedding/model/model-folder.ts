// A model that is not ours: what its folder says about it. Nothing is guessed; what is missing is asked for by name.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import * as v from 'valibot';
import { errnoOf, IndexerError, messageOf } from '../../core/errors.ts';
import { type ModelFile, type ModelSettings, ModelSettingsSchema, type ModelSpec, onnxPathOf } from './manifest.ts';

/** Our own description of a model, beside its files; models/known-models.json holds the same for well-known ones. */
export const SETTINGS_FILE = 'tandem-model.json';

/**
 * What a folder holds, with the hashes of its files as they are now. `known` are settings by folder name, used where
 * the folder has none of its own. Errors: MODEL_MISSING (a file or the settings are not there), MODEL_DAMAGED.
 */
export async function readModelFolder(modelDir: string, known: readonly ModelSettings[]): Promise<ModelSpec> {
  const folder = resolve(modelDir);
  const settings = await readSettings(folder, known);
  if (!(await isFolder(folder))) throw missing(folder);
  if (settings === undefined) throw undescribed(folder);
  await refuseOtherTokenizers(folder);
  const files = {
    onnx: await describeFile(folder, onnxPathOf(settings.dtype)),
    tokenizer: await describeFile(folder, 'tokenizer.json'),
    tokenizerConfig: await describeFile(folder, 'tokenizer_config.json'),
    config: await describeFile(folder, 'config.json'),
  };
  const described = { ...settings, folder: basename(folder), normalized: true, licence: '', files } as const;
  return { ...described, neverSaturates: false, isBundled: false };
}

/** What is known of a model without its files; undefined where nothing is. Errors: as `readModelFolder`. */
export async function readSettings(
  folder: string,
  known: readonly ModelSettings[],
): Promise<ModelSettings | undefined> {
  const own = await readJson(join(folder, SETTINGS_FILE));
  return own === undefined ? known.find(({ id }) => isNamed(basename(folder), id)) : parseSettings(folder, own);
}

/** `bge-small-en-v1.5` and `BAAI--bge-small-en-v1.5` are folders of `BAAI/bge-small-en-v1.5`. */
function isNamed(folder: string, id: string): boolean {
  return folder === id.replace('/', '--') || folder === id.split('/').at(-1);
}

function parseSettings(folder: string, json: unknown): ModelSettings {
  const result = v.safeParse(ModelSettingsSchema, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw damaged(join(folder, SETTINGS_FILE), `${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
}

/** Texts are shortened by the rules of this kind of tokenizer (tokens.ts); with another they would be cut wrongly. */
async function refuseOtherTokenizers(folder: string): Promise<void> {
  const path = join(folder, 'tokenizer.json');
  const tokenizer = (await readJson(path)) as
    | { model?: { type?: unknown }; normalizer?: { type?: unknown; lowercase?: unknown; strip_accents?: unknown } }
    | undefined;
  if (tokenizer === undefined) throw missing(path);
  const { model, normalizer } = tokenizer;
  const isUncasedBert =
    (model?.type === 'WordPiece' || model?.type === undefined) &&
    normalizer?.type === 'BertNormalizer' &&
    normalizer.lowercase === true &&
    normalizer.strip_accents !== false;
  if (isUncasedBert) return;
  throw new IndexerError('MODEL_DAMAGED', `the tokenizer ${path} is of a kind that is not supported`, {
    hint: 'models with an uncased BERT tokenizer can be used: MiniLM, bge, e5, gte, nomic-embed, arctic-embed in English',
  });
}

async function describeFile(folder: string, path: string): Promise<ModelFile> {
  const whole = join(folder, path);
  try {
    const stats = await stat(whole);
    if (!stats.isFile() || stats.size === 0) throw damaged(whole, 'it is empty or no file');
    const hash = createHash('sha256');
    for await (const part of createReadStream(whole)) hash.update(part as Buffer);
    return { path, bytes: stats.size, sha256: hash.digest('hex') };
  } catch (error) {
    if (error instanceof IndexerError) throw error;
    throw missing(whole, error);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    throw missing(path, error);
  }
}

/** Undefined where there is no such file. */
async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw missing(path, error);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(path, messageOf(error));
  }
}

export function undescribed(folder: string): IndexerError {
  return new IndexerError('MODEL_MISSING', `nothing describes a model in ${folder}`, {
    hint: `put ${SETTINGS_FILE} there, for example {"id":"org/name","dimension":384,"pooling":"mean","maxTokens":256,"prefixes":{"query":"","document":""},"dtype":"fp32"}; or leave --model and --model-dir out for the bundled one`,
  });
}

function missing(path: string, cause?: unknown): IndexerError {
  const what =
    cause === undefined || errnoOf(cause) === 'ENOENT' ? 'does not exist' : `cannot be read (${messageOf(cause)})`;
  return new IndexerError('MODEL_MISSING', `the model is not there: ${path} ${what}`, {
    hint: 'put the whole model folder there; only `tandem index --allow-download` downloads, what --model names by org/name',
    cause,
  });
}

function damaged(path: string, what: string): IndexerError {
  return new IndexerError('MODEL_DAMAGED', `a file of the model is damaged: ${path}: ${what}`, {
    hint: 'copy the model folder again from where it came',
  });
}
