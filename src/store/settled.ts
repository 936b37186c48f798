// `settled`: after a run that came to its end, the stamps of every file of the tables as it left them. While they are
// the same nobody has written, so that the tables agree with each other and the ledger says what they hold: the next run need
// not read them to know that. Losing or spoiling it costs the time of that reading.
import { createHash } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errnoOf } from '../core/errors.ts';
import { type Census, emptyCensus } from './census.ts';
import { writeFileAtomic } from './files/atomic-file.ts';
import { readManifests } from './lance/manifest.ts';
import type { Layout } from './layout.ts';
import type { FileRecord } from './ledger.ts';

type LedgerFiles = ReadonlyMap<string, FileRecord>;

/** What the tables hold, by the ledger; null where they have to be read. Under the lock, before anything is written. */
export async function readSettled(layout: Layout, files: LedgerFiles): Promise<Census | null> {
  const lastBatchId = await settledBatch(layout);
  if (lastBatchId === null) return null;
  const census = emptyCensus();
  for (const { path, sha256, chunkCount } of files.values()) census.set(path, sha256, chunkCount);
  census.lastBatchId = lastBatchId;
  return census;
}

export async function isSettled(layout: Layout): Promise<boolean> {
  return (await settledBatch(layout)) !== null;
}

/** The last batch id, if the sum is still what it was. */
async function settledBatch(layout: Layout): Promise<number | null> {
  const text = await readFile(layout.settledFile, 'utf8').catch(() => ''); // whatever the reason: then the tables are read
  const [sum, batchId = ''] = text.trimEnd().split(' ');
  return /^\d+$/.test(batchId) && sum === (await sumOf(layout, Number(batchId))) ? Number(batchId) : null;
}

/** To be called when everything is written and flushed. Leaves nothing where the ledger does not say what the tables hold. */
export async function writeSettled(layout: Layout, files: LedgerFiles, census: Census): Promise<void> {
  const sum = isTold(census, files) ? await sumOf(layout, census.lastBatchId) : null;
  if (sum === null) return rm(layout.settledFile, { force: true });
  await writeFileAtomic(layout.settledFile, `${sum} ${census.lastBatchId}\n`);
}

function isTold(census: Census, files: LedgerFiles): boolean {
  for (const path of census.paths()) if (!files.has(path)) return false;
  for (const { path, sha256, chunkCount } of files.values()) if (!census.holds(path, sha256, chunkCount)) return false;
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
