// The bundled model's weights, read from its file: no kernel of any processor may be able to saturate over them.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const path = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2/onnx/model_quantized.onnx', import.meta.url));
const PRODUCTS = 36;
const LARGEST_INPUT = 255;
const [LEAST_SUM, LARGEST_SUM] = [-(2 ** 15), 2 ** 15 - 1];

test('the sum of two neighbouring products fits into 16 bits, whatever the inputs are', () => {
  const matrices = int8Matrices(readFileSync(path)).filter(({ name }) => name.endsWith('_w'));
  expect(matrices).toHaveLength(PRODUCTS);
  for (const { name, inputs, outputs, values } of matrices) {
    expect(values).toHaveLength(inputs * outputs);
    let [least, largest] = [0, 0];
    for (let input = 0; input < inputs; input += 2) {
      for (let output = 0; output < outputs; output += 1) {
        const pair = [values[input * outputs + output]!, values[(input + 1) * outputs + output]!];
        largest = Math.max(largest, LARGEST_INPUT * (Math.max(pair[0]!, 0) + Math.max(pair[1]!, 0)));
        least = Math.min(least, LARGEST_INPUT * (Math.min(pair[0]!, 0) + Math.min(pair[1]!, 0)));
      }
    }
    expect(largest, name).toBeLessThanOrEqual(LARGEST_SUM);
    expect(least, name).toBeGreaterThanOrEqual(LEAST_SUM);
    expect(largest - least, name).toBeGreaterThan(LARGEST_SUM); // these are weights
  }
});

interface Matrix {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly values: Int8Array;
}

const INT8 = 3;

/** From the wire format of ONNX: model.graph (7), graph.initializer (5), tensor.dims (1), data_type (2), name (8), raw_data (9). */
function int8Matrices(model: Buffer): Matrix[] {
  const [graph] = fieldsOf(model).filter(({ field }) => field === 7);
  const matrices: Matrix[] = [];
  for (const { field, bytes } of fieldsOf(graph!.bytes)) {
    if (field !== 5) continue;
    const tensor = fieldsOf(bytes);
    const dims = tensor.filter((each) => each.field === 1).map((each) => each.number);
    const raw = tensor.find((each) => each.field === 9);
    if (tensor.find((each) => each.field === 2)?.number !== INT8 || dims.length !== 2 || raw === undefined) continue;
    const name = tensor.find((each) => each.field === 8)?.bytes.toString() ?? '';
    matrices.push({
      name,
      inputs: dims[0]!,
      outputs: dims[1]!,
      values: new Int8Array(raw.bytes.buffer, raw.bytes.byteOffset, raw.bytes.length),
    });
  }
  return matrices;
}

interface Field {
  readonly field: number;
  readonly number: number;
  readonly bytes: Buffer;
}

/** Of one message of protocol buffers; packed numbers are read as bytes. */
function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const [field, wire] = [Math.floor(tag / 8), tag % 8];
    if (wire === 0) {
      fields.push({ field, number: varint(), bytes: Buffer.alloc(0) });
      continue;
    }
    const length = wire === 2 ? varint() : wire === 1 ? 8 : 4;
    fields.push({ field, number: 0, bytes: message.subarray(at, at + length) });
    at += length;
  }
  return fields;
}
