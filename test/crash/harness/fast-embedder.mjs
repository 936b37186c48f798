// Vectors that are a function of the text alone, made without the model: for runs in which the stores are what is tested.
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../../dist/config/load.js';
import { describeModel } from '../../../dist/embedding/model/recipe.js';

export const modelDir = fileURLToPath(new URL('../../../models/all-MiniLM-L6-v2', import.meta.url));

/** An opener as the test hooks take one; `texts` of what it returns counts what it was given. */
export async function fastEmbedder() {
  const { identity, recipe } = await describeModel(modelDir);
  const counter = { texts: 0 };
  return {
    counter,
    open: async () => ({
      identity,
      recipe,
      /** @param {readonly string[]} texts @param {AbortSignal | undefined} signal */
      async embed(texts, signal) {
        signal?.throwIfAborted();
        counter.texts += texts.length;
        const vectors = new Float32Array(texts.length * identity.dimension);
        for (const [row, text] of texts.entries())
          fill(vectors.subarray(row * identity.dimension, (row + 1) * identity.dimension), text);
        return { vectors, failures: [], unfinished: [], tokens: texts.length, reused: 0 };
      },
      close: async () => undefined,
    }),
  };
}

/** @param {Float32Array} vector @param {string} text */
function fill(vector, text) {
  let state = createHash('sha256').update(text).digest().readUInt32LE(0) || 1;
  let squares = 0;
  for (let i = 0; i < vector.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    vector[i] = state / 2 ** 32 - 0.5;
    squares += vector[i] ** 2;
  }
  for (let i = 0; i < vector.length; i++) vector[i] /= Math.sqrt(squares);
}

/** A configuration as the program makes it. @param {string} root @param {string} indexDir @param {number} checkpointInterval */
export function configOf(root, indexDir, checkpointInterval, workers = 1) {
  const flags = { indexDir, workers: String(workers), checkpointInterval: String(checkpointInterval), cache: 'off' };
  return loadConfig({ projectRoot: root, creates: true, flags, env: {} });
}
