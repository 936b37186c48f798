// What an interrupted run left: which phase has to go on, and from where.
import type { Phase } from '../core/events.ts';
import { readCheckpoint } from '../phase2-embed/checkpoint.ts';
import { FOREIGN_CHUNKER } from '../store/adopt.ts';
import { keepDamaged } from '../store/json-file.ts';
import type { WritableStores } from '../store/open.ts';
import type { WritableIndex } from './opened.ts';
import { countChunks } from './report.ts';

/** Tells what an interrupted run left, if anything, and returns the phase to go on with. */
export async function announceInterrupted(index: WritableIndex, phase: Phase | 'all'): Promise<Phase | null> {
  const { stores, run, observe } = index;
  const { pending, error, total } = await countChunks(stores);
  const phase1Open = run?.phase1.finished_at == null || stores.distrusted.size > 0;
  const first = phase1Open ? 1 : pending + error > 0 ? 2 : null;
  // Nothing was interrupted where we have not begun: a new index, or one that was just migrated.
  const isFresh = (run === null && total === 0) || run?.phase1.chunker === FOREIGN_CHUNKER;
  // Files to be parsed again after a finished Phase 1 were written by another program, or lost: told as repairs.
  const isRepair = first === 1 && run?.phase1.finished_at != null && pending + error === 0;
  if (first === null || isFresh || isRepair || (first === 1 && phase === 2)) return first;
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

async function firstPendingBatch(stores: WritableStores): Promise<number | null> {
  let first: number | null = null;
  const where = "embedding_status = 'pending'";
  for await (const rows of stores.chunks.table.scan({ columns: ['embedding_batch_id'], where })) {
    for (const id of rows.integers('embedding_batch_id')) if (id > 0 && (first === null || id < first)) first = id;
  }
  return first;
}
