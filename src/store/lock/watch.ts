// Watching a lock from outside: a holder that cannot be seen is taken for dead only if its heartbeat stopped before
// our own eyes. What its clock says is never compared with ours.
import type { LockFile } from './holder.ts';

/** A heartbeat comes every 5 s; one that misses this many milliseconds has ended. */
export const STALE_AFTER_MS = 60_000;

export type Watched = 'watching' | 'beats' | 'stands-still';

export interface HeartbeatWatch {
  /** To be asked again and again; `stands-still` once nothing changed for the whole time. */
  look(file: LockFile): Watched;
}

/** `now` is a clock in milliseconds that nobody sets. */
export function heartbeatWatch(
  staleAfterMs: number = STALE_AFTER_MS,
  now: () => number = () => performance.now(),
): HeartbeatWatch {
  const seen = new Map<string, { beatNs: bigint; sinceMs: number; moved: boolean }>();
  return {
    look({ holder, beatNs }) {
      const key = holder === 'unreadable' ? '' : holder.nonce;
      const before = seen.get(key);
      if (before?.beatNs === beatNs) {
        if (now() - before.sinceMs >= staleAfterMs) return 'stands-still';
        return before.moved ? 'beats' : 'watching';
      }
      seen.set(key, { beatNs, sinceMs: now(), moved: before !== undefined });
      return before === undefined ? 'watching' : 'beats';
    },
  };
}
