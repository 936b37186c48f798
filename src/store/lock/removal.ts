// Taking away a lock whose holder is gone, for `unlock`. A holder that lives keeps it, unless the user insists.
import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, IndexerError } from '../../core/errors.ts';
import { describeSelf, judge, type LockHolder, readLockFile } from './holder.ts';
import { acquireLock, describeHolder } from './lock.ts';
import { heartbeatWatch, STALE_AFTER_MS } from './watch.ts';

export interface RemovedLock {
  /** Null if the file could not be understood. */
  readonly holder: LockHolder | null;
  readonly because: 'dead' | 'stands-still' | 'forced';
}

export interface RemovalOptions {
  readonly force: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Called once if the heartbeat has to be watched; `holder` is null if the file cannot be understood. */
  readonly onWatch?: ((holder: LockHolder | null, forMs: number) => void) | undefined;
  readonly staleAfterMs?: number | undefined;
  readonly pollMs?: number | undefined;
}

/**
 * Removes the lock of a holder that is dead, or whose heartbeat stands still for a minute while we watch; with `force`
 * any: its holder notices before its next commit and stops. Null if there is none. Errors: INDEX_LOCKED (it lives).
 */
export async function removeLock(path: string, options: RemovalOptions): Promise<RemovedLock | null> {
  const { force, signal, onWatch, staleAfterMs = STALE_AFTER_MS, pollMs = 500 } = options;
  const self = await describeSelf('');
  const watch = heartbeatWatch(staleAfterMs);
  let first: string | undefined;
  for (;;) {
    const file = await readLockFile(path);
    if (file === null) return null;
    const holder = file.holder === 'unreadable' ? null : file.holder;
    if (force) return takeAway(path, { holder, because: 'forced' });
    const verdict = judge(file, self);
    if (verdict === 'dead' && holder !== null) return takeOver(path, { holder, because: 'dead' });
    if (verdict === 'alive' && holder !== null) throw lives(holder, 'its process is running');
    const nonce = holder?.nonce ?? '';
    if (first === undefined) onWatch?.(holder, staleAfterMs);
    first ??= nonce;
    const seen = watch.look(file);
    if (holder !== null && (seen === 'beats' || nonce !== first)) throw lives(holder, 'its heartbeat was seen');
    if (seen === 'stands-still') {
      const because = 'stands-still';
      return holder === null ? takeAway(path, { holder, because }) : takeOver(path, { holder, because });
    }
    await sleep(pollMs, undefined, { signal }).catch((error: unknown) => {
      throw signal?.aborted ? signal.reason : error;
    });
  }
}

/** As any other take-over, so that one of several wins and nobody's fresh lock is taken for the stale one. */
async function takeOver(path: string, removed: RemovedLock & { readonly holder: LockHolder }): Promise<RemovedLock> {
  await (await acquireLock(path, { ended: [removed.holder.nonce] })).release();
  return removed;
}

/** A file that is understood by nobody, or whose holder shall lose it. */
async function takeAway(path: string, removed: RemovedLock): Promise<RemovedLock> {
  const aside = `${path}.${randomUUID()}.removed`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return removed; // its holder gave it back just then
    throw error;
  }
  await rm(aside, { force: true });
  return removed;
}

function lives(holder: LockHolder, why: string): IndexerError {
  return new IndexerError('INDEX_LOCKED', `the lock is held by ${describeHolder(holder)}: ${why}`, {
    hint: 'wait for it to finish, or stop it. If you are sure that it must lose the lock: `tandem unlock --force`',
  });
}
