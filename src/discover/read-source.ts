// Reads one file whole, so that bytes and stamp belong together. Follows no link, waits on no pipe, leaves the tree
// by no folder that was swapped for a link after the listing.
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import type { FileStamp } from '../core/chunk.ts';
import { errnoOf, messageOf } from '../core/errors.ts';
import { parentOf } from './folders.ts';
import { neverEqual, sameStamp, stampOf } from './stamp.ts';

export type SourceRead =
  | { readonly kind: 'read'; readonly bytes: Uint8Array; readonly stamp: FileStamp }
  /** Grown beyond the limit since it was listed. */
  | { readonly kind: 'too-large'; readonly stamp: FileStamp }
  /** No longer a regular file of the tree: deleted, or it or a folder above it was replaced by something else. */
  | { readonly kind: 'vanished' }
  | { readonly kind: 'failed'; readonly reason: string; readonly stamp: FileStamp };

const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const UNKNOWN_STAMP: FileStamp = { size: 0, mtimeNs: '0', ctimeNs: '0', ino: '0' };

/**
 * `realRoot` is the root's real path. A file that changes under the reading is read once more; if it changes again, the
 * second reading is given with a stamp no file can have, so that the next run comes back to it. Never throws.
 * `fault` is called between the bytes and the second look at the stamp; tests write to the file there.
 */
export function readSource(
  realRoot: string,
  path: string,
  maxBytes: number,
  fault: () => void = () => undefined,
): SourceRead {
  try {
    const first = readOnce(realRoot, path, maxBytes, fault);
    if (first.kind !== 'torn') return first;
    const second = readOnce(realRoot, path, maxBytes, fault);
    return second.kind === 'torn' ? { ...second, kind: 'read', stamp: neverEqual(second.stamp) } : second;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'vanished' };
    return { kind: 'failed', reason: `cannot be read: ${messageOf(error)}`, stamp: UNKNOWN_STAMP };
  }
}

type Reading = SourceRead | { readonly kind: 'torn'; readonly bytes: Uint8Array; readonly stamp: FileStamp };

function readOnce(realRoot: string, path: string, maxBytes: number, fault: () => void): Reading {
  const folder = resolve(realRoot, parentOf(path));
  if (!isWithin(realRoot, folder) || !isSameFolder(realpathSync.native(folder), folder)) return { kind: 'vanished' };
  let descriptor: number;
  try {
    descriptor = openSync(`${realRoot}/${path}`, FLAGS);
  } catch (error) {
    // ELOOP: a link took the file's place. ENXIO: a socket did.
    if (errnoOf(error) !== 'ELOOP' && errnoOf(error) !== 'ENXIO') throw error;
    return { kind: 'vanished' };
  }
  try {
    const before = fstatSync(descriptor, { bigint: true });
    if (!before.isFile()) return { kind: 'vanished' };
    const stamp = stampOf(before);
    if (stamp.size > maxBytes) return { kind: 'too-large', stamp };
    const bytes = readUpTo(descriptor, stamp.size + 1);
    fault();
    const after = stampOf(fstatSync(descriptor, { bigint: true }));
    const isWhole = bytes.length === stamp.size && sameStamp(stamp, after);
    return { kind: isWhole ? 'read' : 'torn', bytes, stamp };
  } finally {
    closeSync(descriptor);
  }
}

/** One byte more than the size is asked for, so that a file that grew is seen. */
function readUpTo(descriptor: number, limit: number): Uint8Array {
  const bytes = new Uint8Array(limit);
  let length = 0;
  while (length < limit) {
    const count = readSync(descriptor, bytes, length, limit - length, null);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

/** False for a path with `..` that leads out: no listing has one, and a request need not come from a listing. */
function isWithin(realRoot: string, folder: string): boolean {
  return folder === realRoot || folder.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep);
}

/** Where letters' case or Unicode forms do not count, the system answers with the name's stored form. */
function isSameFolder(real: string, asked: string): boolean {
  return real === asked || real.normalize().toLowerCase() === asked.normalize().toLowerCase();
}
