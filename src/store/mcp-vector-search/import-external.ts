// Takes over tables that mcp-vector-search wrote: where a file is on disk as it was indexed, its rows get what ours have
// beside them (structure rows, a line in the ledger) and keep their vectors. Everything else is left to be parsed again.
import { join } from 'node:path';
import { mapConcurrent } from '../../core/iterate.ts';
import { LARGEST_OWN_BATCH } from '../assign-batches.ts';
import { hashFile } from '../files/file-hash.ts';
import { isUnitVector } from '../lance/columns.ts';
import type { FileRecord, Ledger } from '../ledger.ts';
import type { ChunksStore } from '../tables/chunks.ts';
import { inSlices } from '../tables/sql.ts';
import type { StructureStore } from '../tables/structure.ts';
import { dimensionOf, type VectorsStore } from '../tables/vectors.ts';
import { TAKEN_OVER } from './chunker-marks.ts';
import { readExternalChunks } from './external-chunks.ts';
import { isSameTime } from './recorded-times.ts';

export interface ImportContext {
  readonly root: string;
  readonly chunks: ChunksStore;
  readonly vectors: VectorsStore;
  readonly structure: StructureStore;
  readonly ledger: Ledger;
  /** True if mcp-vector-search put a whole table of its own in the place of ours. */
  readonly isReplaced: boolean;
  /** When files were last changed as far as mcp-vector-search recorded it, in seconds, by path. */
  readonly recordedTimes: () => Promise<ReadonlyMap<string, number>>;
}

/** What became of the files of mcp-vector-search's tables. */
export interface ExternalImport {
  /** Unchanged since they were indexed: their chunks and vectors stay. */
  readonly kept: number;
  /** Changed, gone, or not known to be unchanged. */
  readonly others: number;
}

/** Rows of structure that are written in one commit. */
const GROUP_ROWS = 10_240;

/**
 * Does something only where the ledger is empty (the first time that we see the tables, or after it was lost), or the
 * table was replaced. After a forced run of mcp-vector-search no row has a hash: there a file counts as unchanged if its
 * recorded time is the disk's, and its rows get the hash. Rows that
 * we wrote ourselves are left alone, for Phase 1 makes more of them than can be told from the tables. Structure first,
 * then all lines at once: killed between the two, the next opening does it again. Null if no file is mcp-vector-search's.
 */
export async function importExternalFiles(ctx: ImportContext): Promise<ExternalImport | null> {
  if (ctx.ledger.files.size > 0 && !ctx.isReplaced) return null;
  const files = await findExternalFiles(ctx);
  if (files.size === 0) return null;
  await deleteUnfitVectors(ctx.vectors);
  const records: FileRecord[] = [];
  const unhashed: FileRecord[] = [];
  const lacksHashes = [...files.values()].some((file) => file.hash === '');
  const times = lacksHashes ? await ctx.recordedTimes() : new Map<string, number>();
  const judge = async ([path, file]: [string, ExternalFile]) => ({
    path,
    file,
    found: await hashFile(join(ctx.root, path)),
  });
  for await (const { path, file, found } of mapConcurrent(files, 16, judge)) {
    if (found === null) continue;
    const { stamp, sha256 } = found;
    const recorded = times.get(path);
    const isUnchanged =
      file.hash === '' ? recorded !== undefined && isSameTime(recorded, BigInt(stamp.mtimeNs)) : file.hash === sha256;
    if (!isUnchanged) continue;
    const record = {
      path,
      stamp,
      sha256,
      chunkCount: file.rows,
      status: 'parsed',
      reason: '',
      chunker: TAKEN_OVER,
    } as const;
    records.push(record);
    if (file.hash === '') unhashed.push(record);
  }
  const externalImport = { kept: records.length, others: files.size - records.length };
  if (records.length === 0) return externalImport;
  await ctx.chunks.setHashes(unhashed);
  await writeMissingStructure(ctx, new Set(records.map((record) => record.path)));
  await ctx.ledger.append(records, []);
  await ctx.ledger.makeDurable();
  return externalImport;
}

interface ExternalFile {
  rows: number;
  readonly hash: string;
}

/** What `verify` would call damage: without them their chunks are pending. */
async function deleteUnfitVectors(vectors: VectorsStore): Promise<void> {
  const unfit: string[] = [];
  const dimension = await dimensionOf(vectors.table);
  const external = { columns: ['chunk_id', 'vector'], where: 'embedding_batch_id IS NULL' };
  for await (const rows of vectors.table.scan(external)) {
    const numbers = rows.floats('vector');
    for (const [row, id] of rows.strings('chunk_id').entries()) {
      if (!isUnitVector(numbers, row * dimension, dimension)) unfit.push(id ?? '');
    }
  }
  await vectors.deleteByIds(unfit);
}

/** Files of which no row is ours, whose rows agree on a hash and stand at lines that a file can have. */
async function findExternalFiles(ctx: ImportContext): Promise<Map<string, ExternalFile>> {
  const files = new Map<string, ExternalFile>();
  const excluded = new Set<string>();
  const columns = ['file_path', 'file_hash', 'embedding_batch_id', 'start_line', 'end_line'];
  for await (const rows of ctx.chunks.table.scan({ columns })) {
    const hashes = rows.strings('file_hash');
    const batches = rows.integers('embedding_batch_id');
    const [starts, ends] = [rows.integers('start_line'), rows.integers('end_line')];
    for (const [index, value] of rows.strings('file_path').entries()) {
      const path = value ?? '';
      const hash = hashes[index] ?? '';
      const file = files.get(path);
      if (file === undefined) files.set(path, { rows: 1, hash });
      else file.rows++;
      const isOurs = batches[index]! > 0 && batches[index]! <= LARGEST_OWN_BATCH;
      const isPlaced = starts[index]! >= 1 && ends[index]! >= starts[index]!;
      if (isOurs || !isPlaced || (file !== undefined && file.hash !== hash)) excluded.add(path);
    }
  }
  const ours = { columns: ['file_path'], where: 'embedding_batch_id IS NOT NULL' };
  for await (const rows of ctx.vectors.table.scan(ours)) {
    for (const path of rows.strings('file_path')) excluded.add(path ?? '');
  }
  for (const path of excluded) files.delete(path);
  return files;
}

async function writeMissingStructure(ctx: ImportContext, paths: ReadonlySet<string>): Promise<void> {
  const present = new Set<string>();
  for await (const rows of ctx.structure.table.scan({ columns: ['chunk_id'] })) {
    for (const id of rows.strings('chunk_id')) present.add(id ?? '');
  }
  // Whole files at a time, wherever their rows lie, so that parents are found.
  for (const slice of inSlices(paths, 1_000)) {
    const missing = (await readExternalChunks(ctx.chunks.table, slice)).filter((chunk) => !present.has(chunk.chunkId));
    for (const group of inSlices(missing, GROUP_ROWS)) await ctx.structure.write(group, 'add');
  }
}
