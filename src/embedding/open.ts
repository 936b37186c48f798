// Opening a model: its files are checked, then the workers load them.
import { adviceOnMemory, THREAD_BYTES, threadsThatFit } from '../core/address-space.ts';
import { IndexerError, messageOf } from '../core/errors.ts';
import { deviceFailed, refuseUnfitDevice } from './device.ts';
import { embedTexts } from './embed-texts.ts';
import type { Embedder } from './embedder.ts';
import { silenceRuntime } from './inference/quiet-runtime.ts';
import { verifyModelFiles } from './model/model-files.ts';
import { SETTINGS_FILE } from './model/model-folder.ts';
import type { ModelDescription } from './model/recipe.ts';
import { startWorkerPool } from './worker-pool.ts';

export interface OpenEmbedderOptions {
  /** As `describeModel` says, with the device to use. */
  readonly model: ModelDescription;
  /** Threads, each with its own session of about 70 MB. One is enough for a query, and all that a GPU gets. */
  readonly workers: number;
  /** What the texts are; some models want another prefix for each. Chunks, unless told otherwise. */
  readonly purpose?: 'document' | 'query' | undefined;
}

const WORKER_URL = new URL('../../dist/bundle/embed-worker.js', import.meta.url);
const WORKER_HEAP_MB = 512;

/**
 * Opens the model with its workers, from local files alone.
 * Errors: MODEL_MISSING, MODEL_DAMAGED, DEVICE_UNAVAILABLE (before anything is loaded where possible), PLATFORM (the
 * runtime does not load here).
 */
export async function openEmbedder(options: OpenEmbedderOptions): Promise<Embedder> {
  const { start } = await prepareEmbedder(options);
  return start();
}

/** A model whose files are checked, and how to start it. Errors: as `openEmbedder`; PLATFORM comes with `start`. */
export async function prepareEmbedder({
  model,
  workers,
  purpose = 'document',
}: OpenEmbedderOptions): Promise<{ start(): Promise<Embedder> }> {
  silenceRuntime();
  const { folder, spec, device } = model;
  refuseUnfitDevice(device, spec);
  if (spec.isBundled) await verifyModelFiles(folder, spec);
  const options = {
    workers: device === 'cpu' ? workers : 1,
    workerUrl: WORKER_URL,
    workerHeapMb: WORKER_HEAP_MB,
    prefix: spec.prefixes[purpose],
  };
  const start = async () => {
    try {
      return await startEmbedder(model, options);
    } catch (error) {
      throw device === 'cpu' ? error : deviceFailed(device, error);
    }
  };
  return { start: spec.isBundled ? start : () => startUnproven(start, folder) };
}

/** Nobody has seen this model's files before: what it makes of one text says whether they can be what they claim. */
async function startUnproven(start: () => Promise<Embedder>, folder: string): Promise<Embedder> {
  const embedder = await start().catch((error: unknown) => {
    if (error instanceof IndexerError && error.code === 'DEVICE_UNAVAILABLE') throw error;
    throw unusable(folder, messageOf(error instanceof IndexerError ? error.cause : error), error);
  });
  const [failure] = (await embedder.embed(['a text to try'])).failures;
  if (failure === undefined) return embedder;
  await embedder.close();
  throw unusable(folder, failure.reason);
}

function unusable(folder: string, why: string, cause?: unknown): IndexerError {
  return new IndexerError('MODEL_DAMAGED', `the model in ${folder} cannot be used: ${why}`, {
    hint: `check its files and ${SETTINGS_FILE}; \`tandem doctor\` says whether the bundled model works here`,
    cause,
  });
}

export interface StartOptions {
  readonly workers: number;
  /** The entry of the worker threads; tests give one that fails on demand. */
  readonly workerUrl: URL;
  readonly workerHeapMb: number;
  readonly prefix?: string;
}

/** The embedder over workers that trust their files. Errors: PLATFORM. */
export async function startEmbedder(
  { folder, identity, recipe, spec, device }: ModelDescription,
  { workers, workerUrl, workerHeapMb, prefix = '' }: StartOptions,
): Promise<Embedder> {
  const { maxTokens, dimension, pooling, dtype, neverSaturates } = spec;
  const model = { folder, maxTokens, dimension, pooling, dtype, neverSaturates, device };
  const count = threadsThatFit(workers, THREAD_BYTES);
  if (count === 0) {
    throw new IndexerError('PLATFORM', 'there is no room for a thread that embeds', { hint: adviceOnMemory() });
  }
  const pool = await startWorkerPool(count, { workerUrl, model, workerHeapMb });
  return {
    identity,
    recipe,
    embed(texts, signal, onProgress) {
      const prefixed = prefix === '' ? texts : texts.map((text) => prefix + text);
      return embedTexts(pool, identity.dimension, prefixed, signal, onProgress);
    },
    close: () => pool.close(),
  };
}
