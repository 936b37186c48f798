// What `stat` says of a file, in the form that is remembered and compared.
import type { BigIntStats } from 'node:fs';
import type { FileStamp } from '../core/chunk.ts';

export function stampOf(stats: BigIntStats): FileStamp {
  return {
    size: Number(stats.size),
    mtimeNs: stats.mtimeNs.toString(),
    ctimeNs: stats.ctimeNs.toString(),
    ino: stats.ino.toString(),
  };
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino;
}

/** A stamp that no file on disk can have, so that the next run reads the file again. */
export function neverEqual(stamp: FileStamp): FileStamp {
  return { ...stamp, ctimeNs: '0', ino: '0' };
}
