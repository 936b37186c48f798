// What the index holds, as data. Reads without a lock, and loads neither model nor parser; the runtime only to tell what
// processor this is.
import type { Config } from '../config/schema.ts';
import { describeProcessor, type Processor } from '../embedding/inference/processor.ts';
import { describeModel } from '../embedding/model/recipe.ts';
import { readCheckpoint } from '../phase2-embed/checkpoint.ts';
import { type ChangesSince, changesSince } from '../run/changes-since.ts';
import { readSteadily } from '../store/lance/read-steadily.ts';
import { layoutOf } from '../store/layout.ts';
import { type FileRecord, readLedger } from '../store/ledger.ts';
import { readLockHolder } from '../store/lock/lock.ts';
import { detectLayout, hasLostChunks, openForReading, type ReadableStores } from '../store/open-for-reading.ts';
import { hasBegunPhase1, type RunRecord, readRunFile } from '../store/run-file.ts';
import { type UnfinishedFile, unfinishedFiles } from '../store/unfinished.ts';

export type { ChangesSince } from '../run/changes-since.ts';

/** The object of `status --json`; additive changes only. */
export interface StatusReport {
  readonly schema: 1;
  readonly root: string;
  readonly index_dir: string;
  readonly layout: 'none' | 'code_search' | 'dual-table';
  readonly complete: boolean;
  readonly files: {
    readonly indexed: number;
    readonly skipped: number;
    /** The same by reason, as `index --dry-run` names them. */
    readonly skipped_by_reason: Readonly<Record<string, number>>;
    readonly unfinished: number;
    /** The same number, by the name that earlier versions had for it. */
    readonly failed: number;
  };
  /** What the last run could not read or parse, for a reason outside of the file; the next run tries it again. */
  readonly unfinished: readonly UnfinishedFile[];
  readonly chunks: {
    readonly total: number;
    readonly pending: number;
    readonly processing: number;
    readonly complete: number;
    readonly error: number;
  };
  readonly vectors: number;
  /** The model of the stored vectors, and how many rows each recipe made ('' for mcp-vector-search's rows). */
  readonly model: {
    readonly id: string;
    readonly dimension: number;
    readonly recipes: Readonly<Record<string, number>>;
    /** The recipe of new vectors, and how many stored ones have another. */
    readonly recipe: string;
    readonly outdated: number;
  } | null;
  /** Where vectors would be made now; null where there are no tables to add them to. */
  readonly processor: Processor | null;
  readonly checkpoint: {
    readonly run_id: string;
    readonly batch_id: number;
    readonly chunks_done: number;
    readonly chunks_remaining: number;
    readonly saved_at: string;
  } | null;
  readonly last_run: {
    readonly run_id: string;
    readonly phase1: 'finished' | 'unfinished' | 'not-started';
    readonly phase2: 'finished' | 'unfinished' | 'not-started';
    readonly started_at: string;
    readonly finished_at: string | null;
  } | null;
  /** How the files differ from what the last run saw; null if no run of ours has, or if they cannot be listed. */
  readonly changes: ChangesSince | null;
  /** Set while a writer holds the lock. */
  readonly locked_by: {
    readonly pid: number;
    readonly host: string;
    readonly command: string;
    readonly started_at: string;
  } | null;
}

/**
 * An absent index is a report with layout `none`, not an error. Errors: FORMAT_TOO_NEW; INDEX_DAMAGED, also where the
 * chunks table is missing from an index.
 */
export async function status(config: Config): Promise<StatusReport> {
  const found = await detectLayout(config.indexDir);
  const layout = layoutOf(config.indexDir);
  const holder = found === 'none' ? null : await readLockHolder(layout.lockFile);
  const base = {
    schema: 1 as const,
    root: config.root,
    index_dir: config.indexDir,
    layout: found,
    locked_by: holder?.alive
      ? { pid: holder.pid, host: holder.host, command: holder.command, started_at: holder.started_at }
      : null,
  };
  if (found === 'code_search' || (found === 'none' && !(await hasLostChunks(layout)))) {
    return { ...base, ...nothingStored };
  }

  const { recipe } = await describeModel(config.modelDir, config.device);
  await using stores = await openForReading(config);
  const runFile = await readRunFile(layout.runFile);
  const run = runFile.state === 'read' ? runFile.value : null;
  const { chunks, vectors, recipes, matched } = await readSteadily([stores.chunks.table, stores.vectors?.table], () =>
    countTables(stores),
  );
  const checkpoint = await readCheckpoint(layout.checkpointFile);
  const ledger = await readLedger(layout.ledgerFile);
  const unfinished = unfinishedFiles(ledger, run);
  return {
    ...base,
    complete: run?.phase1.finished_at != null && unfinished.length === 0 && matched && chunks.complete === chunks.total,
    files: countFiles(ledger, run, unfinished.length),
    unfinished,
    chunks,
    vectors,
    model: run?.model
      ? {
          id: run.model.model_id,
          dimension: run.model.dimension,
          recipes,
          recipe,
          outdated: vectors - (recipes[recipe] ?? 0),
        }
      : null,
    processor: await describeProcessor(),
    checkpoint:
      checkpoint.state === 'read'
        ? {
            run_id: checkpoint.value.run_id,
            batch_id: checkpoint.value.last_batch_id,
            chunks_done: checkpoint.value.chunks_done,
            chunks_remaining: checkpoint.value.chunks_remaining,
            saved_at: checkpoint.value.saved_at,
          }
        : null,
    last_run: run && describeRun(run),
    changes: run !== null && hasBegunPhase1(run) ? await changesSince(config, ledger, run) : null,
  };
}

