// The only repair path: run once per writing command, right after the lock, before either phase. Idempotent. Reads one
// narrow scan of each table, joins them by chunk_id, and makes the tables agree again after a kill, a power cut or
// another program's writes. docs/protocol.md says which kill leaves what, and what is done about it here.

import { LARGEST_OWN_BATCH } from './assign-batches.ts';
import { type Census, countRow, emptyCensus } from './census.ts';
import type { ChunksStore } from './chunks.ts';
import { inSlices, isIn } from './sql.ts';
import type { StructureStore } from './structure.ts';
import type { Place, VectorsStore } from './vectors.ts';

export interface Reconciled {
  readonly census: Census;
  /** Files that have to be parsed again, so Phase 1 is not finished whatever run.json says. */
  readonly distrusted: ReadonlySet<string>;
  /** Rows repaired, by kind of repair; zeros left out. */
  readonly repairs: Readonly<Record<string, number>>;
}

interface Stores {
  readonly chunks: ChunksStore;
  readonly vectors: VectorsStore;
  readonly structure: StructureStore;
}

interface ChunkFacts {
  readonly path: string;
  readonly status: string;
  readonly batchId: number;
  readonly startLine: number;
  readonly endLine: number;
}

export async function reconcile(stores: Stores): Promise<Reconciled> {
  const census = emptyCensus();
  const repairs: Record<string, number> = {};
  const parents = await readParents(stores.structure);
  const { chunks, doubled } = await readChunks(stores.chunks, census);
  const found = await compareVectors(stores.vectors, chunks, parents, census);

  const distrusted = new Set<string>();
  for (const [id, { path }] of chunks) if (!parents.has(id)) distrusted.add(path);
  for (const path of distrusted) census.distrust(path);
  if (doubled.size > 0) await dropFiles(stores, doubled, census, found.vectorIds, chunks);
  for (const path of doubled) distrusted.add(path);

  const note = (name: string, count: number) => {
    if (count > 0) repairs[name] = count;
  };
  note('files to parse again', distrusted.size);
  note('vectors without a chunk removed', found.orphans.length);
  await stores.vectors.deleteByIds(found.orphans);
  note('doubled vectors removed', found.doubled.length);
  await stores.vectors.deleteByIds(found.doubled);
  for (const id of found.doubled) found.vectorIds.delete(id);
  note('vectors moved to their chunk', found.moved.length);
  await stores.vectors.move(found.moved);

  await repairStatuses(stores.chunks, chunks, doubled, found.vectorIds, note);

  const strays = [...parents.keys()].filter((id) => !chunks.has(id));
  note('structure rows without a chunk removed', strays.length);
  for (const slice of inSlices(strays)) await stores.structure.table.delete(isIn('chunk_id', slice));
  return { census, distrusted, repairs };
}

async function readParents(structure: StructureStore): Promise<Map<string, string>> {
  const parents = new Map<string, string>();
  for await (const rows of structure.table.scan({ columns: ['chunk_id', 'parent_chunk_id'] })) {
    const ids = rows.strings('chunk_id');
    for (const [index, parent] of rows.strings('parent_chunk_id').entries())
      parents.set(ids[index] ?? '', parent ?? '');
  }
  return parents;
}

async function readChunks(
  store: ChunksStore,
  census: Census,
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
    for (const [index, id] of rows.strings('chunk_id').entries()) {
      const raw = paths[index] ?? '';
      const path = pool.get(raw) ?? raw;
      pool.set(path, path);
      if (chunks.has(id ?? '')) doubled.add(path).add(chunks.get(id ?? '')!.path);
      const batchId = batches[index]!;
      if (batchId <= LARGEST_OWN_BATCH) census.lastBatchId = Math.max(census.lastBatchId, batchId);
      countRow(census, path, hashes[index] ?? '');
      chunks.set(id ?? '', {
        path,
        status: internStatus(statuses[index]),
        batchId,
        startLine: starts[index]!,
        endLine: ends[index]!,
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
  parents: ReadonlyMap<string, string>,
  census: Census,
): Promise<{ vectorIds: Set<string>; orphans: string[]; doubled: string[]; moved: Place[] }> {
  const vectorIds = new Set<string>();
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
      census.lastBatchId = Math.max(census.lastBatchId, batches[index]!);
      const chunk = chunks.get(id);
      if (chunk === undefined) {
        orphans.push(id);
        continue;
      }
      if (vectorIds.has(id)) doubled.add(id);
      vectorIds.add(id);
      const parentChunkId = parents.get(id) ?? '';
      const inPlace = chunk.startLine === starts[index] && chunk.endLine === ends[index];
      if (!inPlace || (parentIds[index] ?? '') !== parentChunkId) {
        moved.push({ chunkId: id, startLine: chunk.startLine, endLine: chunk.endLine, parentChunkId });
      }
    }
  }
  return { vectorIds, orphans, doubled: [...doubled], moved };
}

/** Doubled chunk rows cannot be merged: their files leave all tables and are parsed again. */
async function dropFiles(
  stores: Stores,
  paths: ReadonlySet<string>,
  census: Census,
  vectorIds: Set<string>,
  chunks: Map<string, ChunkFacts>,
): Promise<void> {
  const ids = [...chunks].filter(([, chunk]) => paths.has(chunk.path)).map(([id]) => id);
  for (const slice of inSlices(paths)) await stores.chunks.table.delete(isIn('file_path', slice));
  await stores.vectors.deleteByIds(ids.filter((id) => vectorIds.has(id)));
  for (const id of ids) {
    vectorIds.delete(id);
    chunks.delete(id);
  }
  for (const path of paths) census.set(path, '', 0);
}

/** Makes the status say what the vectors table shows. Whole batches are marked as Phase 2 marks them; the rest by id. */
async function repairStatuses(
  store: ChunksStore,
  chunks: ReadonlyMap<string, ChunkFacts>,
  dropped: ReadonlySet<string>,
  vectorIds: ReadonlySet<string>,
  note: (name: string, count: number) => void,
): Promise<void> {
  const lost: string[] = [];
  const stored = new Map<number, string[]>();
  const broken = new Set<number>();
  for (const [id, chunk] of chunks) {
    if (dropped.has(chunk.path)) continue;
    const has = vectorIds.has(id);
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
