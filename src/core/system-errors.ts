// What the operating system refuses is no bug of ours: a number or a name of its own → an error that a user can act on.
import { errnoOf, IndexerError } from './errors.ts';

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const NO_PERMISSION = new Set(['EACCES', 'EPERM', 'EROFS']);

/** Others, with what to do. A name that is in none of these may well be a mistake of ours. */
const REMEDIES: Readonly<Record<string, string>> = {
  EIO: 'look after the disk, or the network that it is on',
  EMFILE: 'allow more open files (ulimit -n)',
  ENFILE: 'close other programs: the whole machine has too many files open',
  ENOMEM: 'free some memory',
  EAGAIN: 'allow more processes and threads (ulimit -u), or use fewer: --workers=1',
  EBUSY: 'end what else uses it',
  ETXTBSY: 'end what else uses it',
  ESTALE: 'look after the network disk',
  ETIMEDOUT: 'look after the network disk',
  ENOLCK: 'look after the network disk',
  ENXIO: 'look after the disk, or the network that it is on',
  ENODEV: 'look after the disk, or the network that it is on',
  EUCLEAN: 'check the file system',
  EMLINK: 'choose an index directory on another file system with --index-dir',
  ENOTSUP: 'choose an index directory on another file system with --index-dir',
  EOPNOTSUPP: 'choose an index directory on another file system with --index-dir',
  ENOSYS: 'choose an index directory on another file system with --index-dir',
};

/** `place` is the path, as far as it is known; null for an error that the system is not to blame for. */
export function systemFailure(name: string, place: string, cause: unknown): IndexerError | null {
  if (NO_SPACE.has(name)) {
    return new IndexerError('DISK_FULL', `no space left while writing ${place}`, {
      hint: 'what was committed is intact; free some space and run this again',
      cause,
    });
  }
  if (NO_PERMISSION.has(name)) {
    return new IndexerError('NOT_WRITABLE', `no permission to use ${place} (${name})`, {
      hint: 'check the owner and mode of the index directory, or choose another with --index-dir',
      cause,
    });
  }
  const remedy = REMEDIES[name];
  if (remedy === undefined) return null;
  return new IndexerError('SYSTEM_FAILED', `${place}: ${name}`, {
    hint: `what was committed is intact; ${remedy}, then run this again`,
    cause,
  });
}

/** A failed call of Node's to the operating system as such an error; anything else as it came. */
export function asSystemFailure(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof IndexerError) return error;
  if (errnoOf(error) === 'ERR_WORKER_INIT_FAILED') return systemFailure(error.message, 'a thread', error) ?? error;
  if (!('syscall' in error)) return error;
  const { path } = error as NodeJS.ErrnoException;
  return systemFailure(errnoOf(error), path ?? String(error.syscall), error) ?? error;
}

/** The first of several: what happened before the clean-up that failed too. */
export function firstOf(error: unknown): unknown {
  return error instanceof Error && 'suppressed' in error ? firstOf(error.suppressed) : error;
}
