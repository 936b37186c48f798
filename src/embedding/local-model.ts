// The only user of transformers.js: one tokenizer and one single-threaded session, from files on this disk.
// Never reaches the network, never writes a cache. The caller has verified the files.
import { resolve } from 'node:path';
import { AutoModel, AutoTokenizer, env, LogLevel, Tensor } from '@huggingface/transformers';
import type { ModelToServe } from './messages.ts';
import { pool } from './pooling.ts';
import type { Encode } from './tokens.ts';

env.allowRemoteModels = false;
env.useFSCache = false;
env.useBrowserCache = false;
env.useWasmCache = false;
env.logLevel = LogLevel.NONE; // what goes wrong is thrown

/** A loaded model. Not to be called again before the last `run` has resolved. */
export interface LocalModel {
  readonly encode: Encode;
  readonly startId: number;
  readonly endId: number;
  /** `ids` holds `rows` sequences of one length, end to end; returns `rows × dimension` floats. */
  run(ids: Int32Array, rows: number): Promise<Float32Array>;
}

// One thread per session: several small sessions beat one wide one, and sums keep one order.
// 'basic' avoids a fused layer normalisation that is slower on CPUs than its parts.
const SESSION_OPTIONS = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'basic',
  enableCpuMemArena: true,
  enableMemPattern: false, // shapes vary from run to run, patterns would pile up
  extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
} as const;

/** The graph pools and normalises by itself, or leaves that to us. */
const POOLED_OUTPUT = 'sentence_embedding';
const TOKEN_OUTPUTS = ['last_hidden_state', 'token_embeddings'];

/** What is used of the session that transformers.js holds; its own types leave it open. */
interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, unknown>, fetches: readonly string[]): Promise<Record<string, { data: unknown }>>;
}

type ModelToLoad = Pick<ModelToServe, 'folder' | 'dtype' | 'device' | 'pooling' | 'dimension'>;

/** Loads the model from its folder; takes a fraction of a second. Throws what the runtime throws. */
export async function loadLocalModel({
  folder: modelDir,
  dtype,
  device,
  pooling,
  dimension,
}: ModelToLoad): Promise<LocalModel> {
  const folder = resolve(modelDir); // a relative path could be taken for a model's name
  const tokenizer = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
  const model = await AutoModel.from_pretrained(folder, {
    local_files_only: true,
    device, // this one alone: the runtime is not given a second one to fall back to
    dtype,
    session_options: SESSION_OPTIONS,
  });
  const session: Session | undefined = model.sessions.model;
  const output = [POOLED_OUTPUT, ...TOKEN_OUTPUTS].find((name) => session?.outputNames.includes(name));
  if (session === undefined || output === undefined) {
    throw new Error(`the model has no output named ${[POOLED_OUTPUT, ...TOKEN_OUTPUTS].join(' or ')}`);
  }
  const [startId, endId] = tokenizer.encode('');
  if (startId === undefined || endId === undefined) throw new Error('the tokenizer has no start and end marks');

  return {
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }),
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

function feedsOf(session: Session, ids: Int32Array, rows: number): Record<string, unknown> {
  const shape = [rows, ids.length / rows];
  const feeds: Record<string, unknown> = {};
  for (const name of session.inputNames) feeds[name] = new Tensor('int64', inputOf(name, ids), shape).ort_tensor;
  return feeds;
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
