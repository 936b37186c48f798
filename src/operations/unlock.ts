// Takes a left-behind lock away: the one thing about the lock that a user may do by hand.

import type { Config } from '../config/schema.ts';
import type { Observer } from '../core/events.ts';
import { layoutOf } from '../store/layout.ts';
import { describeHolder } from '../store/lock/lock.ts';
import { removeLock } from '../store/lock/removal.ts';

/** The object of `unlock --json`; additive changes only. */
export interface UnlockReport {
  readonly schema: 1;
  /** False if there was no lock. */
  readonly removed: boolean;
  /** Why it could go: its holder is dead, its heartbeat stopped for a minute, or the user insisted. */
  readonly because: 'dead' | 'stands-still' | 'forced' | null;
  /** Null if there was none, or its file could not be understood. */
  readonly holder: { readonly pid: number; readonly host: string; readonly command: string } | null;
}

/**
 * Removes the lock of a holder that is gone. One that cannot be seen from here is watched for a minute first.
 * Errors: INDEX_LOCKED if it lives; with `force` never, and its holder stops before its next commit.
 */
export async function unlockIndex(
  config: Pick<Config, 'indexDir'>,
  options: { readonly force: boolean; readonly observe?: Observer; readonly signal?: AbortSignal | undefined },
): Promise<UnlockReport> {
  const removed = await removeLock(layoutOf(config.indexDir).lockFile, {
    force: options.force,
    signal: options.signal,
    onWatch: (holder, forMs) => {
      const who = holder === null ? 'a lock that cannot be understood' : describeHolder(holder);
      const message = `watching for ${Math.round(forMs / 1000)} s whether it is still at work: ${who}`;
      options.observe?.({ type: 'notice', message });
    },
  });
  if (removed === null) return { schema: 1, removed: false, because: null, holder: null };
  const { holder, because } = removed;
  const { pid, host, command } = holder ?? { pid: 0, host: '', command: '' };
  return { schema: 1, removed: true, because, holder: holder && { pid, host, command } };
}
