// One session over the texts of the parity test, in a process of its own.
//   node run.mjs { model, session, places, file }    writes the vectors to `file`; → { class, tokens, cpuSeconds }
import { readFileSync, writeFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';
import { groupsOf } from '../../../dist/embedding/groups.js';
import { describeProcessor } from '../../../dist/embedding/inference/processor.js';
import { createSession, InferenceSession, probeArithmetic, Tensor } from '../../../dist/embedding/inference/runtime.js';
import { tokenIds } from '../../../dist/embedding/inference/tokens.js';
import { textsOf } from './figures.mjs';

const DIMENSION = 384;
const LIMITS = { maxTokens: 256, startId: 101, endId: 102 };
const bundled = new URL('../../../models/all-MiniLM-L6-v2/', import.meta.url);

const { model, session: wanted, places, file } = JSON.parse(process.argv[2]);
const { class: processorClass } = await describeProcessor();
const texts = textsOf();
const tokenizer = new Tokenizer(json('tokenizer.json'), json('tokenizer_config.json'));
const encode = (text) => tokenizer.encode(text, { add_special_tokens: false }).ids;
const sequences = places.map((place) => tokenIds(texts[place], encode, LIMITS));
const session = await open();

const vectors = new Float32Array(places.length * DIMENSION);
await embed(sequences[0], 1); // the first run sets up
const before = process.cpuUsage();
for (const { length, members } of groupsOf(sequences.map((ids) => ids.length))) {
  const ids = new Int32Array(length * members.length);
  for (const [row, member] of members.entries()) ids.set(sequences[member], row * length);
  const made = await embed(ids, members.length);
  for (const [row, member] of members.entries())
    vectors.set(made.subarray(row * DIMENSION, (row + 1) * DIMENSION), member * DIMENSION);
}
const { user, system } = process.cpuUsage(before);
writeFileSync(file, new Uint8Array(vectors.buffer));
const tokens = sequences.reduce((sum, ids) => sum + ids.length, 0);
console.log(JSON.stringify({ class: processorClass, tokens, cpuSeconds: (user + system) / 1e6 }));

async function open() {
  const place = { dtype: 'q8', neverSaturates: false, device: 'cpu' };
  if (wanted === 'engine') return createSession(model, place);
  if (wanted === 'plain' || wanted === 'exact')
    return createSession(model, place, { ...(await probeArithmetic()), saturates: wanted === 'exact' });
  const threads = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  return InferenceSession.create(model, { ...threads, logSeverityLevel: 4, ...JSON.parse(wanted) });
}

async function embed(ids, rows) {
  const wide = BigInt64Array.from(ids, BigInt);
  const shape = [rows, ids.length / rows];
  const feeds = {
    input_ids: new Tensor('int64', wide, shape),
    attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), shape),
    token_type_ids: new Tensor('int64', new BigInt64Array(ids.length), shape),
  };
  return (await session.run(feeds, ['sentence_embedding'])).sentence_embedding.data;
}

function json(name) {
  return JSON.parse(readFileSync(new URL(name, bundled), 'utf8'));
}
