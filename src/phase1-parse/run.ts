// Phase 1: source files → pending chunks. Knows nothing of models or vectors.
import type { ParsedFile } from '../core/chunk.ts';
import { IndexerError } from '../core/errors.ts';
import type { Observer } from '../core/events.ts';
import { batched } from '../core/iterate.ts';
import type { SourceRules } from '../core/source-rules.ts';
import { workersWorth } from '../core/workers.ts';
import { type Discovery, discover } from '../discover/discover.ts';
import type { Selection } from '../discover/selection.ts';
import type { Language } from '../languages/load.ts';
import { fingerprintOf } from '../languages/own.ts';
import type { FileRowCounts } from '../store/file-row-counts.ts';
import type { FileRecord } from '../store/ledger.ts';
import { ADDED, comparedWith } from '../store/mcp-vector-search/chunker-marks.ts';
import { type FileWriterContext, removeFiles, replaceFiles } from '../store/replace-files.ts';
import type { UnfinishedFile } from '../store/unfinished.ts';
import { type ChangePlan, liesWithin, planChanges } from './changes.ts';
import type { ParseOutcome, ParseRequest } from './pool/types.ts';
import { openParsePool } from './pool/worker-pool.ts';
import { keepWholeFiles, type Replaced, tellReplaced } from './taken-over.ts';

/** What follows from the configuration alone. */
export interface Phase1Settings {
  readonly root: string;
  readonly indexDir: string;
  readonly maxFileBytes: number;
  readonly selection: Selection;
  readonly gitEnv: Readonly<Record<string, string | undefined>>;
  readonly sources?: SourceRules | undefined;
  /** Languages of the user's own. */
  readonly languages?: readonly Language[];
}

export interface Phase1Context extends Phase1Settings {
  readonly writer: FileWriterContext;
  /** When the last finished discovery began, in nanoseconds; null if there was none. */
  readonly previousScanNs: string | null;
  readonly workers: number;
  /**
   * A group closes at this many rows at most, or after five seconds: it is what one commit holds, and what a kill costs.
   */
  readonly groupRows: number;
  /** Parses every file, whatever is known of it. */
  readonly force?: boolean | undefined;
  readonly observe: Observer;
  /** Called once it is known what is there, before anything is written. */
  readonly begin: (discovery: Discovery) => Promise<void>;
}

/** What became of the files of a tree. */
export interface FileCounts {
  readonly discovered: number;
  /** How the files of the root were listed; null where Phase 1 did not run. */
  readonly found_by: 'git' | 'walk' | null;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly unchanged: number;
  /** Files that were run through a parser or the line fallback. */
  readonly parsed: number;
  /** Policy skips by reason; these are no failures. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Files and folders that could not be read or parsed this time, for a reason outside of them; the next run tries again. */
  readonly unfinished: readonly UnfinishedFile[];
}

export interface Phase1Result {
  readonly files: FileCounts;
  /** Chunks of parsed files. */
  readonly chunks: number;
  /** Bytes of parsed files. */
  readonly bytes: number;
}

/** Recorded per file. Raise it with every change to chunking, queries or grammars that changes a chunk. */
const CHUNKER_VERSION = '8';

/** What a file's chunks depend on beside its bytes: a file recorded with another is parsed again. */
export function chunkerVersion({ allowSecrets }: Selection, own: readonly Language[] = []): string {
  const fingerprint = fingerprintOf(own);
  return [CHUNKER_VERSION, allowSecrets ? 'secrets' : '', fingerprint === '' ? '' : `languages:${fingerprint}`]
    .filter((part) => part !== '')
    .join('+');
}

const GROUP_MS = 5_000;
/** Groups begin small, for they take memory, and grow with the table, for every one leaves a fragment of it. */
const FIRST_GROUP_ROWS = 2_048;
const GROUPS_PER_TABLE = 16;

/**
 * Brings the chunk table up to date with the tree: removed files go, changed and new ones are parsed and replaced in
 * groups, in discovery order. Errors: NOTHING_TO_INDEX, before anything is written.
 */
