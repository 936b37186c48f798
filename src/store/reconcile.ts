// The only repair path: run once per writing command, right after the lock, before either phase. Idempotent. Reads one
// narrow scan of each table, joins them by chunk_id, and makes the tables agree again after a kill, a power cut or
// mcp-vector-search's writes. docs/protocol.md says which kill leaves what, and what is done about it here.

import { LARGEST_OWN_BATCH } from './assign-batches.ts';
import { type FileRowCounts, noFileRows } from './file-row-counts.ts';
import type { ChunksStore } from './tables/chunks.ts';
import { inSlices, isIn } from './tables/sql.ts';
import type { StructureStore } from './tables/structure.ts';
import type { Place, VectorsStore } from './tables/vectors.ts';

export interface Reconciled {
  readonly rowCounts: FileRowCounts;
  /** Files that have to be parsed again, so Phase 1 is not finished whatever run.json says. */
  readonly needsReparse: ReadonlySet<string>;
  /** Rows repaired, by kind of repair; zeros left out. */
  readonly repairs: Readonly<Record<string, number>>;
}

interface Stores {
  readonly chunks: ChunksStore;
  readonly vectors: VectorsStore;
  readonly structure: StructureStore;
}

/** One object a chunk, filled table by table: a second map of all ids would double the time. */
interface ChunkFacts {
  readonly path: string;
  readonly status: string;
  readonly batchId: number;
  readonly startLine: number;
  readonly endLine: number;
  /** The parent's id or '', as its structure row says; null while there is none. */
  parent: string | null;
  hasVector: boolean;
}

export async function reconcile(stores: Stores): Promise<Reconciled> {
  const rowCounts = noFileRows();
  const repairs: Record<string, number> = {};
  const { chunks, doubled } = await readChunks(stores.chunks, rowCounts);
  const strays = await readParents(stores.structure, chunks);
  const found = await compareVectors(stores.vectors, chunks, rowCounts);

  const needsReparse = new Set<string>();
  for (const { path, parent } of chunks.values()) if (parent === null) needsReparse.add(path);
  for (const path of needsReparse) rowCounts.distrust(path);
  if (doubled.size > 0) strays.push(...(await dropFiles(stores, doubled, rowCounts, chunks)));
  for (const path of doubled) needsReparse.add(path);

  const note = (name: string, count: number) => {
    if (count > 0) repairs[name] = count;
  };
  note('files to parse again', needsReparse.size);
  note('vectors without a chunk removed', found.orphans.length);
  await stores.vectors.deleteByIds(found.orphans);
  note('doubled vectors removed', found.doubled.length);
  await stores.vectors.deleteByIds(found.doubled);
  for (const id of found.doubled) {
    const chunk = chunks.get(id);
    if (chunk !== undefined) chunk.hasVector = false;
  }
  note('vectors moved to their chunk', found.misplaced);
  await stores.vectors.move(found.moved);

  await repairStatuses(stores.chunks, chunks, doubled, note);

  note('structure rows without a chunk removed', strays.length);
  for (const slice of inSlices(strays)) await stores.structure.table.delete(isIn('chunk_id', slice));
  return { rowCounts, needsReparse, repairs };
}

/** Returns the ids of rows without a chunk in their file: mcp-vector-search moves the chunks of a renamed file, and not these. */
async function readParents(structure: StructureStore, chunks: ReadonlyMap<string, ChunkFacts>): Promise<string[]> {
  const strays: string[] = [];
  for await (const rows of structure.table.scan({ columns: ['chunk_id', 'parent_chunk_id', 'file_path'] })) {
    const [ids, paths] = [rows.strings('chunk_id'), rows.strings('file_path')];
    for (const [index, parent] of rows.strings('parent_chunk_id').entries()) {
      const id = ids[index] ?? '';
      const chunk = chunks.get(id);
      if (chunk === undefined || chunk.path !== paths[index]) strays.push(id);
      else chunk.parent = parent ?? '';
    }
  }
  return strays;
}

async function readChunks(
  store: ChunksStore,
  rowCounts: FileRowCounts,
): Promise<{ chunks: Map<string, ChunkFacts>; doubled: Set<string> }> {
  const chunks = new Map<string, ChunkFacts>();
  const doubled = new Set<string>();
  const columns = [
    'chunk_id',
    'file_path',
    'file_hash',
    'embedding_status',
    'embedding_batch_id',
    'start_line',
    'end_line',
  ];
  const pool = new Map<string, string>(); // one string per path, not one per row
  let path = '';
  for await (const rows of store.table.scan({ columns })) {
    const [paths, hashes, statuses] = [
      rows.strings('file_path'),
      rows.strings('file_hash'),
      rows.strings('embedding_status'),
    ];
    const [batches, starts, ends] = [
      rows.integers('embedding_batch_id'),
      rows.integers('start_line'),
      rows.integers('end_line'),
    ];
    for (const [index, value] of rows.strings('chunk_id').entries()) {
      const id = value ?? '';
      const raw = paths[index] ?? '';
      if (raw !== path) {
        path = pool.get(raw) ?? raw;
        pool.set(path, path);
      }
      const batchId = batches[index]!;
      if (batchId <= LARGEST_OWN_BATCH) rowCounts.lastBatchId = Math.max(rowCounts.lastBatchId, batchId);
      rowCounts.count(path, hashes[index] ?? '');
      const earlier = chunks.get(id);
      if (earlier !== undefined) doubled.add(path).add(earlier.path);
      chunks.set(id, {
        path,
        status: internStatus(statuses[index]),
        batchId,
        startLine: starts[index]!,
        endLine: ends[index]!,
        parent: null,
        hasVector: false,
      });
    }
  }
  return { chunks, doubled };
}

