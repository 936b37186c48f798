// The clean marker (`settled` on disk): a finished run records the stamps of all table files. While they are unchanged
// nobody has written, the tables agree with each other and with the ledger, and the next run need not read them to know
// that. A lost or damaged marker costs the time of that read.
import { createHash } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errnoOf } from '../core/errors.ts';
import { type FileRowCounts, noFileRows } from './file-row-counts.ts';
import { writeFileAtomic } from './files/atomic-file.ts';
import { readManifests } from './lance/manifest.ts';
import type { Layout } from './layout.ts';
import type { FileRecord } from './ledger.ts';

type LedgerFiles = ReadonlyMap<string, FileRecord>;

/** What the tables hold, by the ledger; null where they have to be read. Under the lock, before anything is written. */
export async function readCleanMarker(layout: Layout, files: LedgerFiles): Promise<FileRowCounts | null> {
  const lastBatchId = await settledBatch(layout);
  if (lastBatchId === null) return null;
  const rowCounts = noFileRows();
  for (const { path, sha256, chunkCount } of files.values()) rowCounts.set(path, sha256, chunkCount);
  rowCounts.lastBatchId = lastBatchId;
  return rowCounts;
}

export async function isMarkedClean(layout: Layout): Promise<boolean> {
  return (await settledBatch(layout)) !== null;
}

/** The last batch id, if the sum is still what it was. */
async function settledBatch(layout: Layout): Promise<number | null> {
  const text = await readFile(layout.cleanMarkerFile, 'utf8').catch(() => ''); // whatever the reason: then the tables are read
  const [sum, batchId = ''] = text.trimEnd().split(' ');
  return /^\d+$/.test(batchId) && sum === (await sumOf(layout, Number(batchId))) ? Number(batchId) : null;
}

/** To be called when everything is written and flushed. Leaves nothing where the ledger does not say what the tables hold. */
export async function writeCleanMarker(layout: Layout, files: LedgerFiles, rowCounts: FileRowCounts): Promise<void> {
  const sum = isTold(rowCounts, files) ? await sumOf(layout, rowCounts.lastBatchId) : null;
  if (sum === null) return rm(layout.cleanMarkerFile, { force: true });
  await writeFileAtomic(layout.cleanMarkerFile, `${sum} ${rowCounts.lastBatchId}\n`);
}

function isTold(rowCounts: FileRowCounts, files: LedgerFiles): boolean {
  for (const path of rowCounts.paths()) if (!files.has(path)) return false;
  for (const { path, sha256, chunkCount } of files.values())
    if (!rowCounts.holds(path, sha256, chunkCount)) return false;
  return true;
}

/** Stamps are the ledger's, and those of each table's newest manifest and all files that it names; null if one is not there. */
async function sumOf(layout: Layout, lastBatchId: number): Promise<string | null> {
  const sum = createHash('sha256').update(`${lastBatchId}\n`);
  const add = async (path: string) => {
    const { size, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true });
    sum.update(`${basename(path)} ${size} ${mtimeNs} ${ctimeNs} ${ino}\n`);
  };
  try {
    await add(layout.ledgerFile);
    for (const table of [layout.chunksTable, layout.vectorsTable, layout.structureTable]) {
      const [head] = await readManifests(table, 1);
      if (!head?.manifest) return null;
      await add(join(table, '_versions', head.name));
      const { fragments, indexFiles } = head.manifest;
      for (const { files, deletionFile } of fragments) {
        for (const { name } of files) await add(join(table, 'data', name));
        if (deletionFile !== null) await add(join(table, deletionFile));
      }
      for (const { name } of indexFiles) await add(join(table, name));
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
  return sum.digest('hex');
}
