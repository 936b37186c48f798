// What an interrupted run left: which phase has to go on, and from where.
import type { Phase } from '../core/events.ts';
import { readCheckpoint } from '../phase2-embed/checkpoint.ts';
import { keepDamaged } from '../store/files/json-file.ts';
import { isExternalChunker } from '../store/mcp-vector-search/chunker-marks.ts';
import type { WritableStores } from '../store/open.ts';
import { hasBegunPhase1 } from '../store/run-file.ts';
import { unfinishedFiles } from '../store/unfinished.ts';
import type { WritableIndex } from './opened.ts';
import { countChunks } from './report.ts';

/** Tells what an interrupted run left, if anything, and returns the phase to go on with. */
export async function announceInterrupted(index: WritableIndex, phase: Phase | 'all'): Promise<Phase | null> {
  const { stores, run, observe } = index;
  const { pending, error, total } = await countChunks(stores);
  const hasUnfinished = unfinishedFiles(stores.ledger.files, run).length > 0;
  const phase1Open = run?.phase1.finished_at == null || stores.needsReparse.size > 0 || hasUnfinished;
  const first = phase1Open ? 1 : pending + error > 0 ? 2 : null;
  // Files to be parsed again after a finished Phase 1 were written by mcp-vector-search, or lost: told as repairs.
  const hasEnded = run?.finished_at != null || (run?.phase1.finished_at != null && pending + error === 0);
  const isRepair = first === 1 && hasEnded;
  if (first === null || !hasBegun(index, total) || isRepair || (first === 1 && phase === 2)) return first;
  const checkpoint = await readCheckpoint(stores.layout.checkpointFile);
  if (checkpoint.state === 'damaged') {
    const copy = await keepDamaged(stores.layout.checkpointFile, stores.layout.quarantineDir);
    observe({
      type: 'warning',
      message: `the checkpoint could not be read (${checkpoint.reason}); the tables say what is done. A copy is in ${copy}`,
    });
  }
  const saved = checkpoint.state === 'read' ? checkpoint.value : null;
  observe({
    type: 'resuming',
    phase: first,
    checkpoint: saved && { batchId: saved.last_batch_id, chunksDone: saved.chunks_done, savedAt: saved.saved_at },
    nextBatchId: first === 2 && pending > 0 ? await firstPendingBatch(stores) : null,
    chunksRemaining: pending + error,
  });
  return first;
}

/** Nothing was interrupted where we have not begun: in a new index, one that was just migrated, or mcp-vector-search's. */
function hasBegun({ stores, run }: WritableIndex, chunks: number): boolean {
  if (stores.externalImport !== null) return false;
  if (run !== null) return hasBegunPhase1(run);
  return chunks > 0 && ![...stores.ledger.files.values()].some(({ chunker }) => isExternalChunker(chunker));
}

/** Says what was taken over from mcp-vector-search, and what had to be put right. */
export function announceRepairs({ stores, run, observe }: WritableIndex): void {
  const { externalImport, repairs } = stores;
  if (externalImport !== null) {
    const kept = `${files(externalImport.kept)} unchanged, with their chunks and vectors kept`;
    const others = externalImport.others === 0 ? '' : `; ${files(externalImport.others)} not known to be unchanged`;
    observe({ type: 'notice', message: `taking over what mcp-vector-search indexed: ${kept}${others}` });
  }
  const told = { ...repairs };
  if (externalImport !== null) delete told['files to parse again']; // said already
  if (Object.keys(told).length === 0) return;
  const wasParsing = run !== null && hasBegunPhase1(run) && run.phase1.finished_at === null;
  const wasCutOff = wasParsing || run?.phase2?.finished_at === null;
  const cause = externalImport !== null ? 'another-program' : wasCutOff ? 'interruption' : 'unknown';
  observe({ type: 'reconciled', cause, repairs: told });
}

function files(count: number): string {
  return `${count} ${count === 1 ? 'file' : 'files'}`;
}

async function firstPendingBatch(stores: WritableStores): Promise<number | null> {
  let first: number | null = null;
  const where = "embedding_status = 'pending'";
  for await (const rows of stores.chunks.table.scan({ columns: ['embedding_batch_id'], where })) {
    for (const id of rows.integers('embedding_batch_id')) if (id > 0 && (first === null || id < first)) first = id;
  }
  return first;
}
