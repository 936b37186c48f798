// A table's files as the file system has them, read without the engine: which versions are whole, which data files the
// current one names and how large they have to be.
import { type FileHandle, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, IndexerError } from '../../core/errors.ts';
import { contradicts, readChecksum } from './manifest-checksum.ts';
import { decodeMessage, type Message } from './protobuf.ts';

const MAGIC = 'LANC';
/** At the end of a manifest: where the message begins (8 bytes), format version (2 for major, 2 for minor), magic (4). */
const FOOTER_BYTES = 16;

// Field numbers from https://github.com/lancedb/lance/blob/main/protos/table.proto: the messages Manifest, DataFragment,
// DataFile, DeletionFile, IndexSection, IndexMetadata, its file list, and UUID.
const MANIFEST = { fragments: 2, version: 3, index_section: 6, reader_feature_flags: 9 } as const;
const DATA_FRAGMENT = { id: 1, files: 2, deletion_file: 3, physical_rows: 4 } as const;
const DATA_FILE = { path: 1, file_size_bytes: 6, base_id: 7 } as const;
const DELETION_FILE = { file_type: 1, read_version: 2, id: 3, num_deleted_rows: 4 } as const;
const INDEX_SECTION = { indices: 1 } as const;
const INDEX_METADATA = { uuid: 1, files: 10 } as const;
const INDEX_FILE = { path: 1, size_bytes: 2 } as const;
const UUID = { uuid: 1 } as const;

const ARROW_DELETIONS = 0n; // a file_type; the other one is a bitmap

/** The newest format of manifests that the engine of this version writes. */
const NEWEST_FORMAT = { major: 0, minor: 2 };
/** Reader flags from here on are unknown to it: https://github.com/lancedb/lance, feature_flags.rs, FLAG_UNKNOWN. */
const FIRST_UNKNOWN_FLAG = 64n;

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

/** Manifests newest first; null in place of one that is not whole or not what its checksum says. Empty if there are none. */
export async function readManifests(
  tablePath: string,
  most = Number.POSITIVE_INFINITY,
): Promise<{ name: string; manifest: Manifest | null }[]> {
  const directory = join(tablePath, '_versions');
  const names = (await namesIn(directory)).filter((name) => /^\d+\.manifest$/.test(name));
  const checksum = await readChecksum(tablePath);
  const manifests: { name: string; manifest: Manifest | null }[] = [];
  for (const name of names.sort(newestFirst).slice(0, most)) {
    const bytes = await readFile(join(directory, name));
    manifests.push({ name, manifest: contradicts(checksum, name, bytes) ? null : parseManifest(name, bytes) });
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

/** Null if the bytes are not a whole manifest. Errors: FORMAT_TOO_NEW where a newer engine wrote it. */
export function parseManifest(name: string, bytes: Buffer): Manifest | null {
  if (bytes.length <= FOOTER_BYTES || bytes.toString('latin1', bytes.length - MAGIC.length) !== MAGIC) return null;
  const at = bytes.readBigUInt64LE(bytes.length - FOOTER_BYTES);
  if (at > BigInt(bytes.length - FOOTER_BYTES - 4)) return null;
  const start = Number(at) + 4;
  const end = start + bytes.readUInt32LE(Number(at));
  if (end > bytes.length - FOOTER_BYTES) return null;
  try {
    const manifest = decodeMessage(bytes.subarray(start, end), MANIFEST);
    refuseNewerFormat(name, bytes, manifest);
    const fragments = manifest.messages('fragments', DATA_FRAGMENT).map(fragmentOf);
    return { name, version: manifest.number('version'), fragments, indexFiles: indexFilesOf(bytes, manifest) };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** To read on would be to guess what the new format means, and to set the manifest aside would lose data. */
function refuseNewerFormat(name: string, bytes: Buffer, manifest: Message<typeof MANIFEST>): void {
  const major = bytes.readUInt16LE(bytes.length - 8);
  const minor = bytes.readUInt16LE(bytes.length - 6);
  const isKnown = major === NEWEST_FORMAT.major && minor <= NEWEST_FORMAT.minor;
  const flags = manifest.integer('reader_feature_flags');
  if (isKnown && flags < FIRST_UNKNOWN_FLAG) return;
  const what = isKnown
    ? `needs features that this program does not know (flags ${flags})`
    : `has format ${major}.${minor}`;
  throw new IndexerError('FORMAT_TOO_NEW', `the table version ${name} ${what}`, {
    hint: 'nothing was changed; use the newer version of tandem or mcp-vector-search that wrote it',
  });
}

/** The indexes are listed in a message of their own, to which the manifest points. */
function indexFilesOf(bytes: Buffer, manifest: Message<typeof MANIFEST>): DataFile[] {
  if (!manifest.has('index_section')) return [];
  const at = manifest.number('index_section');
  if (at + 4 > bytes.length) throw new RangeError('cut short');
  const section = decodeMessage(bytes.subarray(at + 4, at + 4 + bytes.readUInt32LE(at)), INDEX_SECTION);
  return section.messages('indices', INDEX_METADATA).flatMap((index) => {
    const folder = join('_indices', asUuid(index.message('uuid', UUID).bytes('uuid')));
    return index
      .messages('files', INDEX_FILE)
      .map((file) => ({ name: join(folder, file.text('path')), bytes: file.number('size_bytes') }));
  });
}

function asUuid(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function fragmentOf(fragment: Message<typeof DATA_FRAGMENT>): Fragment {
  const id = fragment.number('id');
  const rows = fragment.number('physical_rows');
  const files = fragment
    .messages('files', DATA_FILE)
    .filter((file) => !file.has('base_id')) // a file outside of the table is not ours to judge
    .map((file) => ({ name: file.text('path'), bytes: file.number('file_size_bytes') }));
  if (!fragment.has('deletion_file')) return { id, rows, files, deletionFile: null };
  const deletions = fragment.message('deletion_file', DELETION_FILE);
  const ending = deletions.integer('file_type') === ARROW_DELETIONS ? 'arrow' : 'bin';
  const name = `${id}-${deletions.integer('read_version')}-${deletions.integer('id')}.${ending}`;
  return {
    id,
    rows: rows - deletions.number('num_deleted_rows'),
    files,
    deletionFile: join('_deletions', name),
  };
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
