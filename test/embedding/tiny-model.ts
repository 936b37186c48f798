// A model small enough to be made in a test: a table of random vectors, one for each word piece, looked up and not mixed.
// Its vectors of whole texts are sums over words, which is enough to tell texts apart. Made of bytes, without a library.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bundled = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url));
const VOCABULARY = 30_522;
const FLOAT = 1;
const INT64 = 7;

export interface TinyModelOptions {
  readonly dimension?: number;
  readonly settings?: Readonly<Record<string, unknown>> | null;
  /** What every number of the table is, instead of a random one. */
  readonly constant?: number;
  readonly seed?: number;
}

/** Writes a model folder that loads like any other. `settings: null` leaves its description out. */
export function makeTinyModel(folder: string, options: TinyModelOptions = {}): string {
  const { dimension = 64, settings = {}, constant, seed = 1 } = options;
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json']) {
    copyFileSync(join(bundled, name), join(folder, name));
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_type: 'bert', hidden_size: dimension }));
  writeFileSync(join(folder, 'onnx', 'model.onnx'), onnx(randomTable(dimension, constant, seed), dimension));
  if (settings !== null) {
    const described = { id: 'test/tiny', dimension, pooling: 'mean', maxTokens: 128, dtype: 'fp32', ...settings };
    writeFileSync(
      join(folder, 'tandem-model.json'),
      JSON.stringify({ prefixes: { query: '', document: '' }, ...described }),
    );
  }
  return folder;
}

function randomTable(dimension: number, constant: number | undefined, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: VOCABULARY * dimension }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return constant ?? state / 2 ** 31 - 1;
  });
}

/** `last_hidden_state = Gather(table, input_ids)`, in the wire format of ONNX's protocol buffers. */
function onnx(table: Float32Array, dimension: number): Buffer {
  const weights = message(
    ...[VOCABULARY, dimension].map((size) => number(1, size)),
    number(2, FLOAT),
    bytes(8, 'table'),
    bytes(9, Buffer.from(table.buffer)),
  );
  const node = message(bytes(1, 'table'), bytes(1, 'input_ids'), bytes(2, 'last_hidden_state'), bytes(4, 'Gather'));
  const graph = message(
    bytes(1, node),
    bytes(2, 'tiny'),
    bytes(5, weights),
    bytes(11, valueInfo('input_ids', INT64, ['batch', 'sequence'])),
    bytes(12, valueInfo('last_hidden_state', FLOAT, ['batch', 'sequence', dimension])),
  );
  const opset = message(bytes(1, ''), number(2, 13));
  return message(number(1, 8), bytes(7, graph), bytes(8, opset));
}

function valueInfo(name: string, type: number, shape: readonly (string | number)[]): Buffer {
  const sizes = shape.map((size) => bytes(1, typeof size === 'number' ? number(1, size) : bytes(2, size)));
  const tensor = message(number(1, type), bytes(2, message(...sizes)));
  return message(bytes(1, name), bytes(2, bytes(1, tensor)));
}

const message = (...fields: readonly Buffer[]) => Buffer.concat(fields);
const number = (field: number, value: number) => message(varint(field << 3), varint(value));

function bytes(field: number, value: Buffer | string): Buffer {
  const content = Buffer.from(value as string);
  return message(varint((field << 3) | 2), varint(content.length), content);
}

function varint(value: number): Buffer {
  const digits: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...digits, rest]);
    digits.push((rest % 128) | 128);
  }
}
