// Phase 1's writes: a group of files enters all three tables, or leaves them. Beside reconcile the only
// code that changes more than one table, and therefore the place where the order of commits is decided (docs/protocol.md).
import type { Chunk, ChunkStatus, ParsedFile } from '../core/chunk.ts';
import type { FileRowCounts } from './file-row-counts.ts';
import type { FileRecord, Ledger } from './ledger.ts';
import { BATCH_ROWS, type ChunksStore } from './tables/chunks.ts';
import { type ChunkRow, chunkRowsToArrow } from './tables/schema.ts';
import { inSlices, isIn } from './tables/sql.ts';
import type { StructureStore } from './tables/structure.ts';
import type { Place, VectorsStore } from './tables/vectors.ts';

export interface FileWriterContext {
  readonly chunks: ChunksStore;
  readonly vectors: VectorsStore;
  readonly structure: StructureStore;
  readonly ledger: Ledger;
  /** Rows per path, kept true by every write. */
  readonly rowCounts: FileRowCounts;
  readonly chunkerVersion: string;
  readonly makeDurable: () => Promise<void>;
  readonly fault: (name: string) => void;
}

interface OldRow {
  readonly status: ChunkStatus;
  readonly batchId: number;
  readonly errorMessage: string;
  readonly createdAt: string;
  readonly startLine: number;
  readonly endLine: number;
}

/**
 * Makes the tables say of these files what `files` says (a file that could not be read keeps the rows it had), in four steps that may each be repeated: structure, chunks
 * (one commit), vectors of vanished or moved chunks, then barrier and ledger. Chunks whose id existed keep their status
 * and batch; new ones are pending in batches of their own. Returns the number of chunks that are new.
 */
export async function replaceFiles(ctx: FileWriterContext, group: readonly ParsedFile[]): Promise<number> {
  const files = group.filter((file) => file.status !== 'unfinished');
  const known = files.map((file) => file.path).filter((path) => ctx.rowCounts.rowsOf(path) > 0);
  const chunks = files.flatMap((file) => file.chunks);
  const old = await readOldRows(ctx, known);
  const now = new Date().toISOString();

  const rows: ChunkRow[] = [];
  let fresh = 0;
  let batchId = ctx.rowCounts.lastBatchId;
  for (const file of files) {
    for (const chunk of file.chunks) {
      const before = old.get(chunk.chunkId);
      if (before === undefined && fresh++ % BATCH_ROWS === 0) batchId++;
      rows.push({
        chunk,
        fileHash: file.sha256,
        status: before?.status ?? 'pending',
        batchId: before?.batchId ?? batchId,
        errorMessage: before?.errorMessage ?? '',
        createdAt: before?.createdAt ?? now,
      });
    }
  }

  await writeStructure(ctx, chunks, known);
  ctx.fault('phase1.structure-written');
  await writeChunks(ctx, rows, known);
  ctx.rowCounts.lastBatchId = batchId;
  ctx.fault('phase1.chunks-written');
  await follow(ctx, old, chunks);
  ctx.fault('phase1.vectors-followed');

  await ctx.makeDurable();
  ctx.fault('phase1.durable');
  for (const file of files) ctx.rowCounts.set(file.path, file.sha256, file.chunks.length);
  await ctx.ledger.append(
    group.map((file) => toRecord(file, ctx)),
    [],
  );
  return fresh;
}

/** Takes files that are gone from disk out of all tables and the ledger. Returns the number of chunks that went. */
export async function removeFiles(ctx: FileWriterContext, paths: readonly string[]): Promise<number> {
  const stored = paths.filter((path) => ctx.rowCounts.rowsOf(path) > 0);
  let removed = 0;
  for (const slice of inSlices(stored)) {
    const where = isIn('file_path', slice);
    await ctx.chunks.table.delete(where);
    ctx.fault('phase1.removed-chunks');
    if ((await ctx.vectors.table.count(where)) > 0) await ctx.vectors.table.delete(where);
    if ((await ctx.structure.table.count(where)) > 0) await ctx.structure.table.delete(where);
    for (const path of slice) {
      removed += ctx.rowCounts.rowsOf(path);
      ctx.rowCounts.set(path, '', 0);
    }
  }
  if (stored.length > 0) await ctx.makeDurable();
  await ctx.ledger.append([], paths);
  return removed;
}

