// The table of contents: what an index can be asked to do.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { childEnvironment } from './config/child-environment.ts';
import type { Config } from './config/schema.ts';
import { IndexerError } from './core/errors.ts';
import type { Observer, Phase } from './core/events.ts';
import type { Embedder, ModelIdentity } from './embedding/embedder.ts';
import { describeModel } from './embedding/recipe.ts';
import { CHUNKER_VERSION, type Phase1Result, runPhase1 } from './phase1-parse/run.ts';
import { readCheckpoint } from './phase2-embed/checkpoint.ts';
import { type Phase2Result, runPhase2 } from './phase2-embed/run.ts';
import { type SearchHit, searchVectors } from './search/search.ts';
import { assignBatches } from './store/assign-batches.ts';
import { keepDamaged } from './store/json-file.ts';
import { openForReading, openForWriting, type ReadableStores, type WritableStores } from './store/open.ts';
import { writePeerFiles } from './store/peer-files.ts';
import type { FileWriterContext } from './store/replace-files.ts';
import { type RunRecord, readRunFile, writeRunFile } from './store/run-file.ts';

/** An index opened for writing (under the lock, reconciled) or for reading. Closing it releases the lock. */
export interface Index extends AsyncDisposable {
  readonly config: Config;
}

interface WritableIndex extends Index {
  readonly stores: WritableStores;
  readonly observe: Observer;
  readonly fault: (name: string) => void;
  readonly groupRows: number;
  run: RunRecord | null;
}

interface ReadableIndex extends Index {
  readonly readable: ReadableStores;
}

