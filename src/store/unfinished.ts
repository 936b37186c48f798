// What the last run could not read or parse, for reasons outside of the files: the next run tries all of it again.
import type { FileRecord } from './ledger.ts';
import type { RunRecord } from './run-file.ts';

export interface UnfinishedFile {
  /** Relative to the root; a folder that could not be opened, and '' for the root. */
  readonly path: string;
  readonly reason: string;
}

/** First what discovery could not look at, then files, in the ledger's order. */
export function unfinishedFiles(files: ReadonlyMap<string, FileRecord>, run: RunRecord | null): UnfinishedFile[] {
  const unfinished: UnfinishedFile[] = [...(run?.phase1.unreachable ?? [])];
  for (const { path, status, reason } of files.values()) if (status === 'unfinished') unfinished.push({ path, reason });
  return unfinished;
}