export async function parseChangedFiles(ctx: Phase1Context, signal?: AbortSignal): Promise<Phase1Result> {
  const { ledger, rowCounts } = ctx.writer;
  const discovery = await discover(ctx.root, {
    maxFileBytes: ctx.maxFileBytes,
    indexDir: ctx.indexDir,
    gitEnv: ctx.gitEnv,
    rules: ctx.sources,
    selection: ctx.selection,
    indexed: ledger.files.keys(),
    signal,
  });
  if (discovery.files.length === 0) throw nothingToIndex(ctx.root, discovery);
  for (const message of discovery.notices) ctx.observe({ type: 'notice', message });
  const plan = planChanges(discovery.files, ledger.files, {
    previousScanStartNs: ctx.previousScanNs,
    unreachable: discovery.failed.map((file) => file.path),
    isIntact: ctx.force ? () => false : isIntactIn(rowCounts, ctx.writer.chunkerVersion),
  });
  await ctx.begin(discovery);

  const removed = [...plan.removed, ...unlistedPaths(ctx, discovery)];
  await removeFiles(ctx.writer, removed);
  const tally = await parseAndStore(ctx, plan, signal);
  await ledger.compact();
  const { added, changed, parsed, chunks, bytes } = tally;
  const files: FileCounts = {
    discovered: discovery.files.length,
    found_by: discovery.method,
    added,
    changed,
    removed: removed.length + tally.vanished,
    unchanged: plan.unchanged.length + tally.touched,
    parsed,
    ...leftOut(ctx, discovery),
  };
  return { files, chunks, bytes };
}

/** Whether a file's record says what the table holds, made as this version would make it. */
export function isIntactIn(rowCounts: FileRowCounts, chunker: string): (path: string, known: FileRecord) => boolean {
  return (path, known) =>
    [chunker, comparedWith(chunker, known.chunker), ADDED].includes(known.chunker) &&
    rowCounts.holds(path, known.sha256, known.chunkCount);
}

/** Paths with rows but without a ledger record whose file is gone: a lost ledger, or mcp-vector-search's rows. */
function unlistedPaths(ctx: Phase1Context, discovery: Discovery): string[] {
  const present = new Set(discovery.files.map((file) => file.path));
  const unreachable = new Set(discovery.failed.map((file) => file.path));
  return [...ctx.writer.rowCounts.paths()].filter(
    (path) => !present.has(path) && !ctx.writer.ledger.files.has(path) && !liesWithin(path, unreachable),
  );
}

interface Tally {
  added: number;
  changed: number;
  touched: number;
  vanished: number;
  parsed: number;
  chunks: number;
  bytes: number;
  readonly replaced: Replaced;
}

/** Source that one thread parses in about the time that it and a second would need: see docs/decisions/0008. */
const BYTES_PER_WORKER = 1024 * 1024;

async function parseAndStore(ctx: Phase1Context, plan: ChangePlan, signal: AbortSignal | undefined): Promise<Tally> {
  const replaced: Replaced = { incomplete: [], leftOut: [] };
  const tally: Tally = { added: 0, changed: 0, touched: 0, vanished: 0, parsed: 0, chunks: 0, bytes: 0, replaced };
  const total = plan.toRead.length;
  ctx.observe({ type: 'phase-started', phase: 1, total, unit: 'files' });
  if (total === 0) return tally;
  const requests = plan.toRead.map(({ path, stamp, knownSha256 }) => ({ path, knownSha256, size: stamp.size }));
  const bytes = requests.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const parse = async (requests: readonly ParseRequest[], workers: number, isLast: boolean) => {
    const again: ParseRequest[] = [];
    const pool = openParsePool({
      root: ctx.root,
      workers,
      maxFileBytes: ctx.maxFileBytes,
      allowSecrets: ctx.selection.allowSecrets,
      languages: ctx.languages,
    });
    try {
      for await (const group of batched(
        untilAborted(pool.outcomes(requests, signal), signal),
        groupIsFull(ctx.groupRows),
      )) {
        const ended = isLast ? group : group.filter((outcome) => !isUnfinished(outcome));
        if (!isLast) again.push(...group.filter(isUnfinished).map(({ file }) => requestOf.get(file.path)!));
        await store(ctx, ended, tally);
        done += ended.length;
        ctx.observe({ type: 'progress', phase: 1, done, total });
      }
      signal?.throwIfAborted();
    } finally {
      await pool.close();
    }
    return again;
  };
  const requestOf = new Map(requests.map((request) => [request.path, request]));
  const again = await parse(requests, workersWorth(bytes, BYTES_PER_WORKER, ctx.workers), false);
  // With all other files done and one worker there may be the memory, or the file handle, that was missing.
  if (again.length > 0) await parse(again, 1, true);
  tellReplaced(replaced, ctx.observe);
  return tally;
}

