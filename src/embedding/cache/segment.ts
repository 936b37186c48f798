// One run's contribution to the cache: two append-only files that only the run which made them writes. `.keys` holds the
// keys alone, so that opening a cache need not read its vectors; `.vectors` holds one record a row: key, checksum, floats.
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { KEY_BYTES } from './key-table.ts';

export const KEYS_SUFFIX = '.keys';
export const VECTORS_SUFFIX = '.vectors';

const CHECKSUM_BYTES = 4;
const HEAD_BYTES = KEY_BYTES + CHECKSUM_BYTES;

export function recordBytes(dimension: number): number {
  return HEAD_BYTES + dimension * Float32Array.BYTES_PER_ELEMENT;
}

/** A row as it is given and read back. */
export interface CachedVector {
  readonly key: Buffer;
  readonly vector: Float32Array;
}

export interface Segment {
  readonly name: string;
  readonly rows: number;
  /** The row, or null where it cannot be read, is another key's, or does not have its checksum. */
  read(row: number, key: Buffer): Float32Array | null;
  close(): void;
}

export interface WritableSegment extends Segment {
  /** Vectors go to disk before the keys that name them. Throws what the file system throws. */
  append(entries: readonly CachedVector[]): void;
}

/** Opens a segment for reading and gives all its keys, end to end. Throws what the file system throws. */
export function openSegment(
  directory: string,
  name: string,
  dimension: number,
): { readonly segment: Segment; readonly keys: Buffer } {
  const keys = readKeys(join(directory, name + KEYS_SUFFIX));
  const file = openSync(join(directory, name + VECTORS_SUFFIX), 'r');
  return { segment: readable(name, file, () => keys.length / KEY_BYTES, dimension), keys };
}

/** A torn last key is left out. */
function readKeys(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const keys = Buffer.alloc(fstatSync(file).size);
    let length = 0;
    for (;;) {
      const read = readSync(file, keys, length, keys.length - length, null);
      if (read === 0) break;
      length += read;
    }
    return keys.subarray(0, length - (length % KEY_BYTES));
  } finally {
    closeSync(file);
  }
}

/** Makes the two files; fails if they exist. */
export function createSegment(directory: string, name: string, dimension: number): WritableSegment {
  const keysFile = openSync(join(directory, name + KEYS_SUFFIX), 'ax', 0o600);
  let vectorsFile: number;
  try {
    vectorsFile = openSync(join(directory, name + VECTORS_SUFFIX), 'ax+', 0o600);
  } catch (error) {
    closeSync(keysFile);
    throw error;
  }
  let rows = 0;
  const reading = readable(name, vectorsFile, () => rows, dimension);
  return {
    ...reading,
    get rows() {
      return rows;
    },
    append(entries) {
      writeAll(vectorsFile, Buffer.concat(entries.map(recordOf)));
      writeAll(keysFile, Buffer.concat(entries.map(({ key }) => key)));
      rows += entries.length;
    },
    close() {
      closeSync(keysFile);
      reading.close();
    },
  };
}

function readable(name: string, file: number, rows: () => number, dimension: number): Segment {
  const bytes = recordBytes(dimension);
  return {
    name,
    get rows() {
      return rows();
    },
    read(row, key) {
      const record = Buffer.alloc(bytes);
      if (!readWhole(file, record, row * bytes)) return null;
      const isIts = record.compare(key, 0, KEY_BYTES, 0, KEY_BYTES) === 0;
      if (!isIts || record.readUInt32LE(KEY_BYTES) !== checksumOf(record)) return null;
      return new Float32Array(Uint8Array.prototype.slice.call(record, HEAD_BYTES).buffer);
    },
    close: () => closeSync(file),
  };
}

function readWhole(file: number, buffer: Buffer, position: number): boolean {
  try {
    return readSync(file, buffer, 0, buffer.length, position) === buffer.length;
  } catch {
    return false; // a row that cannot be read is not there
  }
}

function writeAll(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

function recordOf({ key, vector }: CachedVector): Buffer {
  const record = Buffer.alloc(HEAD_BYTES + vector.byteLength);
  key.copy(record);
  record.set(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength), HEAD_BYTES);
  record.writeUInt32LE(checksumOf(record), KEY_BYTES);
  return record;
}

/** Over the key and the floats. */
function checksumOf(record: Buffer): number {
  return crc32(record.subarray(HEAD_BYTES), crc32(record.subarray(0, KEY_BYTES)));
}
