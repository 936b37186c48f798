// The independent proof of an index: everything is read anew, by code that shares nothing with what wrote it but the
// columns, the paths and the form of the small files. Reads only; docs/decisions/0006-verify.md says what is proven.
import { IndexerError } from '../core/errors.ts';
import { describeModel } from '../embedding/model/recipe.ts';
import { exists } from '../store/files/atomic-file.ts';
import { type Layout, layoutOf } from '../store/layout.ts';
import { isExternalChunker, TAKEN_OVER } from '../store/mcp-vector-search/chunker-marks.ts';
import { detectLayout, hasLostChunks, noIndex } from '../store/open-for-reading.ts';
import { refuseOtherProject } from '../store/project.ts';
import { compareWith } from './against.ts';
import { checkCheckpoint, checkLedger, checkRunFile, readCheckpointFile, readLedgerLines } from './check-files.ts';
import { isOwnBatch, readChunks, readStructure } from './check-rows.ts';
import { checkListedFiles, openChecked, readable } from './check-tables.ts';
import { checkClaims, readVectors } from './check-vectors.ts';
import { type CutFiles, checkWholeFiles } from './check-whole.ts';
import { type Facts, noFacts } from './facts.ts';
import { collectFindings, type Finding, type Findings } from './findings.ts';
import type { OpenTable } from './read-table.ts';

export interface VerifyPlace {
  readonly root: string;
  readonly indexDir: string;
  readonly modelDir: string;
}

export interface VerifyOptions {
  /** `quick` reads ids, statuses and the files' sizes; `full` (the default) also contents, vectors and hashes. */
  readonly depth?: 'quick' | 'full' | undefined;
  /** Another index directory that has to hold the same rows and the same vectors. */
  readonly against?: string | undefined;
}

export interface ExamineOptions extends VerifyOptions {
  /** Without it files of mcp-vector-search are not checked for rows that are gone. */
  readonly cut?: CutFiles | undefined;
}

/** The object of `verify --json`; additive changes only. */
export interface VerifyReport {
  readonly schema: 1;
  readonly index_dir: string;
  readonly depth: 'quick' | 'full';
  /** True if no finding is damage. */
  readonly clean: boolean;
  /** True if every file was parsed and every chunk has its vector. */
  readonly complete: boolean;
  readonly files: number;
  readonly chunks: { readonly total: number; readonly by_status: Readonly<Record<string, number>> };
  readonly vectors: number;
  readonly findings: readonly Finding[];
}

/** A report, and what repair needs to know beyond it. */
export interface Verified {
  readonly report: VerifyReport;
  readonly findings: Findings;
  /** The file of each chunk that was read. */
  readonly pathOf: (chunkId: string) => string | undefined;
}

/** The checks themselves; the caller sees to it that nobody writes meanwhile. Errors: NO_INDEX, MIGRATION_NEEDED, FORMAT_TOO_NEW. */
export async function examine(place: VerifyPlace, asked: ExamineOptions): Promise<Verified> {
  const depth = asked.depth ?? 'full';
  const full = depth === 'full';
  const layout = await locate(place);
  const { identity } = await describeModel(place.modelDir);
  const findings = collectFindings();

  const run = await checkRunFile(layout.runFile, findings);
  const phase1Finished = run?.phase1.finished_at != null;
  const modelId = run?.model?.model_id ?? identity.modelId;
  const dimension = run?.model?.dimension ?? identity.dimension;
  const tables = await openTables(layout, findings, { dimension, isOurs: run !== null });
  try {
    // Where that is so, what lies beside the tables speaks of others, which were there before.
    const isExternal = (await readable('chunks', findings, () => areExternal(layout, tables))) === true;
    if (isExternal) findings.add('another-program', 'chunks', layout.lanceDir);
    else {
      const checkpoint = await readCheckpointFile(layout.checkpointFile, findings);
      if (checkpoint !== null) checkCheckpoint(checkpoint, tables, modelId, findings);
      if (checkpoint !== null && tables.vectors) await checkListedFiles(tables.vectors, checkpoint, findings, full);
    }

    const ledger = await readLedgerLines(layout.ledgerFile, findings);
    const isExternalFile = (path: string) => isExternalChunker(ledger.get(path)?.chunker ?? TAKEN_OVER);
    const isOurs = (path: string) => !isExternalFile(path);
    const facts = noFacts();
    const wasTakenOver = (path: string, hash: string | null) => {
      const record = ledger.get(path);
      return record !== undefined && isExternalFile(path) && record.sha256 === hash;
    };
    const options = { full, isOurs, wasTakenOver };
    const hasStructure = await pass('structure', isExternal ? null : tables.structure, findings, async (table) => {
      await readStructure(table, facts, findings, options);
      return true;
    });
    const chunks = await pass('chunks', tables.chunks, findings, (table) =>
      readChunks(table, facts, findings, { ...options, hasStructure: hasStructure !== null }),
    );
    const has = { hasChunks: chunks !== null, hasStructure: hasStructure !== null };
    const vectors = await pass('vectors', tables.vectors, findings, (table) =>
      readVectors(table, facts, findings, { full, modelId, ...has }),
    );
    if (chunks !== null && vectors !== null) checkClaims(facts, findings);
    if (chunks !== null && !isExternal) checkLedger(ledger, chunks.files, findings, facts.rewritten);
    if (chunks !== null && full && asked.cut !== undefined) {
      const { cut } = asked;
      await pass('chunks', tables.chunks, findings, (table) =>
        checkWholeFiles(table, chunks.files, ledger, cut, findings),
      );
    }
    if (asked.against !== undefined) await compareWith(layout, layoutOf(asked.against), findings);

    const list = findings.list(phase1Finished && !isExternal);
    const total = chunks?.total ?? 0;
    const allComplete = chunks !== null && (chunks.statuses.get('complete') ?? 0) === total;
    const report: VerifyReport = {
      schema: 1,
      index_dir: place.indexDir,
      depth,
      clean: list.every(({ severity }) => severity !== 'damage'),
      complete: phase1Finished && list.length === 0 && allComplete,
      files: isExternal ? (chunks?.files.size ?? 0) : ledger.size,
      chunks: { total, by_status: Object.fromEntries(chunks?.statuses ?? []) },
      vectors: vectors ?? 0,
      findings: list,
    };
    return { report, findings, pathOf: (id) => pathOf(facts, id) };
  } finally {
    for (const table of Object.values(tables)) table?.reader.close();
  }
}

