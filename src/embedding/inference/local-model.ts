// The only user of the tokenizer, and with it a session of the runtime, from files on this disk. transformers.js is made of
// the same two, and takes twice as long to start (docs/decisions/0003). The caller has verified the files.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { onnxPathOf } from '../model/manifest.ts';
import type { ModelToServe } from './messages.ts';
import { pool } from './pooling.ts';
import { type Arithmetic, createSession, type InferenceSession, Tensor } from './runtime.ts';
import type { Encode } from './tokens.ts';

/** A loaded model. Not to be called again before the last `run` has resolved. */
export interface LocalModel {
  readonly encode: Encode;
  readonly startId: number;
  readonly endId: number;
  /** `ids` holds `rows` sequences of one length, end to end; returns `rows × dimension` floats. */
  run(ids: Int32Array, rows: number): Promise<Float32Array>;
}

/** The graph pools and normalises by itself, or leaves that to us. */
const POOLED_OUTPUT = 'sentence_embedding';
const TOKEN_OUTPUTS = ['last_hidden_state', 'token_embeddings'];

type ModelToLoad = Pick<ModelToServe, 'folder' | 'dtype' | 'neverSaturates' | 'device' | 'pooling' | 'dimension'>;

/**
 * Loads the model from its folder; takes a fraction of a second. Tests give an `arithmetic` that is not this processor's.
 * Throws what the runtime throws.
 */
export async function loadLocalModel(
  { folder, dtype, neverSaturates, device, pooling, dimension }: ModelToLoad,
  arithmetic?: Arithmetic,
): Promise<LocalModel> {
  const tokenizer = new Tokenizer(
    await readJson(folder, 'tokenizer.json'),
    await readJson(folder, 'tokenizer_config.json'),
  );
  const session = await createSession(join(folder, onnxPathOf(dtype)), { dtype, neverSaturates, device }, arithmetic);
  const output = [POOLED_OUTPUT, ...TOKEN_OUTPUTS].find((name) => session.outputNames.includes(name));
  if (output === undefined) {
    throw new Error(`the model has no output named ${[POOLED_OUTPUT, ...TOKEN_OUTPUTS].join(' or ')}`);
  }
  const [startId, endId] = tokenizer.encode('').ids;
  if (startId === undefined || endId === undefined) throw new Error('the tokenizer has no start and end marks');

  return {
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    startId,
    endId,
    async run(ids, rows) {
      const floats = (await session.run(feedsOf(session, ids, rows), [output]))[output]?.data;
      if (!(floats instanceof Float32Array)) throw new Error('the model returned no floats');
      if (output === POOLED_OUTPUT) return floats;
      if (floats.length !== ids.length * dimension) {
        throw new Error(
          `the model returned ${floats.length / ids.length} numbers a token where ${dimension} are expected`,
        );
      }
      return pool(floats, rows, dimension, pooling);
    },
  };
}

function feedsOf(session: InferenceSession, ids: Int32Array, rows: number): Record<string, Tensor> {
  const shape = [rows, ids.length / rows];
  const feeds: Record<string, Tensor> = {};
  for (const name of session.inputNames) feeds[name] = new Tensor('int64', inputOf(name, ids), shape);
  return feeds;
}

async function readJson(folder: string, name: string): Promise<object> {
  return JSON.parse(await readFile(join(folder, name), 'utf8'));
}

/** As 64 bits, without a BigInt for each: of numbers that are not negative the upper half is zero. */
function widened(ids: Int32Array): BigInt64Array {
  const wide = new BigInt64Array(ids.length);
  const halves = new Int32Array(wide.buffer); // the lower half comes first on every processor that the runtime runs on
  for (let at = 0; at < ids.length; at++) halves[2 * at] = ids[at]!;
  return wide;
}

function inputOf(name: string, ids: Int32Array): BigInt64Array {
  switch (name) {
    case 'input_ids':
      return widened(ids);
    case 'attention_mask': // every row is as long as its group: nothing is masked
      return new BigInt64Array(ids.length).fill(1n);
    case 'token_type_ids':
      return new BigInt64Array(ids.length);
    default:
      throw new Error(`the model asks for an unknown input ${name}`);
  }
}
