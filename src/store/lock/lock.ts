// One writer per index. The lock file is created whole by `link()`, so nobody ever reads half of one; it names its
// holder so that a dead one is recognised. Readers take no lock.
import { randomUUID } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, IndexerError, messageOf } from '../../core/errors.ts';
import type { Observer } from '../../core/events.ts';
import { describeSelf, judge, type LockFile, type LockHolder, readLockFile, type Verdict } from './holder.ts';
import { startHeartbeat } from './start-heartbeat.ts';
import { heartbeatWatch, STALE_AFTER_MS } from './watch.ts';

export interface Lock {
  /** Throws LOCK_LOST unless the lock is still ours. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

export interface LockOptions {
  /**
   * How long to wait for another holder, in milliseconds; 0 (the default) refuses one that is seen to live at once. One that
   * cannot be seen is watched until its heartbeat shows, or stood still for long enough, whatever this says.
   */
  readonly waitMs?: number | undefined;
  /** Ends the wait with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called once if there is something to wait for; `forMs` is null where it is the holder's end. */
  readonly onWait?: ((holder: LockHolder, forMs: number | null) => void) | undefined;
  /** A heartbeat that stands still for so long while we watch has ended. */
  readonly staleAfterMs?: number | undefined;
  readonly pollMs?: number | undefined;
  /** Nonces of holders that are known to have ended. */
  readonly ended?: readonly string[] | undefined;
  /** When the heartbeat begins (a short run never pays for it) and how often it beats. */
  readonly heartbeat?: { readonly delayMs: number; readonly intervalMs: number } | undefined;
}

/** How long to wait for another writer: so many seconds, or until it ends (null). */
export interface Wait {
  readonly seconds: number | null;
  readonly signal?: AbortSignal | undefined;
}

/** `signal` ends the time for which a holder that cannot be seen is watched. */
export function waiting(wait: Wait | undefined, observe: Observer, signal?: AbortSignal): LockOptions {
  return {
    waitMs: wait === undefined ? 0 : wait.seconds === null ? Number.POSITIVE_INFINITY : wait.seconds * 1000,
    signal: wait?.signal ?? signal,
    onWait: (holder, forMs) => {
      const who = describeHolder(holder);
      const watched = `watching for up to ${Math.round((forMs ?? 0) / 1000)} s whether it is still at work: ${who}`;
      observe({ type: 'notice', message: forMs === null ? `waiting for ${who}` : watched });
    },
  };
}

const HEARTBEAT = { delayMs: 1_000, intervalMs: 5_000 };

/** Who is in the way, and where: at the lock itself, or at the claim that precedes a take-over. */
interface Rival {
  readonly path: string;
  readonly holder: LockHolder;
  readonly verdict: Verdict;
}

/**
 * Takes the lock, or throws INDEX_LOCKED naming the holder. A holder known to be dead is replaced by one winner at once;
 * one that cannot be seen from here (another host or container) once its heartbeat stopped for a minute.
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<Lock> {
  const { waitMs = 0, signal, onWait, staleAfterMs = STALE_AFTER_MS, pollMs = 250 } = options;
  const self = await describeSelf(randomUUID());
  const watch = heartbeatWatch(staleAfterMs);
  const stale = new Set(options.ended);
  const startedAt = performance.now();
  let isAnnounced = false;
  for (;;) {
    const rival = await attempt(path, self, stale);
    if (rival === null) return hold(path, self, options.heartbeat ?? HEARTBEAT);
    let isWatched = rival.verdict === 'unknown';
    for (;;) {
      const leftMs = waitMs - (performance.now() - startedAt);
      if (leftMs <= 0 && !isWatched) throw lockedBy(rival, path, waitMs);
      if (!isAnnounced) onWait?.(rival.holder, leftMs > 0 ? null : staleAfterMs);
      isAnnounced = true;
      await sleep(leftMs > 0 ? Math.min(pollMs, leftMs) : pollMs, undefined, { signal }).catch((error: unknown) => {
        throw signal?.aborted ? signal.reason : error;
      });
      const file = await readLockFile(rival.path);
      if (file === null || file.holder === 'unreadable' || file.holder.nonce !== rival.holder.nonce) break;
      const verdict = judge(file, self);
      if (verdict === 'dead') break;
      // A process that can be seen alive is believed even if it is stopped.
      const seen = verdict === 'unknown' ? watch.look(file) : 'beats';
      if (seen === 'stands-still') {
        stale.add(rival.holder.nonce);
        break;
      }
      if (seen === 'beats') isWatched = false;
    }
  }
}

/** Who holds the lock, dead or alive; null if nobody. Takes no lock itself. */
export async function readLockHolder(
  path: string,
): Promise<(LockHolder & { alive: boolean; verdict: Verdict }) | null> {
  const file = await readLockFile(path);
  if (file === null || file.holder === 'unreadable') return null;
  const verdict = judge(file, await describeSelf(''));
  return { ...file.holder, verdict, alive: verdict !== 'dead' };
}

/** Whether the heartbeat of a holder that cannot be seen shows within `forMs`; the lock is only read. */
export async function isBeating(path: string, forMs: number = 3 * HEARTBEAT.intervalMs): Promise<boolean> {
  const first = await readLockFile(path);
  const endAt = performance.now() + forMs;
  while (performance.now() < endAt) {
    await sleep(Math.min(500, forMs));
    const file = await readLockFile(path);
    if (first === null || file === null) return false;
    if (file.beatNs !== first.beatNs) return true;
  }
  return false;
}

