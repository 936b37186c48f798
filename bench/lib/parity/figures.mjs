// The texts of the parity test with their fp32 vectors, and how near others come.
import { readFileSync } from 'node:fs';

const DIMENSION = 384;
const SCALE = 32_767;
const NEAREST = 10;
const fixtures = new URL('../../../test/embedding/fixtures/parity/', import.meta.url);

export function textsOf() {
  return JSON.parse(readFileSync(new URL('texts.json', fixtures), 'utf8')).map(({ text }) => text);
}

/** Places of `count` texts at equal distances, so that all classes are among them. */
export function sampleOf(count) {
  const all = textsOf().length;
  const taken = Math.min(count, all);
  return Array.from({ length: taken }, (_, at) => Math.floor((at * all) / taken));
}

/** The fp32 vectors of those places, end to end. */
export function vectorsIn(places) {
  const bytes = readFileSync(new URL('vectors.i16', fixtures));
  const vectors = new Float32Array(places.length * DIMENSION);
  places.forEach((place, row) => {
    for (let at = 0; at < DIMENSION; at += 1)
      vectors[row * DIMENSION + at] = bytes.readInt16LE(2 * (place * DIMENSION + at)) / SCALE;
  });
  return vectors;
}

/** Cosines row by row, and how many rows have equal bits. */
export function agreementOf(some, others) {
  const rows = some.length / DIMENSION;
  let [sum, min, identical] = [0, 1, 0];
  for (let row = 0; row < rows; row += 1) {
    const [a, b] = [rowOf(some, row), rowOf(others, row)];
    const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    sum += cosine;
    min = Math.min(min, cosine);
    if (a.every((value, at) => value === b[at])) identical += 1;
  }
  return { mean: sum / rows, min, identical };
}

/** Share of each row's ten nearest others that both find. */
export function overlapOf(some, others) {
  const rows = some.length / DIMENSION;
  const wanted = Math.min(NEAREST, rows - 1);
  let shared = 0;
  for (let row = 0; row < rows; row += 1) {
    const theirs = new Set(nearest(others, row, rows, wanted));
    shared += nearest(some, row, rows, wanted).filter((other) => theirs.has(other)).length;
  }
  return shared / (rows * wanted);
}

function nearest(vectors, row, rows, wanted) {
  const own = rowOf(vectors, row);
  return Array.from({ length: rows }, (_, place) => ({
    place,
    similarity: place === row ? -2 : dot(own, rowOf(vectors, place)),
  }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, wanted)
    .map(({ place }) => place);
}

function rowOf(vectors, row) {
  return vectors.subarray(row * DIMENSION, (row + 1) * DIMENSION);
}

function dot(a, b) {
  let sum = 0;
  for (let at = 0; at < DIMENSION; at += 1) sum += a[at] * b[at];
  return sum;
}
