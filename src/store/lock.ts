// One writer per index. The lock file is created whole by `link()`, so nobody ever reads half of one; it names its
// holder so that a dead one is recognised. Readers take no lock.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { errnoOf, IndexerError } from '../core/errors.ts';

const holderSchema = v.object({
  nonce: v.string(),
  pid: v.number(),
  /** Clock ticks since boot at which the process started; '' where the system does not tell. */
  process_start: v.string(),
  boot_id: v.string(),
  pid_namespace: v.string(),
  host: v.string(),
  command: v.string(),
  started_at: v.string(),
});

export type LockHolder = v.InferOutput<typeof holderSchema>;

export interface Lock {
  /** Throws LOCK_LOST unless the lock is still ours. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

/** Takes the lock, or throws INDEX_LOCKED naming the holder. A holder known to be dead is replaced by one winner. */
export async function acquireLock(path: string): Promise<Lock> {
  const self = await describeSelf();
  const temporary = join(dirname(path), `.lock.${self.nonce}.tmp`);
  await writeFile(temporary, JSON.stringify(self), { mode: 0o600, flag: 'wx' });
  try {
    const holder = await claim(path, temporary, self);
    if (holder !== null) throw lockedBy(holder, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return {
    async assertHeld() {
      const holder = await readHolder(path);
      if (holder === null || holder === 'unreadable' || holder.nonce !== self.nonce) {
        throw new IndexerError('LOCK_LOST', `the lock ${path} is no longer held by this process`, {
          hint: 'another process took it over; nothing more was written. Run this again when it has finished',
        });
      }
    },
    async release() {
      const holder = await readHolder(path);
      if (holder !== null && holder !== 'unreadable' && holder.nonce === self.nonce) await rm(path, { force: true });
    },
  };
}

/**
 * Makes `path` ours. Returns null on success, else the live holder.
 * Who wants to replace a dead holder first claims `<path>.<dead nonce>` in the same way: only one can, and only while
 * the dead holder is still in place, so a fresh lock is never taken for the stale one. A claim left by a process that
 * died in turn is replaced by the same rule.
 */
async function claim(path: string, temporary: string, self: LockHolder): Promise<LockHolder | null> {
  for (;;) {
    try {
      await link(temporary, path);
      return null;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw lockFailure(error, path);
    }
    const holder = await readHolder(path);
    if (holder === null) continue; // released between the two calls
    if (holder === 'unreadable') throw unreadable(path);
    if (isAlive(holder, self)) return holder;
    const claimPath = join(dirname(path), `${basename(path)}.${holder.nonce.slice(0, 8)}`);
    const rival = await claim(claimPath, temporary, self);
    if (rival !== null) return rival;
    try {
      const current = await readHolder(path);
      if (current === null || current === 'unreadable' || current.nonce !== holder.nonce) continue;
      const replacement = `${temporary}.${basename(path)}`;
      await link(temporary, replacement);
      await rename(replacement, path);
      return null;
    } finally {
      await rm(claimPath, { force: true });
    }
  }
}

/** Who holds the lock, dead or alive; null if nobody. Takes no lock itself. */
export async function readLockHolder(path: string): Promise<(LockHolder & { alive: boolean }) | null> {
  const holder = await readHolder(path);
  if (holder === null || holder === 'unreadable') return null;
  return { ...holder, alive: isAlive(holder, await describeSelf()) };
}

async function readHolder(path: string): Promise<LockHolder | 'unreadable' | null> {
  try {
    return v.parse(holderSchema, JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    if (error instanceof SyntaxError || v.isValiError(error)) return 'unreadable';
    throw error;
  }
}

/** Only a process of this host, boot and pid namespace can be seen to be dead; all others are believed. */
function isAlive(holder: LockHolder, self: LockHolder): boolean {
  if (holder.host !== self.host) return true;
  if (holder.boot_id !== self.boot_id) return false;
  if (holder.pid_namespace !== self.pid_namespace) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false;
  }
  return processStart(holder.pid) === holder.process_start;
}

async function describeSelf(): Promise<LockHolder> {
  return {
    nonce: randomUUID(),
    pid: process.pid,
    process_start: processStart(process.pid),
    boot_id: await readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
      (text) => text.trim(),
      () => '',
    ),
    pid_namespace: await readlink('/proc/self/ns/pid').catch(() => ''),
    host: hostname(),
    command: process.argv.slice(1).map(shortArgument).join(' '),
    started_at: new Date().toISOString(),
  };
}

function shortArgument(argument: string, index: number): string {
  return index === 0 ? basename(argument) : argument;
}

/**
 * Field 22 of /proc/<pid>/stat; a pid that was given to another process has another start. '' outside Linux, 'ended' for
 * a process that is dead but not yet reaped by its parent.
 */
function processStart(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

function lockedBy(holder: LockHolder, path: string): IndexerError {
  return new IndexerError(
    'INDEX_LOCKED',
    `another process is writing this index: pid ${holder.pid} on ${holder.host}, started ${holder.started_at} (${holder.command})`,
    { hint: `wait for it to finish, or stop it, then run this again. Lock file: ${path}` },
  );
}

function unreadable(path: string): IndexerError {
  return new IndexerError('INDEX_LOCKED', `the lock file ${path} cannot be understood`, {
    hint: 'make sure that no other process writes this index, then remove the file and run this again',
  });
}

function lockFailure(error: unknown, path: string): unknown {
  const errno = errnoOf(error);
  if (errno === 'EPERM' || errno === 'ENOTSUP' || errno === 'EOPNOTSUPP' || errno === 'ENOSYS') {
    return new IndexerError('PLATFORM', `the file system of ${path} cannot make hard links`, {
      hint: 'choose an index directory on another file system with --index-dir',
      cause: error,
    });
  }
  return error;
}
