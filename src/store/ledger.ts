// `files.jsonl`: what is known of every file, chunks or none. One record a line, each with its own checksum: a torn or
// damaged line is passed over, and its file is read again. Losing the whole file costs time, never a row.
import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { FileStamp, FileStatus } from '../core/chunk.ts';
import { errnoOf } from '../core/errors.ts';
import { syncDirectory, syncFile, writeFileAtomic } from './files/atomic-file.ts';

export interface FileRecord {
  readonly path: string;
  readonly stamp: FileStamp;
  readonly sha256: string;
  readonly chunkCount: number;
  readonly status: FileStatus;
  readonly reason: string;
  /** Version of the chunker that made the chunks. */
  readonly chunker: string;
}

export interface Ledger {
  readonly files: ReadonlyMap<string, FileRecord>;
  /** Records and removals become part of `files` at once and are appended to the file. */
  append(records: readonly FileRecord[], removedPaths: readonly string[]): Promise<void>;
  /** Flushes what was appended. */
  makeDurable(): Promise<void>;
  /** Rewrites the file with one line per path, atomically, if this run appended to it. */
  compact(): Promise<void>;
}

export async function openLedger(path: string): Promise<Ledger> {
  const files = await readLedger(path);
  let appended = false;
  return {
    files,
    async append(records, removedPaths) {
      if (records.length + removedPaths.length === 0) return;
      for (const record of records) files.set(record.path, record);
      for (const removed of removedPaths) files.delete(removed);
      await using file = await open(path, 'a', 0o600);
      appended = true;
      // A torn last line of a killed run must not swallow the next record.
      await file.writeFile(`\n${records.map(toLine).join('')}${removedPaths.map(toRemoval).join('')}`, 'utf8');
    },
    async makeDurable() {
      if (!appended) return;
      await syncFile(path);
      await syncDirectory(dirname(path));
    },
    async compact() {
      if (!appended) return;
      const records = [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
      await writeFileAtomic(path, records.map(toLine).join(''));
    },
  };
}

/** Reads what is there without changing anything; an absent file is an empty ledger. */
export async function readLedger(path: string): Promise<Map<string, FileRecord>> {
  const files = new Map<string, FileRecord>();
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  });
  for (const line of text.split('\n')) {
    const entry = fromLine(line);
    if (entry === null) continue;
    if ('removed' in entry) files.delete(entry.removed);
    else files.set(entry.path, entry);
  }
  return files;
}

function withChecksum(json: string): string {
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

function toLine(record: FileRecord): string {
  const { path, stamp, sha256, chunkCount, status, reason, chunker } = record;
  const { size, mtimeNs, ctimeNs, ino } = stamp;
  return withChecksum(JSON.stringify([path, size, mtimeNs, ctimeNs, ino, sha256, chunkCount, status, reason, chunker]));
}

function toRemoval(path: string): string {
  return withChecksum(JSON.stringify([path]));
}

/** Earlier versions cut a file into lines for good where the machine was short of memory or time. */
function isPassing(status: string, reason: string): boolean {
  return status === 'fallback' && /^(parsing took too long|the parser died on this file)/.test(reason);
}

function fromLine(line: string): FileRecord | { removed: string } | null {
  const json = line.slice(9);
  if (json === '' || line.slice(0, 8) !== crc32(json).toString(16).padStart(8, '0')) return null;
  const fields = JSON.parse(json) as unknown[]; // its checksum says that we wrote it
  if (fields.length === 1) return { removed: fields[0] as string };
  const [path, size, mtimeNs, ctimeNs, ino, sha256, chunkCount, status, reason, chunker] = fields as [
    string,
    number,
    string,
    string,
    string,
    string,
    number,
    FileStatus | 'failed',
    string,
    string,
  ];
  const known = { path, stamp: { size, mtimeNs, ctimeNs, ino }, sha256, chunkCount, reason, chunker };
  return { ...known, status: status === 'failed' || isPassing(status, reason) ? 'unfinished' : status };
}
