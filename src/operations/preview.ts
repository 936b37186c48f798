// What `index` would do to which files, found out without the lock and without writing anything. Files that may have
// changed are read and hashed, as a run would, but not parsed.
import { realpathSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import { IndexerError } from '../core/errors.ts';
import type { Discovery } from '../discover/discover.ts';
import { planChanges } from '../phase1-parse/changes.ts';
import type { Inspected } from '../phase1-parse/inspect.ts';
import { isIntactIn, nothingToIndex } from '../phase1-parse/run.ts';
import { discoverFiles, inspectorOf, phase1Inputs } from '../run/phase1-inputs.ts';
import { type FileRowCounts, noFileRows } from '../store/file-row-counts.ts';
import { readSteadily } from '../store/lance/read-steadily.ts';
import { layoutOf } from '../store/layout.ts';
import { type FileRecord, readLedger } from '../store/ledger.ts';
import { detectLayout, openForReading } from '../store/open-for-reading.ts';
import { readRunFile } from '../store/run-file.ts';

/** The object of `index --dry-run --json`; additive changes only. Paths in the order of their bytes. */
export interface Preview {
  readonly schema: 1;
  readonly root: string;
  readonly found_by: Discovery['method'];
  readonly notices: readonly string[];
  /** Files that the index would hold: added, changed and unchanged ones. */
  readonly would_index: number;
  readonly files: {
    readonly added: number;
    readonly changed: number;
    readonly unchanged: number;
    readonly removed: number;
  };
  readonly skipped: Readonly<Record<string, number>>;
  readonly list: {
    readonly added: readonly string[];
    readonly changed: readonly string[];
    readonly unchanged: readonly string[];
    readonly removed: readonly string[];
    readonly skipped: readonly { readonly path: string; readonly reason: string; readonly rule: string | null }[];
  };
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

/** Errors: NOTHING_TO_INDEX, MIGRATION_NEEDED, INDEX_DAMAGED, those of a path that is no folder, and the signal's reason. */
export async function previewIndex(
  config: Config,
  { force = false, signal }: { readonly force?: boolean | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<Preview> {
  const remembered = await remember(config);
  const inputs = phase1Inputs(config);
  const discovery = await discoverFiles(inputs, { signal, indexed: remembered.files.keys() });
  if (discovery.files.length === 0) throw nothingToIndex(config.root, discovery);
  const { files, rowCounts } = remembered;
  const plan = planChanges(discovery.files, files, {
    previousScanStartNs: remembered.previousScanNs,
    unreachable: discovery.failed.map(({ path }) => path),
    isIntact: force ? () => false : isIntactIn(rowCounts, inputs.chunkerVersion),
  });

  const list = { added: [] as string[], changed: [] as string[], unchanged: [] as string[] };
  const skipped = discovery.skipped.map(({ path, reason, rule = null }) => ({ path, reason, rule }));
  const failed = [...discovery.failed];
  const removed = [...plan.removed];
  for (const path of plan.unchanged) {
    const { status, reason } = files.get(path)!;
    if (status === 'skipped') skipped.push({ path, reason, rule: null });
    else list.unchanged.push(path);
  }
  const inspect = inspectorOf(realpathSync.native(config.root), inputs);
  for (const { path, knownSha256 } of plan.toRead) {
    signal?.throwIfAborted();
    const found = inspect(path);
    if (found.kind === 'failed') failed.push({ path, reason: found.reason });
    else if (found.kind === 'left out') skipped.push({ path, reason: found.reason, rule: null });
    else if (found.kind === 'taken') list[changeOf(found, path, knownSha256, remembered)].push(path);
    else if (files.has(path)) removed.push(path);
  }
  const counts: Record<string, number> = {};
  for (const { reason } of skipped) counts[reason] = (counts[reason] ?? 0) + 1;
  const { added, changed, unchanged } = list;
  return {
    schema: 1,
    root: config.root,
    found_by: discovery.method,
    notices: discovery.notices,
    would_index: added.length + changed.length + unchanged.length,
    files: { added: added.length, changed: changed.length, unchanged: unchanged.length, removed: removed.length },
    skipped: counts,
    list: {
      added,
      changed,
      unchanged: unchanged.sort(byBytes),
      removed: removed.sort(byBytes),
      skipped: skipped.sort((a, b) => byBytes(a.path, b.path)),
    },
    failed,
  };
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

interface Remembered {
  readonly files: ReadonlyMap<string, FileRecord>;
  readonly rowCounts: FileRowCounts;
  readonly previousScanNs: string | null;
}

function changeOf(
  { sha256 }: Inspected & { kind: 'taken' },
  path: string,
  knownSha256: string | null,
  { files, rowCounts }: Remembered,
): 'added' | 'changed' | 'unchanged' {
  if (sha256 === knownSha256) return 'unchanged';
  if (files.has(path)) return 'changed';
  // mcp-vector-search's rows of this very content are taken over where we know of no file yet.
  if (files.size === 0 && rowCounts.rowsOf(path) > 0) {
    return rowCounts.holds(path, sha256, rowCounts.rowsOf(path)) ? 'unchanged' : 'changed';
  }
  return 'added';
}

async function remember(config: Config): Promise<Remembered> {
  const layout = layoutOf(config.indexDir);
  const found = await detectLayout(config.indexDir);
  if (found === 'none') return { files: new Map(), rowCounts: noFileRows(), previousScanNs: null };
  if (found === 'code_search') {
    throw new IndexerError('MIGRATION_NEEDED', `${layout.indexDir} holds an index in an old layout`, {
      hint: '`tandem index` would convert it first; `tandem migrate --to-dual-table --dry-run` says how',
    });
  }
  await using stores = await openForReading(config);
  const { table } = stores.chunks;
  const count = async () => {
    const rowCounts = noFileRows();
    for await (const rows of table.scan({ columns: ['file_path', 'file_hash'] })) {
      const hashes = rows.strings('file_hash');
      for (const [index, path] of rows.strings('file_path').entries()) rowCounts.count(path ?? '', hashes[index] ?? '');
    }
    return rowCounts;
  };
  const run = await readRunFile(layout.runFile);
  const phase1 = run.state === 'read' ? run.value.phase1 : null;
  return {
    files: await readLedger(layout.ledgerFile),
    rowCounts: await readSteadily([table], count),
    previousScanNs: phase1?.finished_at ? phase1.scan_started_ns : null,
  };
}