/** Ends at an abort instead of throwing, so that the files parsed so far are stored. */
async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  try {
    yield* source;
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

function isUnfinished(outcome: ParseOutcome): outcome is ParseOutcome & { kind: 'parsed' } {
  return outcome.kind === 'parsed' && outcome.file.status === 'unfinished';
}

async function store(ctx: Phase1Context, group: readonly ParseOutcome[], tally: Tally): Promise<void> {
  const parsed = group.flatMap((outcome) => (outcome.kind === 'parsed' ? [outcome.file] : []));
  const files = ctx.force ? parsed : await keepWholeFiles(ctx.writer, parsed, tally.replaced);
  tally.touched += parsed.length - files.length;
  count(tally, files, ctx.writer);
  if (files.length > 0) await replaceFiles(ctx.writer, files);
  const touched = touchedRecords(ctx, group);
  await ctx.writer.ledger.append(touched, []);
  tally.touched += touched.length;
  const vanished = group.flatMap((outcome) => (outcome.kind === 'vanished' ? [outcome.path] : []));
  if (vanished.length > 0) await removeFiles(ctx.writer, vanished);
  tally.vanished += vanished.length;
}

function groupIsFull(mostRows: number): (group: readonly ParseOutcome[]) => boolean {
  let rows = 0;
  let rowsBefore = 0;
  let startedAt = 0;
  return (group) => {
    if (group.length === 1) {
      rowsBefore += rows;
      rows = 0;
      startedAt = performance.now();
    }
    const last = group.at(-1)!;
    if (last.kind === 'parsed') rows += last.file.chunks.length;
    const wanted = Math.max(FIRST_GROUP_ROWS, rowsBefore / GROUPS_PER_TABLE);
    return rows >= Math.min(mostRows, wanted) || performance.now() - startedAt >= GROUP_MS;
  };
}

/** Files whose content is what it was, though their stamp is new. */
function touchedRecords(ctx: Phase1Context, group: readonly ParseOutcome[]): FileRecord[] {
  return group.flatMap((outcome) => {
    const record = outcome.kind === 'unchanged' ? ctx.writer.ledger.files.get(outcome.path) : undefined;
    return record && outcome.kind === 'unchanged' ? [{ ...record, stamp: outcome.stamp }] : [];
  });
}

/** To be called before the files are stored. Rows of another state, in a migrated index too, make a file a changed one. */
function count(tally: Tally, files: readonly ParsedFile[], { ledger, rowCounts }: Phase1Context['writer']): void {
  for (const file of files) {
    if (file.status === 'unfinished') continue;
    const hasOtherRows = !rowCounts.holds(file.path, file.sha256, rowCounts.rowsOf(file.path));
    if (ledger.files.has(file.path) || hasOtherRows) tally.changed++;
    else tally.added++;
    if (file.status === 'skipped') continue;
    tally.parsed++;
    tally.chunks += file.chunks.length;
    tally.bytes += file.stamp.size;
  }
}

/** Files without chunks: by policy, before or after they were read, or because they could not be read or parsed. */
function leftOut(ctx: Phase1Context, discovery: Discovery): Pick<FileCounts, 'skipped' | 'unfinished'> {
  const skipped: Record<string, number> = {};
  const unfinished = [...discovery.failed];
  for (const { reason } of discovery.skipped) skipped[reason] = (skipped[reason] ?? 0) + 1;
  for (const { path, status, reason } of ctx.writer.ledger.files.values()) {
    if (status === 'skipped') skipped[reason] = (skipped[reason] ?? 0) + 1;
    if (status === 'unfinished') unfinished.push({ path, reason });
  }
  return { skipped, unfinished };
}

export function nothingToIndex(root: string, discovery: Discovery): IndexerError {
  const skipped = discovery.skipped.length > 0 ? ` (${discovery.skipped.length} skipped by policy)` : '';
  return new IndexerError('NOTHING_TO_INDEX', `no file to index in ${root}${skipped}`, {
    hint: discovery.hiddenBy ? `the reason: ${discovery.hiddenBy}` : 'nothing was written; check the path',
  });
}
