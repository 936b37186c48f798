// The size of all caches together: what is on disk, what goes when it is too much, and how all of it is removed.
import { type Dirent, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../core/errors.ts';
import { KEYS_SUFFIX, VECTORS_SUFFIX } from './segment.ts';

interface SegmentOnDisk {
  /** Path without its suffix. */
  readonly path: string;
  readonly bytes: number;
  /** When it was last written or of use. */
  readonly usedAt: number;
}

/** Where the vectors of all models lie, one folder each. */
export function vectorsFolder(cacheDir: string): string {
  return join(cacheDir, 'vectors');
}

/** Bytes of all cached vectors; 0 where there is no cache. */
export function cacheBytes(cacheDir: string): number {
  return segmentsOnDisk(cacheDir).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Removes the segments longest out of use until what is left, and `reserve` bytes more, fit. Returns the bytes freed. */
export function shrinkCache(cacheDir: string, mostBytes: number, reserve: number): number {
  const segments = segmentsOnDisk(cacheDir).sort((a, b) => a.usedAt - b.usedAt);
  let excess = segments.reduce((sum, { bytes }) => sum + bytes, 0) + reserve - mostBytes;
  let freed = 0;
  for (const { path, bytes } of segments) {
    if (excess <= 0) break;
    rmSync(path + KEYS_SUFFIX, { force: true });
    rmSync(path + VECTORS_SUFFIX, { force: true });
    excess -= bytes;
    freed += bytes;
  }
  return freed;
}

/** Removes every cached vector; runs at work go on with what they have open. Returns the bytes freed. */
export function clearCache(cacheDir: string): number {
  const bytes = cacheBytes(cacheDir);
  rmSync(vectorsFolder(cacheDir), { recursive: true, force: true });
  return bytes;
}

function segmentsOnDisk(cacheDir: string): SegmentOnDisk[] {
  const folder = vectorsFolder(cacheDir);
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => entriesOf(join(folder, name)).map((entry) => join(folder, name, entry.name)))
    .filter((path) => path.endsWith(VECTORS_SUFFIX))
    .flatMap((path) => {
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats === undefined) return [];
      return [{ path: path.slice(0, -VECTORS_SUFFIX.length), bytes: stats.size, usedAt: stats.mtimeMs }];
    });
}

/** Empty where the folder does not exist. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
