// A table's files as the file system has them, read without the engine: which versions are whole, which data files the
// current one names and how large they have to be. The manifests are protocol buffers; only these fields are read.
import { type FileHandle, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../core/errors.ts';
import { contradicts, readSeal } from './head-seal.ts';

const MAGIC = 'LANC';
/** At the end of a manifest: where the message begins (8 bytes), format version (4), magic (4). */
const FOOTER_BYTES = 16;

export interface DataFile {
  /** Relative to the table's `data/`, unless said otherwise. */
  readonly name: string;
  /** 0 where the writer did not record it. */
  readonly bytes: number;
}

export interface Fragment {
  readonly id: number;
  /** Rows still there. */
  readonly rows: number;
  readonly files: readonly DataFile[];
  /** Relative to the table; null if no row was deleted. */
  readonly deletionFile: string | null;
}

export interface Manifest {
  readonly name: string;
  readonly version: number;
  readonly fragments: readonly Fragment[];
  /** Files of its indexes, relative to the table. */
  readonly indexFiles: readonly DataFile[];
}

/** Manifests newest first; null in place of one that is not whole or not what its seal says. Empty if there are none. */
export async function readManifests(
  tablePath: string,
  most = Number.POSITIVE_INFINITY,
): Promise<{ name: string; manifest: Manifest | null }[]> {
  const directory = join(tablePath, '_versions');
  const names = (await namesIn(directory)).filter((name) => /^\d+\.manifest$/.test(name));
  const seal = await readSeal(tablePath);
  const manifests: { name: string; manifest: Manifest | null }[] = [];
  for (const name of names.sort(newestFirst).slice(0, most)) {
    const bytes = await readFile(join(directory, name));
    manifests.push({ name, manifest: contradicts(seal, name, bytes) ? null : parseManifest(name, bytes) });
  }
  return manifests;
}

/** What is wrong with the files of one version: a code and the file's name each. */
export async function checkFiles(
  tablePath: string,
  { fragments, indexFiles }: Manifest,
): Promise<{ code: 'data-file-missing' | 'data-file-size' | 'data-file-broken'; name: string }[]> {
  const problems: Awaited<ReturnType<typeof checkFiles>> = [];
  for (const { files, deletionFile } of fragments) {
    for (const { name, bytes } of files) {
      const state = await stateOf(join(tablePath, 'data', name), bytes);
      if (state !== null) problems.push({ code: state, name });
    }
    if (deletionFile !== null) {
      const state = await stateOf(join(tablePath, deletionFile), -1);
      if (state !== null) problems.push({ code: state, name: deletionFile });
    }
  }
  for (const { name, bytes } of indexFiles) {
    const state = await stateOf(join(tablePath, name), bytes);
    if (state !== null) problems.push({ code: state, name });
  }
  return problems;
}

/** `bytes` of 0: any size that can hold a footer; −1: a list of deleted rows, whose size is not recorded. */
async function stateOf(path: string, bytes: number) {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (bytes < 0) return await deletionState(file, size, path);
    if (bytes > 0 ? size !== bytes : size < FOOTER_BYTES) return 'data-file-size';
    const tail = Buffer.alloc(MAGIC.length);
    await file.read(tail, 0, tail.length, size - tail.length);
    return tail.toString('latin1') === MAGIC ? null : 'data-file-broken';
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'data-file-missing';
    throw error;
  }
}

/** One ends as Arrow files do, the other begins with a number that is never zero. */
async function deletionState(file: FileHandle, size: number, path: string) {
  if (size < 8) return 'data-file-size';
  const [mark, at] = path.endsWith('.arrow') ? ['ARROW1', size - 6] : ['', 0];
  const bytes = Buffer.alloc(mark === '' ? 4 : mark.length);
  await file.read(bytes, 0, bytes.length, at);
  const isRight = mark === '' ? bytes.readUInt32LE() !== 0 : bytes.toString('latin1') === mark;
  return isRight ? null : 'data-file-broken';
}

