// Either phase with what it needs from the open index, and the run file that says how far it came.
import { randomUUID } from 'node:crypto';
import type { Phase } from '../core/events.ts';
import { workersWorth } from '../core/workers.ts';
import type { Selection } from '../discover/selection.ts';
import type { Embedder } from '../embedding/embedder.ts';
import { type Phase1Result, parseChangedFiles } from '../phase1-parse/run.ts';
import { toStoredModel } from '../phase2-embed/checkpoint.ts';
import type { Phase2Result } from '../phase2-embed/embed-batches.ts';
import { embedPendingChunks } from '../phase2-embed/pending-chunks.ts';
import { assignBatches } from '../store/assign-batches.ts';
import { compactIfFragmented } from '../store/lance/compact.ts';
import { isExternalChunker } from '../store/mcp-vector-search/chunker-marks.ts';
import { followMove, hasMvsFiles, writeMvsFiles } from '../store/mcp-vector-search/metadata-files.ts';
import type { FileWriterContext } from '../store/replace-files.ts';
import { type RunRecord, writeRunFile } from '../store/run-file.ts';
import type { WritableIndex } from './opened.ts';
import { phase1Inputs } from './phase1-inputs.ts';
import { refreshTextIndex } from './text-index.ts';

/** Runs a phase and tells how long it took; null where it had nothing to do. */
export async function timed<T>(
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

/**
 * Phase 1 over what the configuration selects, or another selection. The run file says that it began before anything is written, and that it finished after everything is durable.
 */
export async function parse(
  index: WritableIndex,
  { signal, force }: { readonly signal?: AbortSignal | undefined; readonly force?: boolean | undefined },
  selection: Selection = index.config,
): Promise<Phase1Result> {
  const { config, stores, observe, fault } = index;
  const inputs = phase1Inputs(config, selection);
  const previous = index.run;
  if (force) tellOfExternalFiles(index);
  const startedAt = new Date().toISOString();
  const writer: FileWriterContext = {
    ...stores,
    chunkerVersion: inputs.chunkerVersion,
    makeDurable: async () => {
      await stores.makeDurable();
      await stores.ledger.makeDurable();
    },
    fault,
  };
  const result = await parseChangedFiles(
    {
      ...inputs,
      writer,
      previousScanNs: previous?.phase1.finished_at ? previous.phase1.scan_started_ns : null,
      workers: config.workers,
      groupRows: index.groupRows,
      force,
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
            unreachable: discovery.failed.map(({ path, reason }) => ({ path, reason })),
            chunker: writer.chunkerVersion,
            selection: {
              include: [...selection.include],
              exclude: [...selection.exclude],
              allow_secrets: selection.allowSecrets,
            },
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
  await refreshTextIndex(index);
  const { added, changed, removed } = result.files;
  if (added + changed + removed > 0 || !(await hasMvsFiles(stores.layout))) {
    await writeMvsFiles(stores.layout, {
      root: config.root,
      files: stores.ledger.files,
      model: toStoredModel(index.model.identity),
    });
  }
  await followMove(stores.layout, config.root);
  return result;
}

/** Other chunks have other ids, so no vector of theirs is kept. */
function tellOfExternalFiles({ stores, observe }: WritableIndex): void {
  const external = [...stores.ledger.files.values()].filter(({ chunker }) => isExternalChunker(chunker)).length;
  if (external === 0) return;
  const message = `the chunks of ${external} files come from mcp-vector-search; --force replaces them, and they are embedded again`;
  observe({ type: 'notice', message });
}

/** Returns null if nothing was pending. */
export async function embed(index: WritableIndex, signal: AbortSignal | undefined): Promise<Phase2Result | null> {
  const { config, stores, observe, fault } = index;
  const { identity, recipe, device } = index.model;
  const { lastBatchId } = await assignBatches(stores.chunks, stores.rowCounts.lastBatchId);
  stores.rowCounts.lastBatchId = lastBatchId;
  const pending = await stores.chunks.countPending();
  if (pending === 0) {
    await updateRun(index, (run, now) => ({ ...run, finished_at: now }));
    await compact(index, 0);
    await refreshTextIndex(index);
    return null;
  }
  signal?.throwIfAborted();
  await stores.chunks.table.ensureScalarIndex('embedding_batch_id');
  const embedder = await openEmbedderFor(index, pending); // before anything is written of a model that may not start
  let result: Phase2Result;
  try {
    await updateRun(index, (run, now) => ({
      ...run,
      finished_at: null,
      model: toStoredModel(identity),
      phase2: { started_at: now, finished_at: null, recipe, device },
    }));
    result = await embedPendingChunks(
      {
        ...stores,
        embedder,
        checkpointPath: stores.layout.checkpointFile,
        runId: index.run?.run_id ?? '',
        newBatchId: () => ++stores.rowCounts.lastBatchId,
        makeDurable: stores.makeDurableOne,
        observe,
        fault,
      },
      { batchesPerCheckpoint: config.checkpointInterval, signal },
    );
  } finally {
    await embedder.close(); // before the tables are compacted: both take much memory
  }
  await updateRun(index, (run, now) => ({
    ...run,
    finished_at: now,
    phase2: run.phase2 && { ...run.phase2, finished_at: now },
  }));
  await compact(index, result.embedded);
  await refreshTextIndex(index); // whose chunks are the same in another version of the table
  return result;
}

/** One more worker takes 0.2 s to load the model, in which it would embed half as many: see docs/decisions/0003. */
const CHUNKS_PER_WORKER = 32;

/** The embedder for so many chunks. */
export async function openEmbedderFor(
  { config, model, stores, observe, openEmbedder }: WritableIndex,
  chunks: number,
): Promise<Embedder> {
  const open = openEmbedder ?? (await import('../embedding/cache/open.ts')).openCachedEmbedder;
  return open({
    model,
    workers: workersWorth(chunks, CHUNKS_PER_WORKER, config.workers),
    cache: config.cache,
    scratchDir: stores.layout.tandemDir,
    onProblem: (message) => observe({ type: 'warning', message }),
  });
}

/** When nothing is pending; what cannot be done is told, and due again next time. */
async function compact({ stores, observe, fault }: WritableIndex, embedded: number): Promise<void> {
  // A run that made most of the index would else leave it at twice its size. Who reads it meanwhile opens it again.
  const keepVersionsMs = embedded * 2 > (await stores.vectors.count()) ? 0 : undefined;
  for (const { table } of [stores.chunks, stores.vectors, stores.structure]) {
    const version = await table.version();
    const makeDurable = async () => {
      fault('compaction.rewritten');
      await stores.makeDurableOne({ table });
      fault('compaction.durable');
    };
    const message = await compactIfFragmented(table, makeDurable, keepVersionsMs);
    if (message !== null) observe({ type: 'notice', message });
    if ((await table.version()) === version) continue;
    fault('compaction.cleaned');
    await stores.makeDurableOne({ table });
  }
}

/** Changes run.json, which a run that only embeds mcp-vector-search's chunks may lack. */
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
