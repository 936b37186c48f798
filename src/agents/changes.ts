// How many files have changed since the last run, as lately known: finding all files takes too long for every question.
import { setTimeout as delay } from 'node:timers/promises';
import type { ChangesSince, Config } from '../index.ts';

/** A question waits so long for the first answer; a small project is looked through by then. */
const PATIENCE_MS = 150;
/** An answer is used for so long, or for this many times what it took. */
const LEAST_AGE_MS = 5_000;
const COST_FACTOR = 20;

export interface Changes {
  /** Null where it is not known, or not yet. */
  of(config: Config): Promise<ChangesSince | null>;
  /** What was known is not true any more. */
  forget(config: Config): void;
}

interface Known {
  value: ChangesSince | null;
  until: number;
  running: Promise<void> | null;
}

export function watchChanges(look: (config: Config) => Promise<ChangesSince | null>): Changes {
  const known = new Map<string, Known>();
  const refresh = async (config: Config, each: Known) => {
    const began = performance.now();
    each.value = await look(config).catch(() => null);
    const ended = performance.now();
    each.until = ended + Math.max(LEAST_AGE_MS, COST_FACTOR * (ended - began));
    each.running = null;
  };
  return {
    async of(config) {
      const each = known.get(config.indexDir) ?? { value: null, until: 0, running: null };
      known.set(config.indexDir, each);
      if (each.running === null && performance.now() >= each.until) each.running = refresh(config, each);
      if (each.running !== null) await Promise.race([each.running, delay(PATIENCE_MS, undefined, { ref: false })]);
      return each.value;
    },
    forget: (config) => void known.delete(config.indexDir),
  };
}
