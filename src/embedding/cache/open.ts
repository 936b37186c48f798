// Opening an embedder for a run: its model files are checked at once, its workers start when the first text is not cached.
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Embedder } from '../embedder.ts';
import { type OpenEmbedderOptions, prepareEmbedder } from '../open.ts';
import { shrinkCache, vectorsFolder } from './bounds.ts';
import { cachedEmbedder } from './cached-embedder.ts';
import { openVectorCache, type VectorCache } from './vector-cache.ts';

export interface CacheSettings {
  readonly directory: string;
  /** Most bytes of all models' vectors together. */
  readonly bytes: number;
}

export interface CachedEmbedderOptions extends OpenEmbedderOptions {
  /** Null: nothing is kept beyond this run. */
  readonly cache: CacheSettings | null;
  /** Where this run may put vectors while it lasts, so that a text which repeats is embedded once. */
  readonly scratchDir: string;
  readonly onProblem: (message: string) => void;
}

/**
 * Errors: as `openEmbedder`; on the CPU those of the runtime come with the first text that has to be embedded. Another
 * device is tried at once.
 */
export async function openCachedEmbedder(options: CachedEmbedderOptions): Promise<Embedder> {
  const { start } = await prepareEmbedder(options);
  const { model } = options;
  const { dimension } = model.identity;
  const cache =
    options.cache === null
      ? openScratchCache(options.scratchDir, dimension, options.onProblem)
      : openSharedCache(options.cache, model.fingerprint, dimension, options.onProblem);
  const engine = model.device === 'cpu' ? startLater(model, start) : await start();
  return cachedEmbedder(engine, cache);
}

// What one run adds to a segment before it asks for room again; the bound is kept to within that.
const RESERVED_BYTES = 64 * 1024 * 1024;

function openSharedCache(
  { directory, bytes }: CacheSettings,
  fingerprint: string,
  dimension: number,
  onProblem: (message: string) => void,
): VectorCache {
  const reserve = Math.min(RESERVED_BYTES, bytes / 4);
  return openVectorCache({
    directory: join(vectorsFolder(directory), fingerprint),
    dimension,
    onProblem,
    segmentBytes: reserve,
    makeRoom: () => shrinkCache(directory, bytes, reserve),
  });
}

/** Named like a temporary file: what a kill leaves of it is swept under the lock. */
function openScratchCache(scratchDir: string, dimension: number, onProblem: (message: string) => void): VectorCache {
  const directory = join(scratchDir, `.vectors.${randomUUID()}.tmp`);
  const cache = openVectorCache({ directory, dimension, onProblem, makeRoom: () => undefined });
  const close = () => {
    cache.close();
    rmSync(directory, { recursive: true, force: true });
  };
  return { get: cache.get, add: cache.add, close };
}

function startLater(
  { identity, recipe }: Pick<Embedder, 'identity' | 'recipe'>,
  start: () => Promise<Embedder>,
): Embedder {
  let started: Promise<Embedder> | null = null;
  return {
    identity,
    recipe,
    async embed(texts, signal, onProgress) {
      started ??= start();
      return (await started).embed(texts, signal, onProgress);
    },
    async close() {
      const embedder = await started?.catch(() => null);
      await embedder?.close();
    },
  };
}
