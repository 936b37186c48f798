// Files whose chunks mcp-vector-search cut. Their hash says that they are unchanged, not that all their rows are there:
// they are cut again, and keep their rows, and with them their vectors, only if these cover what was cut.
import type { ParsedFile } from '../core/chunk.ts';
import type { Observer } from '../core/events.ts';
import type { FileRecord } from '../store/ledger.ts';
import { comparedWith, isExternalChunker } from '../store/mcp-vector-search/chunker-marks.ts';
import { readExternalChunks } from '../store/mcp-vector-search/external-chunks.ts';
import { findMissing, lossOf, type StoredRow } from '../store/mcp-vector-search/missing-chunks.ts';
import type { FileWriterContext } from '../store/replace-files.ts';

/** What became of rows of mcp-vector-search that are not kept, by path. */
export interface Replaced {
  /** Their file is unchanged, but not all rows of it were there. */
  readonly incomplete: string[];
  /** Their file is left out here, with the reason. */
  readonly leftOut: string[];
}

/** Records the files that keep their rows as they are, notes why others do not, and returns these. */
export async function keepWholeFiles(
  ctx: FileWriterContext,
  files: readonly ParsedFile[],
  replaced: Replaced,
): Promise<ParsedFile[]> {
  const unchanged = new Map<string, FileRecord>();
  for (const { path, sha256, status, reason } of files) {
    if (status === 'skipped' && ctx.rowCounts.rowsOf(path) > 0) replaced.leftOut.push(`${path} (${reason})`);
    if (status === 'skipped' || status === 'unfinished') continue;
    const record = ctx.ledger.files.get(path);
    if (record === undefined || !isExternalChunker(record.chunker) || record.sha256 !== sha256) continue;
    if (ctx.rowCounts.holds(path, sha256, record.chunkCount)) unchanged.set(path, record);
  }
  if (unchanged.size === 0) return [...files];
  const rows = new Map<string, StoredRow[]>();
  for (const chunk of await readExternalChunks(ctx.chunks.table, [...unchanged.keys()])) {
    const list = rows.get(chunk.filePath);
    if (list === undefined) rows.set(chunk.filePath, [chunk]);
    else list.push(chunk);
  }
  const whole: FileRecord[] = [];
  const others: ParsedFile[] = [];
  for (const file of files) {
    const record = unchanged.get(file.path);
    const isWhole =
      record !== undefined && findMissing(file.chunks, rows.get(file.path) ?? [], lossOf(record.chunker)).length === 0;
    if (isWhole)
      whole.push({ ...record, stamp: file.stamp, chunker: comparedWith(ctx.chunkerVersion, record.chunker) });
    else others.push(file);
    if (record !== undefined && !isWhole) replaced.incomplete.push(file.path);
  }
  await ctx.ledger.append(whole, []);
  return others;
}

export function tellReplaced({ incomplete, leftOut }: Replaced, observe: Observer): void {
  const tell = (message: string) => observe({ type: 'notice', message });
  if (incomplete.length > 0) {
    tell(
      `mcp-vector-search left ${filesOf(incomplete)} without some of their chunks; parsed again: ${someOf(incomplete)}`,
    );
  }
  if (leftOut.length > 0) {
    tell(
      `mcp-vector-search indexed ${filesOf(leftOut)} that this index leaves out; their chunks are removed, and come back whenever it indexes: ${someOf(leftOut)}`,
    );
  }
}

function filesOf(paths: readonly string[]): string {
  return `${paths.length} ${paths.length === 1 ? 'file' : 'files'}`;
}

function someOf(paths: readonly string[]): string {
  const more = paths.length - 5;
  return `${paths.slice(0, 5).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