/** Null if the bytes are not a whole manifest. */
export function parseManifest(name: string, bytes: Buffer): Manifest | null {
  if (bytes.length <= FOOTER_BYTES || bytes.toString('latin1', bytes.length - MAGIC.length) !== MAGIC) return null;
  const at = bytes.readBigUInt64LE(bytes.length - FOOTER_BYTES);
  if (at > BigInt(bytes.length - FOOTER_BYTES - 4)) return null;
  const start = Number(at) + 4;
  const end = start + bytes.readUInt32LE(Number(at));
  if (end > bytes.length - FOOTER_BYTES) return null;
  try {
    const fields = readFields(bytes.subarray(start, end));
    const fragments = fields.filter(({ field }) => field === 2).map(({ value }) => parseFragment(asBytes(value)));
    return { name, version: numberOf(fields, 3), fragments, indexFiles: parseIndexes(bytes, fields) };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

interface Field {
  readonly field: number;
  readonly value: bigint | Buffer;
}

/** The indexes stand in a message of their own, whose place the manifest tells. */
function parseIndexes(bytes: Buffer, manifest: readonly Field[]): DataFile[] {
  if (!manifest.some(({ field }) => field === 6)) return [];
  const at = numberOf(manifest, 6);
  if (at + 4 > bytes.length) throw new RangeError('cut short');
  const section = readFields(bytes.subarray(at + 4, at + 4 + bytes.readUInt32LE(at)));
  return section
    .filter(({ field }) => field === 1)
    .map(({ value }) => readFields(asBytes(value)))
    .flatMap((index) => {
      const uuid = readFields(asBytes(index.find(({ field }) => field === 1)?.value ?? 0n));
      const folder = join('_indices', asUuid(asBytes(uuid[0]?.value ?? 0n)));
      return index
        .filter(({ field }) => field === 10)
        .map(({ value }) => readFields(asBytes(value)))
        .map((file) => ({ name: join(folder, textOf(file, 1)), bytes: numberOf(file, 2) }));
    });
}

function asUuid(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function parseFragment(bytes: Buffer): Fragment {
  const fields = readFields(bytes);
  const id = numberOf(fields, 1);
  const files = fields
    .filter(({ field }) => field === 2)
    .map(({ value }) => readFields(asBytes(value)))
    .filter((file) => file.every(({ field }) => field !== 7)) // one that lies elsewhere is not ours to judge
    .map((file) => ({ name: textOf(file, 1), bytes: numberOf(file, 6) }));
  const deletion = fields.find(({ field }) => field === 3);
  if (deletion === undefined) return { id, rows: numberOf(fields, 4), files, deletionFile: null };
  const deleted = readFields(asBytes(deletion.value));
  const ending = numberOf(deleted, 1) === 0 ? 'arrow' : 'bin';
  const readVersion = bigOf(deleted, 2);
  return {
    id,
    rows: numberOf(fields, 4) - numberOf(deleted, 4),
    files,
    deletionFile: join('_deletions', `${id}-${readVersion}-${bigOf(deleted, 3)}.${ending}`),
  };
}

/** Throws RangeError where the bytes end too early or are no such message. */
function readFields(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('cut short');
      result |= BigInt(byte & 127) << shift;
      if (byte < 128) return result;
    }
    throw new RangeError('no number');
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('cut short');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const field = Number(key >> 3n);
    const wire = Number(key & 7n);
    if (wire === 0) fields.push({ field, value: varint() });
    else if (wire === 2) fields.push({ field, value: take(Number(varint())) });
    else if (wire === 1) take(8);
    else if (wire === 5) take(4);
    else throw new RangeError('unknown wire type');
  }
  return fields;
}

function bigOf(fields: readonly Field[], field: number): bigint {
  const value = fields.findLast((each) => each.field === field)?.value ?? 0n;
  if (typeof value !== 'bigint') throw new RangeError('a number was expected');
  return value;
}

function numberOf(fields: readonly Field[], field: number): number {
  return Number(bigOf(fields, field));
}

function textOf(fields: readonly Field[], field: number): string {
  return asBytes(fields.find((each) => each.field === field)?.value ?? 0n).toString('utf8');
}

function asBytes(value: bigint | Buffer): Buffer {
  if (typeof value === 'bigint') throw new RangeError('bytes were expected');
  return value;
}

/** For sorting names. `18446744073709551615 − version` names a manifest of the current format, the version itself one of the older. */
export function newestFirst(a: string, b: string): number {
  const version = (name: string) => {
    const number = BigInt(name.slice(0, -'.manifest'.length));
    return number > 1n << 63n ? (1n << 64n) - 1n - number : number;
  };
  const [first, second] = [version(a), version(b)];
  return first === second ? 0 : first < second ? 1 : -1;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
