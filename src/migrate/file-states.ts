// Which files are as they were when mcp-vector-search indexed them. What cannot be shown to be unchanged is parsed again.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../core/errors.ts';
import { mapConcurrent } from '../core/iterate.ts';
import { hashFile } from '../store/files/file-hash.ts';
import type { FileRecord } from '../store/ledger.ts';
import { MIGRATED } from '../store/mcp-vector-search/chunker-marks.ts';
import { isSameTime } from '../store/mcp-vector-search/recorded-times.ts';

export interface OldFile {
  /** Relative to the root. */
  readonly path: string;
  readonly rows: number;
  /** SHA-256 that the old table has of it, or ''. */
  readonly storedHash: string;
  /** Seconds; null if unknown. */
  readonly modifiedAt: number | null;
  /** False where rows contradict each other, so that the file has to be read anew whatever its time says. */
  readonly isSound: boolean;
}

/** `unknown`: there, but nothing recorded says whether it changed. */
export type FileState = 'unchanged' | 'changed' | 'unknown' | 'gone';

export interface JudgedFile {
  readonly path: string;
  readonly rows: number;
  readonly state: FileState;
  /** What `file_hash` becomes: the disk's for unchanged files, else what was stored, or ''. */
  readonly fileHash: string;
  /** The ledger's line; null unless unchanged. */
  readonly record: FileRecord | null;
}

export async function judgeFiles(root: string, files: readonly OldFile[]): Promise<JudgedFile[]> {
  const judged: JudgedFile[] = [];
  for await (const file of mapConcurrent(files, 16, (each) => judge(root, each))) judged.push(file);
  return judged;
}

async function judge(root: string, file: OldFile): Promise<JudgedFile> {
  const { path, rows, storedHash } = file;
  const absolute = join(root, path);
  const as = (state: FileState): JudgedFile => ({ path, rows, state, fileHash: storedHash, record: null });
  const mtimeNs = await modificationTime(absolute);
  if (mtimeNs === null) return as('gone');
  if (!file.isSound) return { ...as('changed'), fileHash: '' };
  if (storedHash === '') {
    if (file.modifiedAt === null) return as('unknown');
    if (!isSameTime(file.modifiedAt, mtimeNs)) return as('changed');
  }
  const found = await hashFile(absolute);
  if (found === null) return as('unknown');
  if (storedHash !== '' && found.sha256 !== storedHash) return as('changed');
  const { stamp, sha256 } = found;
  const record = {
    path,
    stamp,
    sha256,
    chunkCount: rows,
    status: 'parsed',
    reason: '',
    chunker: MIGRATED,
  } as const;
  return { path, rows, state: 'unchanged', fileHash: sha256, record };
}

async function modificationTime(path: string): Promise<bigint | null> {
  try {
    const stats = await stat(path, { bigint: true });
    return stats.isFile() ? stats.mtimeNs : null;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'].includes(errnoOf(error))) return null;
    throw error;
  }
}
