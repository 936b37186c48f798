// Every run leaves a segment, and most are small; here many of them become one.
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KEY_BYTES } from './key-table.ts';
import { createSegment, KEYS_SUFFIX, openSegment, type Segment, VECTORS_SUFFIX } from './segment.ts';

const SMALL_BYTES = 8 * 1024 * 1024;
const ROWS_AT_ONCE = 512;

export interface MergeOptions {
  readonly directory: string;
  readonly dimension: number;
  /** Oldest first. */
  readonly names: readonly string[];
  /** The name of the segment to make; it sorts after all others. */
  readonly into: string;
  /** How many small segments are borne. */
  readonly most: number;
  /** Segments written later than this, in milliseconds since 1970, may still be written to and are left alone. */
  readonly settledBefore: number;
}

/**
 * Copies the whole rows of small segments into one, then removes them. A kill leaves rows twice, which does no harm;
 * rows that were damaged are dropped. Throws what the file system throws.
 */
export function mergeSmallSegments({ directory, dimension, names, into, most, settledBefore }: MergeOptions): void {
  const small = names.filter((name) => {
    const stats = statSync(join(directory, name + VECTORS_SUFFIX), { throwIfNoEntry: false });
    return stats === undefined || (stats.size < SMALL_BYTES && stats.mtimeMs < settledBefore);
  });
  if (small.length <= most) return;
  const merged = createSegment(directory, into, dimension);
  try {
    for (const name of small) {
      const opened = tryToOpen(directory, name, dimension);
      if (opened === null) continue;
      try {
        copyRows(opened, (entries) => merged.append(entries));
      } finally {
        opened.segment.close();
      }
    }
  } finally {
    merged.close();
  }
  for (const name of small) {
    rmSync(join(directory, name + KEYS_SUFFIX), { force: true });
    rmSync(join(directory, name + VECTORS_SUFFIX), { force: true });
  }
}

function copyRows(
  { segment, keys }: { segment: Segment; keys: Buffer },
  append: (entries: { key: Buffer; vector: Float32Array }[]) => void,
): void {
  for (let from = 0; from < segment.rows; from += ROWS_AT_ONCE) {
    const entries: { key: Buffer; vector: Float32Array }[] = [];
    for (let row = from; row < Math.min(segment.rows, from + ROWS_AT_ONCE); row++) {
      const key = keys.subarray(row * KEY_BYTES, (row + 1) * KEY_BYTES);
      const vector = segment.read(row, key);
      if (vector !== null) entries.push({ key, vector });
    }
    append(entries);
  }
}

/** Null for one that lacks a file: a run that was killed while it made it, or another that removes it. */
export function tryToOpen(directory: string, name: string, dimension: number) {
  try {
    return openSegment(directory, name, dimension);
  } catch {
    return null;
  }
}
