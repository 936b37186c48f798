// `chunks.lance`: what Phase 1 found, and how far each chunk is. Phase 2 reads it as a stream of batches.
import type { ChunkStatus, PendingChunk } from '../../core/chunk.ts';
import { batched } from '../../core/iterate.ts';
import { toArrow } from '../lance/arrow.ts';
import { isVersionGone } from '../lance/engine-failure.ts';
import type { RowBatch } from '../lance/row-batch.ts';
import { idsOf, type TableHandle } from '../lance/table.ts';
import { ASSIGN_SCHEMA, HASH_SCHEMA, MARK_SCHEMA } from './schema.ts';
import { inSlices, isIn } from './sql.ts';

/** Rows of a batch at most; also the unit that a kill can cost. */
export const BATCH_ROWS = 512;

/** Pending rows that are embedded, stored and marked together. */
export interface PendingBatch {
  readonly batchId: number;
  readonly chunks: readonly PendingChunk[];
}

export interface ChunksStore {
  /**
   * Pending rows by batch id, whole batches only, in the order of the table. Reads one pinned version; where another
   * program removes that version it goes on from the latest, without the batches already given.
   */
  pendingBatches(options: { signal?: AbortSignal | undefined }): AsyncGenerator<PendingBatch, void, undefined>;
  /** Every row whose id is not in `have`, whatever its status, in batches with new ids; pinned as above. */
  batchesWithout(
    have: ReadonlySet<string>,
    options: { readonly firstBatchId: number; readonly signal?: AbortSignal | undefined },
  ): AsyncGenerator<PendingBatch, void, undefined>;
  ids(): Promise<Set<string>>;
  countPending(): Promise<number>;
  /** Claims every row of these batches. To be called only once their vectors are durable. */
  markComplete(batchIds: readonly number[]): Promise<void>;
  /** Sets chunks aside with a reason, out of their batch, so that marking the batch leaves them alone. */
  markError(failures: readonly { readonly chunkId: string; readonly reason: string }[]): Promise<void>;
  /** Gives pending rows, at most a batch of them, another batch in one commit. */
  moveToBatch(chunkIds: readonly string[], batchId: number): Promise<void>;
  /** Gives rows a status and a batch, by id, and takes an old reason away. */
  assign(
    rows: readonly { readonly chunkId: string; readonly status: ChunkStatus; readonly batchId: number }[],
  ): Promise<void>;
  /** Gives all rows of a file the hash of its bytes. */
  setHashes(files: readonly { readonly path: string; readonly sha256: string }[]): Promise<void>;
  readonly table: TableHandle;
}

const PENDING = "embedding_status IN ('pending', 'processing')";

const PENDING_COLUMNS = [
  'chunk_id',
  'file_path',
  'content',
  'language',
  'start_line',
  'end_line',
  'chunk_type',
  'name',
  'parent_name',
  'hierarchy_path',
  'embedding_batch_id',
];

