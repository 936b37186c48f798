// The switch between layouts: a few renames around one commit point, written down before the first and repeatable after
// a kill at any of them. Before the commit point a migration is taken back, after it carried forward.
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { IndexerError } from '../core/errors.ts';
import { exists, makeDirectory, syncDirectory, writeFileAtomic } from '../store/files/atomic-file.ts';
import { readJsonFile } from '../store/files/json-file.ts';
import type { Layout } from '../store/layout.ts';
import { readLedger } from '../store/ledger.ts';
import { TAKEN_OVER } from '../store/mcp-vector-search/chunker-marks.ts';
import { writeMvsFiles } from '../store/mcp-vector-search/metadata-files.ts';
import { writeRunFile } from '../store/run-file.ts';
import { removeStaged } from './staging.ts';

const journalSchema = v.object({
  schema: v.literal(1),
  /** `switching` and `rolling-back` are unfinished; `done` is what a rollback needs. */
  state: v.picklist(['switching', 'done', 'rolling-back']),
  /** Names the folder below `backup/` that holds what was moved aside. */
  id: v.string(),
  root: v.string(),
  started_at: v.string(),
  /** Old tables and their backups, with the files of each. */
  tables: v.array(v.object({ from: v.string(), to: v.string(), files: v.array(v.tuple([v.string(), v.number()])) })),
  /** What lay in the way of the new layout, or is rewritten by it; paths relative to the index directory. */
  displaced: v.array(v.string()),
  /** What was not there before and is made for mcp-vector-search; a rollback takes it away again. */
  created: v.optional(v.array(v.string()), []),
  chunks: v.number(),
  vectors: v.number(),
  model: v.object({
    model_id: v.string(),
    dimension: v.number(),
    pooling: v.picklist(['mean', 'cls']),
    normalized: v.boolean(),
    tokenizer_sha256: v.string(),
  }),
});

export type Journal = v.InferOutput<typeof journalSchema>;

type Fault = (name: string) => void;

/** These stand where the new ones will; they move before the commit point. */
const IN_THE_WAY = ['lance', 'tandem/lance', 'tandem/files.jsonl'];
/** These are written anew after it. */
const REWRITTEN = [
  'tandem/project.json',
  'tandem/run.json',
  'tandem/checkpoint.json',
  'schema_version.json',
  'index_metadata.json',
  'bm25_index.pkl',
];

export async function findDisplaced(layout: Layout): Promise<string[]> {
  const present: string[] = [];
  for (const name of [...IN_THE_WAY, ...REWRITTEN]) if (await exists(join(layout.indexDir, name))) present.push(name);
  return present;
}

export async function findCreated(layout: Layout): Promise<string[]> {
  return (await exists(layout.mvsConfigFile)) ? [] : [basename(layout.mvsConfigFile)];
}

/** Null if there is none. Errors: INDEX_DAMAGED if it cannot be understood, for then nobody knows what to do. */
export async function readJournal(layout: Layout): Promise<Journal | null> {
  const file = await readJsonFile(layout.journalFile, journalSchema);
  if (file.state === 'absent') return null;
  if (file.state === 'read') return file.value;
  throw new IndexerError('INDEX_DAMAGED', `the journal ${layout.journalFile} cannot be read: ${file.reason}`, {
    hint: 'nothing was changed; restore it from a copy, or move it away if tables and backups are where they should be',
  });
}

export async function writeJournal(layout: Layout, journal: Journal): Promise<void> {
  await makeDirectory(layout.backupDir);
  await syncDirectory(layout.tandemDir);
  await writeFileAtomic(layout.journalFile, `${JSON.stringify(journal)}\n`);
}

/** Makes the staged tables the index. What was staged has been verified and flushed before. */
export async function switchOver(layout: Layout, journal: Journal, fault: Fault): Promise<void> {
  const { indexDir } = layout;
  for (const name of IN_THE_WAY.filter((each) => journal.displaced.includes(each))) {
    await move(join(indexDir, name), asideOf(layout, journal, name));
  }
  fault('migrate.way-cleared');
  await move(layout.stagedStructureDir, layout.structureDir);
  fault('migrate.structure-switched');
  await move(layout.stagedLedgerFile, layout.ledgerFile);
  fault('migrate.ledger-switched');
  await move(layout.stagedLanceDir, layout.lanceDir); // the commit point
  fault('migrate.switched');
  await finishSwitch(layout, journal, fault);
}