function hold(path: string, self: LockHolder, heartbeat: NonNullable<LockOptions['heartbeat']>): Lock {
  const beating = startHeartbeat({ path, nonce: self.nonce, intervalMs: heartbeat.intervalMs }, heartbeat.delayMs);
  const isOurs = async () => {
    const file = await readLockFile(path);
    return file !== null && file.holder !== 'unreadable' && file.holder.nonce === self.nonce;
  };
  return {
    async assertHeld() {
      if (!(await isOurs())) {
        throw new IndexerError('LOCK_LOST', `the lock ${path} is no longer held by this process`, {
          hint: 'another process took it over; nothing more was written. Run this again when it has finished',
        });
      }
      const failure = beating.failure();
      if (failure === undefined) return;
      if (failure instanceof IndexerError) throw failure;
      throw new IndexerError('LOCK_LOST', `the heartbeat of the lock ${path} failed: ${messageOf(failure)}`, {
        hint: 'others would soon take this process for dead; nothing more was written. Run this again',
        cause: failure,
      });
    },
    async release() {
      await beating.stop();
      if (await isOurs()) await rm(path, { force: true });
    },
  };
}

/** One try for the lock. The temporary file may be swept by a holder that begins just then; then it is written again. */
async function attempt(path: string, self: LockHolder, stale: ReadonlySet<string>): Promise<Rival | null> {
  for (let tries = 1; ; tries++) {
    const temporary = join(dirname(path), `.lock.${randomUUID()}.tmp`);
    try {
      await writeWhole(temporary, JSON.stringify(self));
      return await claim(path, temporary, self, stale);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || tries === 5) throw lockFailure(error, path);
    } finally {
      await rm(temporary, { force: true });
    }
  }
}

/** Flushed, so that a power cut leaves no empty lock that nobody could understand. */
async function writeWhole(path: string, text: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(text);
  await file.sync();
}

/**
 * Makes `path` ours. Returns null on success, else who is in the way.
 * Who wants to replace a dead holder first claims `<path>.<dead nonce>` in the same way: only one can, and only while
 * the dead holder is still in place, so a fresh lock is never taken for the stale one. A claim left by a process that
 * died in turn is replaced by the same rule.
 */
async function claim(
  path: string,
  temporary: string,
  self: LockHolder,
  stale: ReadonlySet<string>,
): Promise<Rival | null> {
  for (;;) {
    try {
      await link(temporary, path);
      return null;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    const file = await readLockFile(path);
    if (file === null) continue; // released between the two calls
    const { holder } = file;
    if (holder === 'unreadable') throw unreadable(path);
    const verdict = judge(file, self);
    if (verdict !== 'dead' && !stale.has(holder.nonce)) return { path, holder, verdict };
    const claimPath = join(dirname(path), `${basename(path)}.${holder.nonce.slice(0, 8)}`);
    const rival = await claim(claimPath, temporary, self, stale);
    if (rival !== null) return rival;
    try {
      if (!(await isHeldBy(path, holder.nonce))) continue;
      const replacement = `${temporary}.${basename(path)}`;
      await link(temporary, replacement);
      await rename(replacement, path);
      return null;
    } finally {
      await rm(claimPath, { force: true });
    }
  }
}

async function isHeldBy(path: string, nonce: string): Promise<boolean> {
  const current: LockFile | null = await readLockFile(path);
  return current !== null && current.holder !== 'unreadable' && current.holder.nonce === nonce;
}

export function describeHolder(holder: LockHolder): string {
  return `pid ${holder.pid} on ${holder.host}, started ${holder.started_at} (${holder.command})`;
}

function lockedBy({ holder, verdict }: Rival, path: string, waitedMs: number): IndexerError {
  const unseen = verdict === 'unknown' ? ', which cannot be seen from here, but its heartbeat can' : '';
  const waited = waitedMs > 0 ? ` (waited ${Math.round(waitedMs / 1000)} s)` : '';
  const hint = 'wait for it to finish (--wait), or stop it, then run this again';
  return new IndexerError(
    'INDEX_LOCKED',
    `another process is writing this index: ${describeHolder(holder)}${unseen}${waited}`,
    { hint: `${hint}. Lock file: ${path}` },
  );
}

function unreadable(path: string): IndexerError {
  return new IndexerError('INDEX_LOCKED', `the lock file ${path} cannot be understood`, {
    hint: 'make sure that no other process writes this index, then run `tandem unlock`',
  });
}

function lockFailure(error: unknown, path: string): unknown {
  const errno = errnoOf(error);
  const isLink = error instanceof Error && 'syscall' in error && error.syscall === 'link';
  if (isLink && ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errno)) {
    return new IndexerError('PLATFORM', `the file system of ${path} cannot make hard links`, {
      hint: 'choose an index directory on another file system with --index-dir',
      cause: error,
    });
  }
  if (['EACCES', 'EPERM', 'EROFS'].includes(errno)) {
    return new IndexerError('NOT_WRITABLE', `the index directory cannot be written: no lock can be made at ${path}`, {
      hint: `nothing was changed; check the owner and mode of ${dirname(path)}, or choose another with --index-dir`,
      cause: error,
    });
  }
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new IndexerError('DISK_FULL', `no space left for the lock ${path}`, {
      hint: 'nothing was changed; free some space and run this again',
      cause: error,
    });
  }
  return error;
}
