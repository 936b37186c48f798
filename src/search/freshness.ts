// Whether a hit still says what its file says. The hash of the indexed bytes decides; where the file has others, or the
// hash was not recorded, the chunk's text is looked for.
import { hash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { readSource, type SourceRead } from '../discover/read-source.ts';
import { maskSecrets } from '../discover/secrets.ts';
import { readSteadily } from '../store/lance/read-steadily.ts';
import { rowsByIds } from '../store/tables/by-ids.ts';
import type { ChunksStore } from '../store/tables/chunks.ts';
import { isIn } from '../store/tables/sql.ts';
import type { FoundRow } from '../store/tables/vectors.ts';
import { findText, type LineRange, linesOf } from './find-text.ts';

/**
 * Of a hit: false if its file is as it was indexed, true if it has changed since, `gone` if there is no such file any
 * more (or a folder or link has its name), `unknown` if it could not be compared.
 */
export type Staleness = boolean | 'gone' | 'unknown';

/** What the disk says of a row that was found. */
export interface Comparison extends LineRange {
  readonly stale: Staleness;
  /** Whether the text stands in the file at these lines; null where that is not known. */
  readonly textFound: boolean | null;
  /** Lines around it, as they are now, credentials masked; none unless the text was found. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const CONTEXT_LINES = 3;
/** Larger files are not read to answer a question. */
const LARGEST_BYTES = 64 * 1024 * 1024;

/** What the files are compared with, and how much of them may be shown. */
export interface FilesContext {
  readonly root: string;
  readonly chunks: ChunksStore;
  /** True if the index was made with `--allow-secrets`: then context lines are shown as they are. */
  readonly showsSecrets: boolean;
  /** How many lines before and after a chunk; 3 if not given. */
  readonly contextLines?: number | undefined;
}

/** In the order of the rows. Reads each file once, and nothing outside the root. */
export async function compareWithFiles(
  rows: readonly (FoundRow & { readonly fileHash?: string })[],
  { root, chunks, showsSecrets, contextLines = CONTEXT_LINES }: FilesContext,
): Promise<Comparison[]> {
  const withoutHash = rows.filter(({ fileHash }) => fileHash === undefined).map(({ chunkId }) => chunkId);
  const hashes = await hashesOf(chunks, 'chunk_id', withoutHash);
  const realRoot = await realpath(root).catch(() => null);
  const files = new Map<string, FileNow>();
  return rows.map((row) => {
    const file = files.get(row.filePath) ?? readFileNow(realRoot, row.filePath, showsSecrets);
    files.set(row.filePath, file);
    return compare(row, file, row.fileHash ?? hashes.get(row.chunkId) ?? '', contextLines);
  });
}

/** Of an indexed file as a whole; `unknown` also where no hash of it was recorded. */
export async function isFileStale(
  path: string,
  { root, chunks }: { readonly root: string; readonly chunks: ChunksStore },
): Promise<Staleness> {
  const hashes = new Set((await hashesOf(chunks, 'file_path', [path])).values());
  const file = readFileNow(await realpath(root).catch(() => null), path, false);
  if (file === 'gone' || file === 'unknown') return file;
  return hashes.has('') || hashes.size === 0 ? 'unknown' : hashes.size > 1 || !hashes.has(file.sha256);
}

/** By chunk, the hash of the bytes that it was cut from, '' where none was recorded. */
async function hashesOf(
  chunks: ChunksStore,
  key: 'chunk_id' | 'file_path',
  values: readonly string[],
): Promise<Map<string, string>> {
  const { table } = chunks;
  if (values.length === 0 || !(await table.columns()).includes('file_hash')) return new Map();
  return readSteadily([table], async () => {
    const hashes = new Map<string, string>();
    const columns = ['chunk_id', 'file_hash'];
    const batches =
      key === 'chunk_id' ? rowsByIds(table, columns, values) : table.scan({ columns, where: isIn(key, values) });
    for await (const batch of batches) {
      const found = batch.strings('file_hash');
      for (const [index, id] of batch.strings('chunk_id').entries()) hashes.set(id ?? '', found[index] ?? '');
    }
    return hashes;
  });
}

interface FileRead {
  readonly sha256: string;
  readonly lines: readonly string[];
  /** The same lines as they may be shown, with credentials masked as in the chunks. */
  readonly shown: readonly string[];
}

type FileNow = 'gone' | 'unknown' | FileRead;

function readFileNow(realRoot: string | null, path: string, showsSecrets: boolean): FileNow {
  if (realRoot === null) return 'unknown';
  const read: SourceRead = readSource(realRoot, path, LARGEST_BYTES);
  if (read.kind === 'vanished') return 'gone';
  if (read.kind !== 'read') return 'unknown';
  const text = textOf(read.bytes);
  const lines = linesOf(text);
  // The whole file at once, since a private key spans many lines and the context may show only some of them.
  const masked = showsSecrets ? text : maskSecrets(text).text;
  return { sha256: hash('sha256', read.bytes, 'hex'), lines, shown: masked === text ? lines : linesOf(masked) };
}

function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

function compare(row: FoundRow, file: FileNow, indexedHash: string, context: number): Comparison {
  const indexed: LineRange = { startLine: row.startLine, endLine: row.endLine };
  if (file === 'gone' || file === 'unknown') {
    return { ...indexed, stale: file, textFound: file === 'gone' ? false : null, before: [], after: [] };
  }
  if (file.sha256 === indexedHash) return { ...around(file.shown, indexed, context), stale: false, textFound: true };
  const found = findText(file.lines, row.content, indexed);
  if (indexedHash !== '') {
    if (found === null) return { ...indexed, stale: true, textFound: false, before: [], after: [] };
    return { ...around(file.shown, found, context), stale: true, textFound: true };
  }
  // Without a hash only the text can tell, and some programs store it other than it stands in the file.
  if (found === null) return { ...indexed, stale: 'unknown', textFound: null, before: [], after: [] };
  const hasMoved = found.startLine !== row.startLine || found.endLine !== row.endLine;
  return { ...around(file.shown, found, context), stale: hasMoved, textFound: true };
}

function around(lines: readonly string[], { startLine, endLine }: LineRange, context: number) {
  return {
    startLine,
    endLine,
    before: lines.slice(Math.max(0, startLine - 1 - context), Math.max(0, startLine - 1)),
    after: lines.slice(endLine, endLine + context),
  };
}