/** What a run did and what it left. */
export interface RunReport {
  /** Phases that had something to do, in order; empty if there was nothing to do. */
  readonly phases: readonly Phase[];
  readonly files: {
    readonly discovered: number;
    readonly added: number;
    readonly changed: number;
    readonly removed: number;
    readonly unchanged: number;
    /** Files that were run through a parser or the line fallback. */
    readonly parsed: number;
    /** Policy skips by reason; these are no failures. */
    readonly skipped: Readonly<Record<string, number>>;
    readonly failed: readonly { readonly path: string; readonly reason: string }[];
  };
  /** Null where the phase did not run. */
  readonly phase1: { readonly seconds: number; readonly chunks: number; readonly bytes: number } | null;
  readonly phase2: {
    readonly seconds: number;
    readonly embedded: number;
    readonly failed: number;
    readonly tokens: number;
    readonly checkpoints: number;
  } | null;
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

export interface OpenIndexOptions {
  /** `write` takes the lock and reconciles, creating the index if absent; `resume` the same, but never creates one. */
  readonly mode: 'read' | 'write' | 'resume';
  readonly observe?: Observer;
  /** Called between every pair of writes; the crash tests end the process in it. */
  readonly fault?: (name: string) => void;
  /** Rows that close a group of Phase 1, which is what a kill there can cost; 10,240 by default. */
  readonly groupRows?: number;
}

export interface RunOptions {
  /** Aborting finishes the batch at hand, writes a checkpoint and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Errors: NO_INDEX (read, resume), INDEX_LOCKED, MIGRATION_NEEDED, INDEX_DAMAGED, NOT_WRITABLE, MODEL_MISSING. */
export async function openIndex(config: Config, options: OpenIndexOptions): Promise<Index> {
  const { identity } = await describeModel(config.modelDir);
  const place = {
    root: config.root,
    indexDir: config.indexDir,
    dimension: identity.dimension,
    durability: config.durability,
  };
  if (options.mode !== 'write') {
    const readable = await openForReading(place);
    if (options.mode === 'read') {
      const index: ReadableIndex = { config, readable, [Symbol.asyncDispose]: () => readable[Symbol.asyncDispose]() };
      return index;
    }
    await readable[Symbol.asyncDispose]();
  }
  const observe = options.observe ?? (() => undefined);
  const stores = await openForWriting(place);
  try {
    for (const name of stores.quarantined) {
      observe({
        type: 'warning',
        message: `${name} was not written whole; it was set aside and the version before is used`,
      });
    }
    if (Object.keys(stores.repairs).length > 0) observe({ type: 'reconciled', repairs: stores.repairs });
    const index: WritableIndex = {
      config,
      stores,
      observe,
      fault: options.fault ?? (() => undefined),
      groupRows: options.groupRows ?? 10_240,
      run: await readRun(stores, observe),
      async [Symbol.asyncDispose]() {
        const isBlank = stores.isNew && index.run === null;
        await stores[Symbol.asyncDispose]();
        if (isBlank) await rm(config.indexDir, { recursive: true, force: true });
      },
    };
    return index;
  } catch (error) {
    await stores[Symbol.asyncDispose]();
    throw error;
  }
}

async function readRun(stores: WritableStores, observe: Observer): Promise<RunRecord | null> {
  const { runFile, quarantineDir } = stores.layout;
  const file = await readRunFile(runFile);
  if (file.state === 'read') return file.value;
  if (file.state === 'damaged') {
    const copy = await keepDamaged(runFile, quarantineDir);
    observe({
      type: 'warning',
      message: `run.json could not be read (${file.reason}); Phase 1 is checked anew. A copy is in ${copy}`,
    });
  }
  return null;
}

/** Runs both phases or one. With 'all', goes on with whatever an interrupted run left. */
export async function indexProject(
  index: Index,
  options: RunOptions & { readonly phase: Phase | 'all' },
): Promise<RunReport> {
  const opened = writable(index);
  await announceInterrupted(opened, options.phase);
  const phase1 = options.phase === 2 ? null : await timed(opened, 1, () => parse(opened, options.signal));
  const phase2 = options.phase === 1 ? null : await timed(opened, 2, () => embed(opened, options.signal));
  return report(opened, phase1, phase2);
}

/** Finishes what an interrupted run left; nothing to do → a report without phases. */
export async function resume(index: Index, options: RunOptions): Promise<RunReport> {
  const opened = writable(index);
  const phase = await announceInterrupted(opened, 'all');
  if (phase === null) return report(opened, null, null);
  return indexFrom(opened, phase, options);
}

async function indexFrom(index: WritableIndex, phase: Phase, options: RunOptions): Promise<RunReport> {
  const phase1 = phase === 1 ? await timed(index, 1, () => parse(index, options.signal)) : null;
  const phase2 = await timed(index, 2, () => embed(index, options.signal));
  return report(index, phase1, phase2);
}

/** The nearest chunks to a query, best first. Errors: MODEL_MISSING, MODEL_DAMAGED. */
export async function search(index: Index, query: string, options: { readonly limit: number }): Promise<SearchHit[]> {
  if (!('readable' in index)) throw new Error('search needs an index opened for reading');
  const { readable, config } = index as ReadableIndex;
  const { openEmbedder } = await import('./embedding/open.ts');
  const embedder = await openEmbedder({ modelDir: config.modelDir, workers: 1 });
  try {
    return await searchVectors({ vectors: readable.vectors, embedder, root: config.root }, query, options);
  } finally {
    await embedder.close();
  }
}

function writable(index: Index): WritableIndex {
  if (!('stores' in index)) throw new Error('this needs an index opened for writing');
  return index as WritableIndex;
}

/** Tells what an interrupted run left, if anything, and returns the phase to go on with. */
async function announceInterrupted(index: WritableIndex, phase: Phase | 'all'): Promise<Phase | null> {
  const { stores, run, observe } = index;
  const { pending, error, total } = await countChunks(stores);
  const phase1Open = run?.phase1.finished_at == null || stores.distrusted.size > 0;
  const first = phase1Open ? 1 : pending + error > 0 ? 2 : null;
  const isFresh = run === null && total === 0;
  if (first === null || isFresh || (first === 1 && phase === 2)) return first;
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
    nextBatchId: pending > 0 ? await firstPendingBatch(stores) : null,
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

async function timed<T>(
  index: WritableIndex,
  phase: Phase,
  work: () => Promise<T | null>,
): Promise<(T & { seconds: number }) | null> {
  const startedAt = performance.now();
  const result = await work();
  if (result === null) return null;
  const seconds = (performance.now() - startedAt) / 1000;
  index.observe({ type: 'phase-finished', phase, seconds });
  return { ...result, seconds };
}

async function parse(index: WritableIndex, signal: AbortSignal | undefined): Promise<Phase1Result> {
  const { config, stores, observe, fault } = index;
  const previous = index.run;
  const startedAt = new Date().toISOString();
  const writer: FileWriterContext = {
    ...stores,
    chunkerVersion: CHUNKER_VERSION,
    makeDurable: async () => {
      await stores.makeDurable();
      await stores.ledger.makeDurable();
    },
    fault,
  };
  const result = await runPhase1(
    {
      root: config.root,
      indexDir: config.indexDir,
      writer,
      previousScanNs: previous?.phase1.finished_at ? previous.phase1.scan_started_ns : null,
      workers: config.workers,
      maxFileBytes: config.maxFileBytes,
      groupRows: index.groupRows,
      gitEnv: childEnvironment(),
      observe,
      async begin(discovery) {
        const skipped: Record<string, number> = {};
        for (const { reason } of discovery.skipped) skipped[reason] = (skipped[reason] ?? 0) + 1;
        index.run = {
          schema: 1,
          run_id: randomUUID(),
          started_at: startedAt,
          finished_at: null,
          phase1: {
            started_at: startedAt,
            finished_at: null,
            scan_started_ns: discovery.startedAtNs,
            discovered: discovery.files.length,
            skipped,
            chunker: CHUNKER_VERSION,
          },
          phase2: null,
          model: previous?.model ?? null,
        };
        await writeRunFile(stores.layout.runFile, index.run);
        fault('phase1.begun');
      },
    },
    signal,
  );
  await updateRun(index, (run, now) => ({ ...run, phase1: { ...run.phase1, finished_at: now } }));
  fault('phase1.finished');
  await writePeerFiles(stores.layout, { root: config.root, files: stores.ledger.files });
  return result;
}

/** Returns null if nothing was pending. */
async function embed(index: WritableIndex, signal: AbortSignal | undefined): Promise<Phase2Result | null> {
  const { config, stores, observe, fault } = index;
  const { identity, recipe } = await describeModel(config.modelDir);
  refuseOtherModel(index.run, identity);
  const { lastBatchId } = await assignBatches(stores.chunks, stores.census.lastBatchId);
  stores.census.lastBatchId = lastBatchId;
  if ((await stores.chunks.countPending()) === 0) {
    await updateRun(index, (run, now) => ({ ...run, finished_at: now }));
    return null;
  }
  signal?.throwIfAborted();
  await stores.chunks.table.ensureScalarIndex('embedding_batch_id');
  await updateRun(index, (run, now) => ({
    ...run,
    finished_at: null,
    model: toRecord(identity),
    phase2: { started_at: now, finished_at: null, recipe },
  }));
  const { openEmbedder } = await import('./embedding/open.ts');
  const embedder: Embedder = await openEmbedder({ modelDir: config.modelDir, workers: config.workers });
  try {
    const result = await runPhase2(
      {
        ...stores,
        embedder,
        checkpointPath: stores.layout.checkpointFile,
        runId: index.run?.run_id ?? '',
        makeDurable: stores.makeDurableOne,
        observe,
        fault,
      },
      { batchesPerCheckpoint: config.checkpointInterval, signal },
    );
    await updateRun(index, (run, now) => ({
      ...run,
      finished_at: now,
      phase2: run.phase2 && { ...run.phase2, finished_at: now },
    }));
    return result;
  } finally {
    await embedder.close();
  }
}

/** Changes run.json, which a run that only embeds another tool's chunks may lack. */
async function updateRun(index: WritableIndex, change: (run: RunRecord, now: string) => RunRecord): Promise<void> {
  const now = new Date().toISOString();
  const unknown: RunRecord = {
    schema: 1,
    run_id: randomUUID(),
    started_at: now,
    finished_at: null,
    phase1: { started_at: now, finished_at: null, scan_started_ns: '0', discovered: 0, skipped: {}, chunker: '' },
    phase2: null,
    model: null,
  };
  index.run = change(index.run ?? unknown, now);
  await writeRunFile(index.stores.layout.runFile, index.run);
}

function toRecord(identity: ModelIdentity): NonNullable<RunRecord['model']> {
  return {
    model_id: identity.modelId,
    dimension: identity.dimension,
    pooling: identity.pooling,
    normalized: identity.normalized,
    tokenizer_sha256: identity.tokenizerSha256,
  };
}

function refuseOtherModel(run: RunRecord | null, identity: ModelIdentity): void {
  const stored = run?.model;
  if (!stored || JSON.stringify(stored) === JSON.stringify(toRecord(identity))) return;
  throw new IndexerError(
    'MODEL_CHANGED',
    `the vectors of this index were made by ${stored.model_id} (${stored.dimension} dimensions); ${identity.modelId} cannot be mixed in`,
    { hint: 'use the model the index was made with, or build another index with --index-dir' },
  );
}

async function countChunks(stores: WritableStores): Promise<RunReport['chunks']> {
  const count = (status: string) => stores.chunks.table.count(`embedding_status = '${status}'`);
  const [pending, complete, error] = [await count('pending'), await count('complete'), await count('error')];
  return { total: await stores.chunks.table.count(), pending, complete, error };
}

async function report(
  index: WritableIndex,
  phase1: (Phase1Result & { seconds: number }) | null,
  phase2: (Phase2Result & { seconds: number }) | null,
): Promise<RunReport> {
  const { stores, run } = index;
  const chunks = await countChunks(stores);
  const phase1Finished = run?.phase1.finished_at != null && (phase1 !== null || stores.distrusted.size === 0);
  // Reconcile matched the ids one to one at the start and every write since kept them so; the counts must agree too.
  const matched = chunks.complete === chunks.total && (await stores.vectors.count()) === chunks.total;
  const noFiles = { discovered: 0, added: 0, changed: 0, removed: 0, unchanged: 0, parsed: 0, skipped: {}, failed: [] };
  const worked1 = phase1 !== null && phase1.added + phase1.changed + phase1.removed > 0;
  return {
    phases: [...(worked1 ? [1 as const] : []), ...(phase2 ? [2 as const] : [])],
    files: phase1 ? pickFiles(phase1) : noFiles,
    phase1: phase1 && { seconds: phase1.seconds, chunks: phase1.chunks, bytes: phase1.bytes },
    phase2,
    chunks,
    complete: phase1Finished && matched,
  };
}

function pickFiles(result: Phase1Result): RunReport['files'] {
  const { discovered, added, changed, removed, unchanged, parsed, skipped, failed } = result;
  return { discovered, added, changed, removed, unchanged, parsed, skipped, failed };
}
