// Indexes held open by one process for many questions: each is opened once, and again when somebody has written to it.
import type { Config } from '../config/schema.ts';
import { type SharedModels, shareModels } from '../embedding/shared-models.ts';
import { stampOfIndex } from '../store/index-stamp.ts';
import { openForReading } from './open-index.ts';
import type { Index } from './opened.ts';

export interface Sessions extends AsyncDisposable {
  /**
   * Calls `work` with an index that is as new as the call. It is closed by its owner. Errors: those of `openForReading`
   * and of `work`.
   */
  reading<T>(config: Config, work: (index: Index) => Promise<T>): Promise<T>;
  /** Closes indexes and models that nobody has used for so many milliseconds. Returns how many are still open. */
  releaseIdle(milliseconds: number): Promise<number>;
}

interface Held {
  readonly stamp: string;
  readonly index: Promise<Index>;
  users: number;
  usedAt: number;
  isRetired: boolean;
}

export function openSessions(now: () => number = () => performance.now()): Sessions {
  const models: SharedModels = shareModels();
  const held = new Map<string, Held>();

  const closeIfUnused = async (each: Held) => {
    if (!each.isRetired || each.users > 0) return;
    const index = await each.index.catch(() => null);
    await index?.[Symbol.asyncDispose]();
  };
  const retire = (key: string, each: Held) => {
    if (held.get(key) === each) held.delete(key);
    each.isRetired = true;
    return closeIfUnused(each);
  };
  /** Counted as in use at once: whoever closes in the meantime sees it. */
  const take = async (config: Config): Promise<Held> => {
    const key = JSON.stringify([config.root, config.indexDir, config.modelDir, config.device]);
    const stamp = await stampOfIndex(config.indexDir);
    const known = held.get(key);
    if (known?.stamp === stamp) {
      known.users++;
      return known;
    }
    const opened: Held = {
      stamp,
      index: openForReading(config, { models }),
      users: 1,
      usedAt: now(),
      isRetired: false,
    };
    held.set(key, opened);
    opened.index.catch(() => held.get(key) === opened && held.delete(key)); // the next who asks tries again
    if (known !== undefined) await retire(key, known);
    return opened;
  };
  return {
    async reading(config, work) {
      const each = await take(config);
      try {
        return await work(await each.index);
      } finally {
        each.users--;
        each.usedAt = now();
        await closeIfUnused(each);
      }
    },
    async releaseIdle(milliseconds) {
      const idle = [...held].filter(([, each]) => each.users === 0 && now() - each.usedAt >= milliseconds);
      await Promise.all(idle.map(([key, each]) => retire(key, each)));
      return held.size + (await models.releaseIdle(milliseconds));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...held].map(([key, each]) => retire(key, each)));
      await models[Symbol.asyncDispose]();
    },
  };
}