/**
 * Whether mcp-vector-search made these tables, be it in the place of ours: its vectors lack our columns, or there are none
 * and no chunk of ours is waiting for one.
 */
async function areExternal({ vectorsTable }: Layout, { chunks, vectors }: Tables): Promise<boolean> {
  if (vectors !== null) return !vectors.reader.columns.some(({ name }) => name === 'tandem_recipe');
  if (chunks === null || (await exists(vectorsTable))) return false;
  let hasRows = false;
  for await (const rows of chunks.reader.scan(['embedding_status', 'embedding_batch_id'])) {
    const [statuses, batches] = [rows.column('embedding_status'), rows.integers('embedding_batch_id')];
    for (const [row, batch] of batches.entries()) {
      if (statuses.get(row) === 'complete' || isOwnBatch(batch)) return false;
      hasRows = true;
    }
  }
  return hasRows;
}

interface Tables {
  readonly chunks: OpenTable | null;
  readonly vectors: OpenTable | null;
  readonly structure: OpenTable | null;
}

async function openTables(
  layout: Layout,
  findings: Findings,
  { dimension, isOurs }: { dimension: number; isOurs: boolean },
): Promise<Tables> {
  const open = (name: 'chunks' | 'vectors' | 'structure', path: string, mayBeAbsent: boolean) =>
    openChecked(name, path, findings, { dimension, mayBeAbsent });
  return {
    chunks: await open('chunks', layout.chunksTable, false),
    vectors: await open('vectors', layout.vectorsTable, false),
    // An index that only mcp-vector-search wrote has none yet.
    structure: await open('structure', layout.structureTable, !isOurs),
  };
}

/** Null if there is no such table, or none that can be read. */
async function pass<T>(
  name: 'chunks' | 'vectors' | 'structure',
  table: OpenTable | null,
  findings: Findings,
  read: (table: OpenTable) => Promise<T>,
): Promise<T | null> {
  return table === null ? null : readable(name, findings, () => read(table));
}

function pathOf({ ids, chunks, structure }: Facts, chunkId: string): string | undefined {
  const id = ids.find(chunkId);
  return id === undefined ? undefined : (chunks.path[id] ?? structure.path[id]);
}

/** The paths of an index that can be verified. */
export async function locate({ root, indexDir }: VerifyPlace): Promise<Layout> {
  const found = await detectLayout(indexDir);
  const layout = layoutOf(indexDir);
  // A chunks table that vanished is a finding as long as anything else of the index is there.
  if (found === 'none' && !(await hasLostChunks(layout))) throw noIndex({ root, indexDir });
  if (found === 'code_search') {
    throw new IndexerError('MIGRATION_NEEDED', `${indexDir} holds an index in the old single-table layout`, {
      hint: 'only an index in the new layout can be verified; nothing was changed',
    });
  }
  await refuseOtherProject(layout, root);
  return layout;
}
