// Vectors by the text they were made of, for one model and recipe, shared by every run on this machine. Each run appends
// to a segment of its own, so that runs at the same time need no lock; what another run adds meanwhile is seen next time.
// Nothing here may fail a run: a row that is not whole is a miss, and a disk that takes no more ends the writing.

import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { isUnitNorm, normOf } from '../../core/unit-vector.ts';

import { KEY_BYTES, keyTable } from './key-table.ts';
import { mergeSmallSegments, tryToOpen } from './merge.ts';
import {
  type CachedVector,
  createSegment,
  KEYS_SUFFIX,
  recordBytes,
  type Segment,
  VECTORS_SUFFIX,
  type WritableSegment,
} from './segment.ts';

export interface VectorCache {
  /** `isOwn` says that this run added it. A row that is damaged counts as absent and is not asked for again. */
  get(key: Buffer): { readonly vector: Float32Array; readonly isOwn: boolean } | null;
  /** Only vectors that `get` does not have. */
  add(entries: readonly CachedVector[]): void;
  close(): void;
}

export interface VectorCacheOptions {
  readonly directory: string;
  readonly dimension: number;
  /** Told once, when nothing more will be written; reading goes on. */
  readonly onProblem: (message: string) => void;
  /** Called before a segment is begun: makes room. */
  readonly makeRoom: () => void;
  /** A segment that has grown beyond this is followed by another; 64 MiB unless told otherwise. */
  readonly segmentBytes?: number;
}

const SEGMENT_BYTES = 64 * 1024 * 1024;
const TIME_DIGITS = 10;
/** More small segments than this are made into one, except those of the last hour, which may be at work. */
const SMALL_SEGMENTS = 32;
const SETTLED_MS = 3_600_000;

/** The first half of the SHA-256 of the text's UTF-16 units: no two texts differ only in what the encoding loses. */
export function keyOf(text: string): Buffer {
  return createHash('sha256').update(text, 'utf16le').digest().subarray(0, KEY_BYTES);
}

export function openVectorCache(options: VectorCacheOptions): VectorCache {
  const { directory, dimension } = options;
  const segments: { readonly segment: Segment; readonly from: number; isUsed: boolean }[] = [];
  const table = keyTable();
  let next = 0; // the place after all that are taken; a segment's rows have places in a row
  let own: WritableSegment | null = null;
  let firstOwn = Number.POSITIVE_INFINITY;
  let isWritable = true;

  const giveUp = (error: unknown) => {
    if (isWritable) options.onProblem(`nothing more is kept in the cache ${directory}: ${messageOf(error)}`);
    isWritable = false;
  };

  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    tidy();
    for (const name of segmentNames(directory)) load(name);
  } catch (error) {
    giveUp(error);
  }

  function tidy(): void {
    const names = segmentNames(directory);
    const into = newName(directory);
    mergeSmallSegments({
      directory,
      dimension,
      names,
      into,
      most: SMALL_SEGMENTS,
      settledBefore: Date.now() - SETTLED_MS,
    });
  }

  function load(name: string): void {
    const opened = tryToOpen(directory, name, dimension);
    if (opened === null) return;
    const { segment, keys } = opened;
    segments.push({ segment, from: next, isUsed: false });
    for (let row = 0; row < segment.rows; row++) {
      table.set(keys.subarray(row * KEY_BYTES, (row + 1) * KEY_BYTES), next + row);
    }
    next += segment.rows;
  }

  /** Our own segment's places are the last ones until the next segment begins. */
  function writableSegment(): WritableSegment {
    if (own !== null && own.rows * recordBytes(dimension) < (options.segmentBytes ?? SEGMENT_BYTES)) return own;
    options.makeRoom();
    own = createSegment(directory, newName(directory), dimension);
    segments.push({ segment: own, from: next, isUsed: false });
    if (firstOwn > next) firstOwn = next;
    return own;
  }

  return {
    get(key) {
      const place = table.get(key);
      if (place < 0) return null;
      const home = segments.findLast(({ from }) => from <= place)!;
      const vector = home.segment.read(place - home.from, key);
      if (vector === null || !isUnitNorm(normOf(vector))) {
        table.drop(key);
        return null;
      }
      home.isUsed = true;
      return { vector, isOwn: place >= firstOwn };
    },
    add(entries) {
      if (!isWritable || entries.length === 0) return;
      try {
        const segment = writableSegment();
        segment.append(entries);
        for (const { key } of entries) table.set(key, next++);
      } catch (error) {
        giveUp(error);
      }
    },
    close() {
      for (const { segment, isUsed } of segments) {
        if (isUsed) touch(join(directory, segment.name + VECTORS_SUFFIX));
        segment.close();
      }
    },
  };
}

/** Oldest first, so that a later copy of a row hides an earlier one. */
function segmentNames(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => name.endsWith(KEYS_SUFFIX));
  return names.map((name) => name.slice(0, -KEYS_SUFFIX.length)).sort();
}

/** Sorts after every segment there is, whatever the clock says. */
function newName(directory: string): string {
  const latest = Number.parseInt(segmentNames(directory).at(-1)?.slice(0, TIME_DIGITS) ?? '0', 36) || 0;
  const time = Math.max(Date.now(), latest + 1);
  return `${time.toString(36).padStart(TIME_DIGITS, '0')}-${randomUUID().slice(0, 8)}`;
}

/** What was of use stays longest. */
function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // a cache that cannot be written, or a segment that another run removed
  }
}