/**
 * How the files differ from what the last run saw, by their stamps; null if no run of ours has looked, or if they cannot be
 * listed. Takes as long as finding all files. Writes nothing.
 */
export async function changedFiles(config: Config): Promise<ChangesSince | null> {
  const { runFile, ledgerFile } = layoutOf(config.indexDir);
  const run = await readRunFile(runFile);
  if (run.state !== 'read' || !hasBegunPhase1(run.value)) return null;
  return changesSince(config, await readLedger(ledgerFile), run.value);
}

const nothingStored = {
  complete: false,
  files: { indexed: 0, skipped: 0, skipped_by_reason: {}, unfinished: 0, failed: 0 },
  unfinished: [],
  chunks: { total: 0, pending: 0, processing: 0, complete: 0, error: 0 },
  vectors: 0,
  model: null,
  processor: null,
  checkpoint: null,
  last_run: null,
  changes: null,
};

function describeRun(run: RunRecord): NonNullable<StatusReport['last_run']> {
  const unfinished = hasBegunPhase1(run) ? 'unfinished' : 'not-started';
  return {
    run_id: run.run_id,
    phase1: run.phase1.finished_at === null ? unfinished : 'finished',
    phase2: run.phase2 === null ? 'not-started' : run.phase2.finished_at === null ? 'unfinished' : 'finished',
    started_at: run.started_at,
    finished_at: run.finished_at,
  };
}

/** Compares the ids of both tables: equal counts would prove nothing. */
async function countTables(stores: ReadableStores) {
  const chunks = { total: 0, pending: 0, processing: 0, complete: 0, error: 0 };
  const unmatched = new Set<string>();
  let matched = true;
  for await (const rows of stores.chunks.table.scan({ columns: ['chunk_id', 'embedding_status'] })) {
    for (const id of rows.strings('chunk_id')) {
      if (unmatched.has(id ?? '')) matched = false;
      unmatched.add(id ?? '');
    }
    for (const value of rows.strings('embedding_status')) {
      chunks.total++;
      chunks[value === 'pending' || value === 'complete' || value === 'error' ? value : 'processing']++;
    }
  }
  const recipes: Record<string, number> = {};
  let vectors = 0;
  if (stores.vectors === null) return { chunks, vectors, recipes, matched: false };
  const hasRecipe = (await stores.vectors.table.columns()).includes('tandem_recipe');
  const columns = hasRecipe ? ['chunk_id', 'tandem_recipe'] : ['chunk_id'];
  for await (const rows of stores.vectors.table.scan({ columns })) {
    vectors += rows.numRows;
    for (const id of rows.strings('chunk_id')) if (!unmatched.delete(id ?? '')) matched = false;
    const values = hasRecipe ? rows.strings('tandem_recipe') : Array<null>(rows.numRows).fill(null);
    for (const recipe of values) recipes[recipe ?? ''] = (recipes[recipe ?? ''] ?? 0) + 1;
  }
  return { chunks, vectors, recipes, matched: matched && unmatched.size === 0 };
}

function countFiles(
  ledger: ReadonlyMap<string, FileRecord>,
  run: RunRecord | null,
  unfinished: number,
): StatusReport['files'] {
  let indexed = 0;
  const reasons: Record<string, number> = { ...run?.phase1.skipped };
  for (const { status: state, reason } of ledger.values()) {
    if (state === 'skipped') reasons[reason] = (reasons[reason] ?? 0) + 1;
    else if (state !== 'unfinished') indexed++;
  }
  const skipped = Object.values(reasons).reduce((sum, count) => sum + count, 0);
  return { indexed, skipped, skipped_by_reason: reasons, unfinished, failed: unfinished };
}
