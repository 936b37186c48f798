// What the disk holds of one file: its stamp and the hash of its bytes.
import { createHash, hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { FileStamp } from '../../core/chunk.ts';
import { errnoOf } from '../../core/errors.ts';

export interface HashedFile {
  readonly stamp: FileStamp;
  /** SHA-256 of the bytes, 64 hex digits. */
  readonly sha256: string;
}

/** Above this a file is read in pieces. */
const WHOLE_BYTES = 8 * 1024 * 1024;

async function hashOf(file: FileHandle, size: number): Promise<string> {
  if (size <= WHOLE_BYTES) return hash('sha256', await file.readFile(), 'hex');
  const sum = createHash('sha256');
  for await (const bytes of file.createReadStream({ autoClose: false })) sum.update(bytes as Buffer);
  return sum.digest('hex');
}

/** Null if there is no such file, or none that may be read. The stamp is taken before the bytes are. */
export async function hashFile(path: string): Promise<HashedFile | null> {
  try {
    await using file = await open(path, 'r');
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) return null;
    const stamp = {
      size: Number(stats.size),
      mtimeNs: stats.mtimeNs.toString(),
      ctimeNs: stats.ctimeNs.toString(),
      ino: stats.ino.toString(),
    };
    return { stamp, sha256: await hashOf(file, stamp.size) };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG'].includes(errnoOf(error))) return null;
    throw error;
  }
}
