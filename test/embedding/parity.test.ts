import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeModel } from '../../src/embedding/model/recipe.ts';
import { openEmbedder } from '../../src/embedding/open.ts';

// Made by tools/model/references.py: our own texts and what sentence-transformers makes of them in fp32.
const DIMENSION = 384;
const SCALE = 32_767;
const NEAREST = 10;
const folder = new URL('./fixtures/parity/', import.meta.url);
const modelDir = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url));

type Rows = readonly Float32Array[];
const sample: { class: string; text: string }[] = JSON.parse(readFileSync(new URL('texts.json', folder), 'utf8'));
const references = rowsOf(floatsOf(readFileSync(new URL('vectors.i16', folder))));

let vectors: Rows;
let cosines: number[];
beforeAll(async () => {
  const embedder = await openEmbedder({ model: await describeModel(modelDir), workers: 2 });
  const embedded = await embedder.embed(sample.map(({ text }) => text));
  await embedder.close();
  expect(embedded.failures).toEqual([]);
  vectors = rowsOf(embedded.vectors);
  cosines = vectors.map((vector, row) => dot(vector, references[row]!));
});

describe('against sentence-transformers in fp32, the vectors of 500 texts', () => {
  test('are 500, of code, prose, short texts and scripts that are not Latin, each with a reference of unit norm', () => {
    expect(vectors).toHaveLength(500);
    expect(new Set(sample.map((each) => each.class))).toEqual(new Set(['code', 'prose', 'short', 'non-latin']));
    for (const reference of references) expect(dot(reference, reference)).toBeCloseTo(1, 3);
  });

  test('agree on average', () => {
    expect(cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length).toBeGreaterThanOrEqual(0.9975);
  });

  test.each(['code', 'prose', 'non-latin', 'short'])('agree each by itself, those of class %s', (name) => {
    const rows = sample.flatMap((each, row) => (each.class === name ? [row] : []));
    const worst = rows.reduce((a, b) => (cosines[b]! < cosines[a]! ? b : a));
    expect(cosines[worst], sample[worst]?.text).toBeGreaterThanOrEqual(0.995);
  });

  test('find the same nearest ten', () => {
    const shared = vectors.map((_, row) => {
      const theirs = new Set(nearest(references, row));
      return nearest(vectors, row).filter((other) => theirs.has(other)).length;
    });
    expect(shared.reduce((sum, count) => sum + count, 0) / (NEAREST * shared.length)).toBeGreaterThanOrEqual(0.93);
  });
});

function floatsOf(bytes: Buffer): Float32Array {
  return Float32Array.from({ length: bytes.length / 2 }, (_, at) => bytes.readInt16LE(2 * at) / SCALE);
}

function rowsOf(floats: Float32Array): Rows {
  return Array.from({ length: floats.length / DIMENSION }, (_, row) =>
    floats.subarray(row * DIMENSION, (row + 1) * DIMENSION),
  );
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < DIMENSION; at += 1) sum += a[at]! * b[at]!;
  return sum;
}

/** The rows most similar to `row`, without itself. */
function nearest(rows: Rows, row: number): number[] {
  return rows
    .map((other, place) => ({ place, similarity: place === row ? -1 : dot(rows[row]!, other) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, NEAREST)
    .map(({ place }) => place);
}
