// What a run did and what it left, as data.
import type { Device } from '../core/device.ts';
import type { Phase } from '../core/events.ts';
import type { FileCounts, Phase1Result } from '../phase1-parse/run.ts';
import type { Phase2Result } from '../phase2-embed/embed-batches.ts';
import type { WritableStores } from '../store/open.ts';
import { unfinishedFiles } from '../store/unfinished.ts';
import type { WritableIndex } from './opened.ts';

/** What a run did and what it left. */
export interface RunReport {
  /** Phases that had something to do, in order; empty if there was nothing to do. */
  readonly phases: readonly Phase[];
  readonly files: FileCounts;
  /** Null where the phase did not run. */
  readonly phase1: { readonly seconds: number; readonly chunks: number; readonly bytes: number } | null;
  readonly phase2: (Phase2Result & { readonly seconds: number; readonly device: Device }) | null;
  /** Chunks in the table at the end, by status. */
  readonly chunks: {
    readonly total: number;
    readonly pending: number;
    readonly complete: number;
    readonly error: number;
  };
  /** As in `status`. */
  readonly complete: boolean;
}

const NO_FILES: FileCounts = {
  discovered: 0,
  found_by: null,
  added: 0,
  changed: 0,
  removed: 0,
  unchanged: 0,
  parsed: 0,
  skipped: {},
  unfinished: [],
};

export async function countChunks(stores: WritableStores): Promise<RunReport['chunks']> {
  const count = (status: string) => stores.chunks.table.count(`embedding_status = '${status}'`);
  const [pending, complete, error] = [await count('pending'), await count('complete'), await count('error')];
  return { total: await stores.chunks.table.count(), pending, complete, error };
}

type Phases = [
  index: WritableIndex,
  phase1: (Phase1Result & { seconds: number }) | null,
  phase2: (Phase2Result & { seconds: number }) | null,
];

export async function report(...run: Phases): Promise<RunReport> {
  return (await lookAtRun(...run)).report;
}

/** `agrees`: the tables hold what the ledger says, each chunk with its vector, even if some files are unfinished. */
async function lookAtRun(...[index, phase1, phase2]: Phases): Promise<{ report: RunReport; agrees: boolean }> {
  const { stores, run } = index;
  const chunks = await countChunks(stores);
  const phase1Finished = run?.phase1.finished_at != null && (phase1 !== null || stores.needsReparse.size === 0);
  // Reconcile matched the ids one to one at the start and every write since kept them so; the counts must agree too.
  const matched = chunks.complete === chunks.total && (await stores.vectors.count()) === chunks.total;
  const files = phase1?.files ?? { ...NO_FILES, unfinished: unfinishedFiles(stores.ledger.files, run) };
  const worked1 = files.added + files.changed + files.removed > 0;
  const report: RunReport = {
    phases: [...(worked1 ? [1 as const] : []), ...(phase2 ? [2 as const] : [])],
    files,
    phase1: phase1 && { seconds: phase1.seconds, chunks: phase1.chunks, bytes: phase1.bytes },
    phase2: phase2 && { ...phase2, device: index.config.device ?? 'cpu' },
    chunks,
    complete: phase1Finished && matched && files.unfinished.length === 0,
  };
  return { report, agrees: phase1Finished && matched };
}

/**
 * Marks the index clean only if the row counts agree: mcp-vector-search does not know the lock and may have written
 * meanwhile.
 */
export async function conclude(...run: Phases): Promise<RunReport> {
  const { report, agrees } = await lookAtRun(...run);
  if (agrees) await run[0].stores.markClean();
  return report;
}
