// Models that several open indexes of one process ask: each is loaded once, when it is first needed, and given back when
// nobody has asked it for a while.
import type { Device } from '../core/device.ts';
import type { Embedder } from './embedder.ts';
import { describeModel, type ModelDescription } from './model/recipe.ts';

export interface SharedModel {
  readonly model: ModelDescription;
  /** Of one worker, for queries. It belongs to all: nobody but the owner closes it. */
  embedder(): Promise<Embedder>;
}

export interface SharedModels extends AsyncDisposable {
  /** Errors: MODEL_MISSING, MODEL_DAMAGED; `embedder` also DEVICE_UNAVAILABLE, PLATFORM. */
  of(modelDir: string, device: Device | undefined): Promise<SharedModel>;
  /** Closes what has not been asked for so many milliseconds. Returns how many models are still loaded. */
  releaseIdle(milliseconds: number): Promise<number>;
}

interface Held {
  readonly described: Promise<ModelDescription>;
  loaded: Promise<Embedder> | null;
  askedAt: number;
}

export function shareModels(now: () => number = () => performance.now()): SharedModels {
  const held = new Map<string, Held>();
  const release = async (each: Held) => {
    const { loaded } = each;
    each.loaded = null;
    const embedder = await loaded?.catch(() => null);
    await embedder?.close();
  };
  return {
    async of(modelDir, device) {
      const key = `${device ?? 'cpu'}\0${modelDir}`;
      const known = held.get(key) ?? { described: describeModel(modelDir, device), loaded: null, askedAt: now() };
      held.set(key, known);
      const model = await known.described.catch((error: unknown) => {
        held.delete(key); // it may be there the next time
        throw error;
      });
      return {
        model,
        embedder: () => {
          known.askedAt = now();
          known.loaded ??= load(model).catch((error: unknown) => {
            known.loaded = null;
            throw error;
          });
          return known.loaded;
        },
      };
    },
    async releaseIdle(milliseconds) {
      const idle = [...held.values()].filter(({ loaded, askedAt }) => loaded && now() - askedAt >= milliseconds);
      await Promise.all(idle.map(release));
      return [...held.values()].filter(({ loaded }) => loaded !== null).length;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...held.values()].map(release));
    },
  };
}

async function load(model: ModelDescription): Promise<Embedder> {
  const { openEmbedder } = await import('./open.ts');
  return openEmbedder({ model, workers: 1, purpose: 'query' });
}