function toRecord(file: ParsedFile, ctx: FileWriterContext): FileRecord {
  const { path, stamp, sha256, status, reason } = file;
  return { path, stamp, sha256, status, reason, chunkCount: ctx.rowCounts.rowsOf(path), chunker: ctx.chunkerVersion };
}

async function readOldRows(ctx: FileWriterContext, paths: readonly string[]): Promise<Map<string, OldRow>> {
  const old = new Map<string, OldRow>();
  const columns = [
    'chunk_id',
    'embedding_status',
    'embedding_batch_id',
    'error_message',
    'created_at',
    'start_line',
    'end_line',
  ];
  for (const slice of inSlices(paths)) {
    for await (const rows of ctx.chunks.table.scan({ columns, where: isIn('file_path', slice) })) {
      const [status, errors, created] = [
        rows.strings('embedding_status'),
        rows.strings('error_message'),
        rows.strings('created_at'),
      ];
      const [batches, starts, ends] = [
        rows.integers('embedding_batch_id'),
        rows.integers('start_line'),
        rows.integers('end_line'),
      ];
      for (const [index, id] of rows.strings('chunk_id').entries()) {
        old.set(id ?? '', {
          status: asStatus(status[index]),
          batchId: batches[index]!,
          errorMessage: errors[index] ?? '',
          createdAt: created[index] ?? '',
          startLine: starts[index]!,
          endLine: ends[index]!,
        });
      }
    }
  }
  return old;
}

/** `processing` is mcp-vector-search's word for work that was begun: it has to be done again. */
function asStatus(value: string | null | undefined): ChunkStatus {
  return value === 'complete' || value === 'error' ? value : 'pending';
}

async function writeStructure(
  ctx: FileWriterContext,
  chunks: readonly Chunk[],
  known: readonly string[],
): Promise<void> {
  if (known.length === 0) {
    if (chunks.length > 0) await ctx.structure.write(chunks, 'add');
    return;
  }
  const where = isIn('file_path', known);
  if (chunks.length > 0) await ctx.structure.write(chunks, { replace: where });
  else if ((await ctx.structure.table.count(where)) > 0) await ctx.structure.table.delete(where);
}

async function writeChunks(ctx: FileWriterContext, rows: readonly ChunkRow[], known: readonly string[]): Promise<void> {
  const arrow = () => chunkRowsToArrow(rows, new Date().toISOString());
  if (known.length === 0) {
    if (rows.length > 0) await ctx.chunks.table.add(arrow());
  } else if (rows.length > 0) {
    await ctx.chunks.table.replace('chunk_id', arrow(), isIn('file_path', known));
  } else {
    await ctx.chunks.table.delete(isIn('file_path', known));
  }
}

/** Vectors of chunks that vanished go; those of chunks that stand elsewhere now are told so. */
async function follow(
  ctx: FileWriterContext,
  old: ReadonlyMap<string, OldRow>,
  chunks: readonly Chunk[],
): Promise<void> {
  if (old.size === 0) return;
  const now = new Set(chunks.map((chunk) => chunk.chunkId));
  const vanished = [...old].filter(([id, row]) => !now.has(id) && row.status === 'complete').map(([id]) => id);
  if (vanished.length > 0) await ctx.vectors.deleteByIds(vanished);
  const kept: Place[] = chunks
    .filter((chunk) => old.get(chunk.chunkId)?.status === 'complete')
    .map(({ chunkId, startLine, endLine, parentChunkId }) => ({
      chunkId,
      startLine,
      endLine,
      parentChunkId: parentChunkId ?? '',
    }));
  await ctx.vectors.move(kept);
}
