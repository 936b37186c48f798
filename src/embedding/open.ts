// Opening the bundled model: the files are checked, then the workers load them.
import { resolve } from 'node:path';
import { embedTexts } from './embed-texts.ts';
import type { Embedder } from './embedder.ts';
import { verifyModelFiles } from './model-files.ts';
import { describeModel, type ModelDescription } from './recipe.ts';
import { startWorkerPool } from './worker-pool.ts';

export interface OpenEmbedderOptions {
  /** The model's folder; its name is looked up in models/manifest.json. */
  readonly modelDir: string;
  /** Threads, each with its own session of about 70 MB. One is enough for a query. */
  readonly workers: number;
}

const WORKER_URL = new URL('../../dist/embedding/worker.js', import.meta.url);
const WORKER_HEAP_MB = 512;

/**
 * Opens the model with its workers, from local files alone.
 * Errors: MODEL_MISSING, MODEL_DAMAGED (before anything is loaded), PLATFORM (the runtime does not load here).
 */
export async function openEmbedder(options: OpenEmbedderOptions): Promise<Embedder> {
  const { start } = await prepareEmbedder(options);
  return start();
}

/** A model whose files are checked, and how to start it. Errors: MODEL_MISSING, MODEL_DAMAGED; of `start`: PLATFORM. */
export async function prepareEmbedder({
  modelDir,
  workers,
}: OpenEmbedderOptions): Promise<{ readonly description: ModelDescription; start(): Promise<Embedder> }> {
  const description = await describeModel(modelDir);
  await verifyModelFiles(modelDir, description.spec);
  const options = { workers, workerUrl: WORKER_URL, workerHeapMb: WORKER_HEAP_MB };
  return { description, start: () => startEmbedder(description, modelDir, options) };
}

export interface StartOptions {
  readonly workers: number;
  /** The entry of the worker threads; tests give one that fails on demand. */
  readonly workerUrl: URL;
  readonly workerHeapMb: number;
}

/** The embedder over workers that trust their files. Errors: PLATFORM. */
export async function startEmbedder(
  { identity, recipe, spec }: ModelDescription,
  modelDir: string,
  { workers, workerUrl, workerHeapMb }: StartOptions,
): Promise<Embedder> {
  const model = { folder: resolve(modelDir), maxTokens: spec.maxTokens };
  const pool = await startWorkerPool(workers, { workerUrl, model, workerHeapMb });
  return {
    identity,
    recipe,
    embed: (texts, signal) => embedTexts(pool, identity.dimension, texts, signal),
    close: () => pool.close(),
  };
}