function internStatus(value: string | null | undefined): string {
  return value === 'pending' || value === 'complete' || value === 'error' ? value : 'processing';
}

async function compareVectors(
  store: VectorsStore,
  chunks: ReadonlyMap<string, ChunkFacts>,
  rowCounts: FileRowCounts,
): Promise<{ orphans: string[]; doubled: string[]; moved: Place[]; misplaced: number }> {
  let misplaced = 0;
  const doubled = new Set<string>();
  const orphans: string[] = [];
  const moved: Place[] = [];
  const columns = ['chunk_id', 'embedding_batch_id', 'start_line', 'end_line', 'parent_chunk_id'];
  for await (const rows of store.table.scan({ columns })) {
    const [batches, starts, ends] = [
      rows.integers('embedding_batch_id'),
      rows.integers('start_line'),
      rows.integers('end_line'),
    ];
    const parentIds = rows.strings('parent_chunk_id');
    for (const [index, value] of rows.strings('chunk_id').entries()) {
      const id = value ?? '';
      rowCounts.lastBatchId = Math.max(rowCounts.lastBatchId, batches[index]!);
      const chunk = chunks.get(id);
      if (chunk === undefined) {
        orphans.push(id);
        continue;
      }
      if (chunk.hasVector) doubled.add(id);
      chunk.hasVector = true;
      const parentChunkId = chunk.parent ?? '';
      const inPlace = chunk.startLine === starts[index] && chunk.endLine === ends[index];
      if (!inPlace || (parentIds[index] ?? '') !== parentChunkId) {
        moved.push({ chunkId: id, startLine: chunk.startLine, endLine: chunk.endLine, parentChunkId });
        // mcp-vector-search's vector that only learns its parent stood where it should.
        if (!inPlace || typeof parentIds[index] === 'string') misplaced++;
      }
    }
  }
  return { orphans, doubled: [...doubled], moved, misplaced };
}

/**
 * Doubled chunk rows cannot be merged: their files leave all tables and are parsed again. Returns the ids whose structure
 * rows are to go.
 */
async function dropFiles(
  stores: Stores,
  paths: ReadonlySet<string>,
  rowCounts: FileRowCounts,
  chunks: Map<string, ChunkFacts>,
): Promise<string[]> {
  const dropped = [...chunks].filter(([, chunk]) => paths.has(chunk.path));
  const idsOf = (those: typeof dropped) => those.map(([id]) => id);
  for (const slice of inSlices(paths)) await stores.chunks.table.delete(isIn('file_path', slice));
  await stores.vectors.deleteByIds(idsOf(dropped.filter(([, chunk]) => chunk.hasVector)));
  for (const [id] of dropped) chunks.delete(id);
  for (const path of paths) rowCounts.set(path, '', 0);
  return idsOf(dropped.filter(([, chunk]) => chunk.parent !== null));
}

/** Makes the status say what the vectors table shows. Whole batches are marked as Phase 2 marks them; the rest by id. */
async function repairStatuses(
  store: ChunksStore,
  chunks: ReadonlyMap<string, ChunkFacts>,
  dropped: ReadonlySet<string>,
  note: (name: string, count: number) => void,
): Promise<void> {
  const lost: string[] = [];
  const stored = new Map<number, string[]>();
  const broken = new Set<number>();
  for (const [id, chunk] of chunks) {
    if (dropped.has(chunk.path)) continue;
    const has = chunk.hasVector;
    if (has && chunk.status !== 'complete') {
      const ids = stored.get(chunk.batchId);
      if (ids) ids.push(id);
      else stored.set(chunk.batchId, [id]);
      continue;
    }
    if (!has && (chunk.status === 'complete' || chunk.status === 'processing')) lost.push(id);
    if (!has) broken.add(chunk.batchId);
  }
  const whole = [...stored.keys()].filter((batchId) => batchId > 0 && !broken.has(batchId));
  await store.markComplete(whole);
  const single = [...stored].filter(([batchId]) => batchId <= 0 || broken.has(batchId));
  await store.assign(
    single.flatMap(([batchId, ids]) => ids.map((chunkId) => ({ chunkId, status: 'complete' as const, batchId }))),
  );
  await store.assign(lost.map((chunkId) => ({ chunkId, status: 'pending' as const, batchId: 0 })));
  note(
    'stored vectors marked complete',
    [...stored.values()].reduce((sum, ids) => sum + ids.length, 0),
  );
  note('chunks without a vector set to pending', lost.length);
}