/** What follows the commit point; every step may be repeated. */
async function finishSwitch(layout: Layout, journal: Journal, fault: Fault): Promise<void> {
  for (const { from, to } of journal.tables) {
    await moveOnce(join(layout.indexDir, from), join(layout.indexDir, to));
    fault('migrate.backed-up');
  }
  for (const name of REWRITTEN.filter((each) => journal.displaced.includes(each))) {
    const aside = asideOf(layout, journal, name);
    if (!(await exists(aside))) await moveIfThere(join(layout.indexDir, name), aside);
    fault('migrate.metadata-moved');
  }
  await writeRunFile(layout.runFile, firstRun(journal));
  await writeMvsFiles(layout, { root: journal.root, files: await readLedger(layout.ledgerFile) });
  fault('migrate.metadata-written');
  await writeJournal(layout, { ...journal, state: 'done' });
  fault('migrate.done');
}

/** Phase 1 has not looked at the tree yet, so the index does not count as complete. */
function firstRun({ id, started_at, model }: Journal) {
  const phase1 = {
    started_at,
    finished_at: null,
    scan_started_ns: '0',
    discovered: 0,
    skipped: {},
    chunker: TAKEN_OVER,
  };
  return { schema: 1 as const, run_id: id, started_at, finished_at: null, phase1, phase2: null, model };
}

/** Puts everything where it was before `switchOver`; to be called only while the commit point is not passed. */
export async function takeBack(layout: Layout, journal: Journal): Promise<void> {
  const switched: [string, string][] = [
    [layout.ledgerFile, layout.stagedLedgerFile],
    [layout.structureDir, layout.stagedStructureDir],
  ];
  for (const [name, staged] of switched) {
    const aside = asideOf(layout, journal, name.slice(layout.indexDir.length + 1).replaceAll('\\', '/'));
    // Ours only if its staged form is gone; where an old one was in the way, that lies aside as long as ours is here.
    if (!(await exists(staged)) && (await exists(name))) await move(name, staged);
    await moveIfThere(aside, name);
  }
  await moveIfThere(asideOf(layout, journal, 'lance'), layout.lanceDir);
  await rm(layout.journalFile, { force: true });
  await syncDirectory(layout.backupDir);
  await rm(join(layout.backupDir, journal.id), { recursive: true, force: true });
  await removeStaged(layout);
}

/**
 * Brings a switch that was cut off to its end, or back to its beginning. Under the lock only. Returns what it did, or
 * null if there was nothing to do.
 */
export async function recover(layout: Layout, fault: Fault): Promise<'migrated' | 'taken back' | 'rolled back' | null> {
  const journal = await readJournal(layout);
  if (journal === null || journal.state === 'done') return null;
  if (journal.state === 'rolling-back') {
    await switchBack(layout, journal, fault);
    return 'rolled back';
  }
  if (await exists(layout.stagedLanceDir)) {
    await takeBack(layout, journal);
    return 'taken back';
  }
  await finishSwitch(layout, journal, fault);
  return 'migrated';
}

/** Makes the backup the index again and keeps the two tables aside. Every step may be repeated. */
export async function switchBack(layout: Layout, journal: Journal, fault: Fault): Promise<void> {
  for (const { from, to } of journal.tables) {
    await moveOnce(join(layout.indexDir, to), join(layout.indexDir, from));
    fault('rollback.table-restored');
  }
  for (const name of [...IN_THE_WAY, ...REWRITTEN, ...journal.created]) {
    const place = join(layout.indexDir, name);
    const before = asideOf(layout, journal, name);
    const kept = keptOf(layout, journal, name);
    // What was restored already is not taken for ours.
    const isRestored = journal.displaced.includes(name) && !(await exists(before));
    if (!isRestored && (await exists(place))) await moveOnce(place, kept);
    fault('rollback.moved');
    if (!isRestored) await moveIfThere(before, place);
    fault('rollback.restored');
  }
  await move(layout.journalFile, join(layout.backupDir, journal.id, 'journal.json'));
  fault('rollback.done');
}

/** Where something lies that was there before the migration. */
function asideOf(layout: Layout, { id }: Journal, name: string): string {
  return join(layout.backupDir, id, 'before', name);
}

/** Where the two tables and their files lie after a rollback. */
export function keptOf(layout: Layout, { id }: Journal, name: string): string {
  return join(layout.backupDir, id, 'dual-table', name);
}

async function move(from: string, to: string): Promise<void> {
  await makeDirectory(dirname(to));
  await rename(from, to);
  await syncDirectory(dirname(to));
  await syncDirectory(dirname(from));
}

/** Done before if the target is there. */
async function moveOnce(from: string, to: string): Promise<void> {
  if (!(await exists(to))) await move(from, to);
}

async function moveIfThere(from: string, to: string): Promise<void> {
  if (await exists(from)) await move(from, to);
}