export function chunksStore(table: TableHandle): ChunksStore {
  return {
    table,
    async *pendingBatches({ signal }) {
      const given = new Set<number>();
      for (;;) {
        try {
          yield* readPending(table, given, signal);
          return;
        } catch (error) {
          if (!isVersionGone(error)) throw error;
          await table.engine.checkoutLatest();
        }
      }
    },
    async *batchesWithout(have, { firstBatchId, signal }) {
      const given = new Set<string>();
      let batchId = firstBatchId;
      for (;;) {
        try {
          for await (const chunks of batched(rowsWithout(table, have, given), (rows) => rows.length >= BATCH_ROWS)) {
            signal?.throwIfAborted();
            for (const { chunkId } of chunks) given.add(chunkId);
            yield { batchId: batchId++, chunks };
          }
          return;
        } catch (error) {
          if (!isVersionGone(error)) throw error;
          await table.engine.checkoutLatest();
        }
      }
    },
    ids: () => idsOf(table),
    countPending: () => table.count(PENDING),
    async markComplete(batchIds) {
      if (batchIds.length === 0) return;
      // One byte per row, for the engine rewrites the status column alone; a condition on this merge would panic it.
      await table.merge(
        'embedding_batch_id',
        toArrow(MARK_SCHEMA, { embedding_batch_id: batchIds, embedding_status: batchIds.map(() => 'complete') }),
      );
    },
    async markError(failures) {
      for (const [reason, ids] of groupByReason(failures)) {
        for (const slice of inSlices(ids)) {
          await table.update(isIn('chunk_id', slice), {
            embedding_status: 'error',
            error_message: reason.slice(0, 500),
            embedding_batch_id: 0,
          });
        }
      }
    },
    async moveToBatch(chunkIds, batchId) {
      // Not `assign`: by id, an update of a few rows takes a tenth of the time of a merge (0.05 s of 140,000 rows).
      await table.update(isIn('chunk_id', chunkIds), { embedding_batch_id: batchId });
    },
    async setHashes(files) {
      for (const slice of inSlices(files)) {
        const columns = { file_path: slice.map((file) => file.path), file_hash: slice.map((file) => file.sha256) };
        await table.merge('file_path', toArrow(HASH_SCHEMA, columns));
      }
    },
    async assign(rows) {
      for (const slice of inSlices(rows, 10_240)) {
        await table.merge(
          'chunk_id',
          toArrow(ASSIGN_SCHEMA, {
            chunk_id: slice.map((row) => row.chunkId),
            embedding_status: slice.map((row) => row.status),
            embedding_batch_id: slice.map((row) => row.batchId),
            error_message: slice.map(() => ''),
          }),
        );
      }
    },
  };
}

function groupByReason(failures: readonly { chunkId: string; reason: string }[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { chunkId, reason } of failures) {
    const ids = groups.get(reason);
    if (ids) ids.push(chunkId);
    else groups.set(reason, [chunkId]);
  }
  return groups;
}

async function* rowsWithout(
  table: TableHandle,
  have: ReadonlySet<string>,
  given: ReadonlySet<string>,
): AsyncGenerator<PendingChunk, void, undefined> {
  for await (const rows of table.scan({ columns: PENDING_COLUMNS })) {
    for (const chunk of pendingChunks(rows)) if (!have.has(chunk.chunkId) && !given.has(chunk.chunkId)) yield chunk;
  }
}

/** Counts first, so that a batch is known to be whole even if the engine does not keep its rows together. */
async function* readPending(
  table: TableHandle,
  given: Set<number>,
  signal: AbortSignal | undefined,
): AsyncGenerator<PendingBatch, void, undefined> {
  const missing = new Map<number, number>();
  for await (const rows of table.scan({ columns: ['embedding_batch_id'], where: PENDING })) {
    for (const id of rows.integers('embedding_batch_id')) missing.set(id, (missing.get(id) ?? 0) + 1);
  }
  const open = new Map<number, PendingChunk[]>();
  for await (const rows of table.scan({ columns: PENDING_COLUMNS, where: PENDING })) {
    const ids = rows.integers('embedding_batch_id');
    for (const [index, chunk] of pendingChunks(rows).entries()) {
      const batchId = ids[index]!;
      if (given.has(batchId)) continue;
      const chunks = open.get(batchId) ?? [];
      chunks.push(chunk);
      if (chunks.length < missing.get(batchId)!) {
        open.set(batchId, chunks);
        continue;
      }
      open.delete(batchId);
      signal?.throwIfAborted();
      given.add(batchId);
      yield { batchId, chunks };
    }
  }
  if (open.size > 0) throw new Error(`${open.size} batches of ${table.path} were not read whole`);
}

function pendingChunks(rows: RowBatch): PendingChunk[] {
  const text = (column: string) => rows.strings(column).map((value) => value ?? '');
  const [ids, paths, contents, languages] = [text('chunk_id'), text('file_path'), text('content'), text('language')];
  const [kinds, names, parents, breadcrumbs] = [
    text('chunk_type'),
    text('name'),
    text('parent_name'),
    text('hierarchy_path'),
  ];
  const starts = rows.integers('start_line');
  const ends = rows.integers('end_line');
  return ids.map((chunkId, index) => ({
    chunkId,
    filePath: paths[index]!,
    kind: kinds[index]!,
    name: names[index]!,
    breadcrumb: breadcrumbs[index]!,
    parentName: parents[index]!,
    language: languages[index]!,
    content: contents[index]!,
    startLine: starts[index]!,
    endLine: ends[index]!,
  }));
}
