// Who holds a lock, as its file says, and whether that process can be seen to be dead from here.
import { readFileSync } from 'node:fs';
import { open, readFile, readlink } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { basename } from 'node:path';
import * as v from 'valibot';
import { errnoOf, IndexerError } from '../../core/errors.ts';

const holderSchema = v.object({
  nonce: v.string(),
  pid: v.number(),
  /** Clock ticks since boot at which the process started; '' where the system does not tell. */
  process_start: v.string(),
  boot_id: v.string(),
  pid_namespace: v.string(),
  host: v.string(),
  /** '' where the system has none. */
  machine_id: v.optional(v.string(), ''),
  command: v.string(),
  started_at: v.string(),
});

export type LockHolder = v.InferOutput<typeof holderSchema>;

/** One look at a lock file. */
export interface LockFile {
  readonly holder: LockHolder | 'unreadable';
  /** When its time of change was last set, in nanoseconds of whatever clock set it: to be compared for equality. */
  readonly beatNs: bigint;
}

/** `unknown`: another host, container or boot, or a system that does not tell; only its heartbeat can say. */
export type Verdict = 'alive' | 'dead' | 'unknown';

/** Null if there is no such file. Opened anew each time, for a network disk answers `stat` from memory. */
export async function readLockFile(path: string): Promise<LockFile | null> {
  try {
    await using file = await open(path, 'r');
    const { mtimeNs } = await file.stat({ bigint: true });
    return { holder: parseHolder(await file.readFile('utf8')), beatNs: mtimeNs };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    if (errnoOf(error) !== 'EACCES') throw error;
    throw new IndexerError('NOT_WRITABLE', `no permission to read the lock ${path}`, {
      hint: 'nothing was changed; the index belongs to another user, or its directory has another mode than it had',
      cause: error,
    });
  }
}

function parseHolder(text: string): LockHolder | 'unreadable' {
  try {
    return v.parse(holderSchema, JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError || v.isValiError(error)) return 'unreadable';
    throw error;
  }
}

/** Clocks play no part where pid, start, boot and namespace can be compared. */
export function judge(file: LockFile, self: LockHolder): Verdict {
  const { holder } = file;
  if (holder === 'unreadable' || holder.host !== self.host) return 'unknown';
  if (holder.boot_id !== self.boot_id) return endedWithItsBoot(holder, file.beatNs, self) ? 'dead' : 'unknown';
  if (holder.pid_namespace !== self.pid_namespace) return 'unknown';
  if (process.platform === 'linux' && (self.boot_id === '' || self.pid_namespace === '')) return 'unknown';
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return 'dead';
  }
  const start = processStart(holder.pid);
  if (start === '' || holder.process_start === '') return 'unknown'; // a pid may belong to another process by now
  return start === holder.process_start ? 'alive' : 'dead';
}

/**
 * A host's name alone does not say that it is this machine: two of one name may share a disk. Nor does the machine's id,
 * which images copy: the lock must also be older than this boot.
 */
function endedWithItsBoot(holder: LockHolder, beatNs: bigint, self: LockHolder): boolean {
  if (holder.boot_id === '' || self.boot_id === '') return false;
  if (holder.machine_id === '' || holder.machine_id !== self.machine_id) return false;
  return Number(beatNs / 1_000_000n) < Date.now() - uptime() * 1000;
}

export async function describeSelf(nonce: string): Promise<LockHolder> {
  const text = (path: string) =>
    readFile(path, 'utf8').then(
      (content) => content.trim(),
      () => '',
    );
  return {
    nonce,
    pid: process.pid,
    process_start: processStart(process.pid),
    boot_id: await text('/proc/sys/kernel/random/boot_id'),
    pid_namespace: await readlink('/proc/self/ns/pid').catch(() => ''),
    host: hostname(),
    machine_id: await text('/etc/machine-id'),
    command: process.argv.slice(1).map(shortArgument).join(' '),
    started_at: new Date().toISOString(),
  };
}

function shortArgument(argument: string, index: number): string {
  return index === 0 ? basename(argument) : argument;
}

/**
 * Field 22 of /proc/<pid>/stat; a pid that was given to another process has another start. '' where the system does not
 * tell, 'ended' for a process that is dead but not yet reaped by its parent.
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
