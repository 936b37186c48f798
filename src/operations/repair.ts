// Repair takes away what is damaged, so that the next run makes it again: vectors go and their chunks are pending, chunks
// go and their files are parsed again, files that cannot be trusted go to `quarantine/`. It makes nothing up, and it
// says each thing it does. Under the lock; every commit is fenced; may be killed and run again.
import { rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Observer } from '../core/events.ts';
import { makeDirectory } from '../store/files/atomic-file.ts';
import { giveToOwner } from '../store/files/give-to-owner.ts';
import { keepDamaged } from '../store/files/json-file.ts';
import { openDurability } from '../store/lance/durability.ts';
import { checkFiles, readManifests } from '../store/lance/manifest.ts';
import { removeChecksum } from '../store/lance/manifest-checksum.ts';
import type { Layout } from '../store/layout.ts';
import { openLedger } from '../store/ledger.ts';
import { acquireLock, type Wait, waiting } from '../store/lock/lock.ts';
import { readRunFile, writeRunFile } from '../store/run-file.ts';
import { dropDamagedRows } from '../verify/drop-rows.ts';
import { examine, locate, type VerifyPlace, type VerifyReport } from '../verify/examine.ts';
import { CHUNK_DAMAGE, FILE_DAMAGE, type Findings, STRUCTURE_DAMAGE } from '../verify/findings.ts';
import { openReader, UnreadableTable } from '../verify/read-table.ts';
import { type CutSettings, cutFiles } from './cut-files.ts';

export interface RepairAction {
  /** What was done, as a sentence's rest: `vectors deleted; their chunks are pending`. */
  readonly action: string;
  readonly count: number;
  /** Five at most. */
  readonly examples: readonly string[];
}

export interface RepairReport {
  readonly schema: 1;
  readonly before: VerifyReport;
  /** In the order done; empty if there was no damage. */
  readonly actions: readonly RepairAction[];
  /** The same index read again; `before` itself if nothing was done. */
  readonly after: VerifyReport;
}

/**
 * Proves the index in full under the lock, takes away what is damaged and proves it again. The next `index` makes good
 * what was taken. Errors: those of `verifyIndex`, NOT_WRITABLE, LOCK_LOST.
 */
export async function repairIndex(
  place: VerifyPlace & CutSettings,
  options: { wait?: Wait | undefined; observe?: Observer | undefined } = {},
): Promise<RepairReport> {
  const proof = { cut: cutFiles(place) };
  const layout = await locate(place);
  await makeDirectory(layout.tandemDir);
  const lock = await acquireLock(layout.lockFile, waiting(options.wait, options.observe ?? (() => undefined)));
  try {
    const actions: RepairAction[] = [];
    const note = (action: string, ids: Iterable<string>) => {
      const all = [...ids];
      if (all.length > 0) actions.push({ action, count: all.length, examples: all.slice(0, 5) });
    };
    const first = await examine(place, proof);
    if (first.report.clean) return { schema: 1, before: first.report, actions, after: first.report };

    // Whatever goes, Phase 1 has to look at every file again before the index may be called complete.
    await reopenPhase1(layout, first.findings, note);
    await mendTables(layout, first.findings, lock.assertHeld, note);
    for (const name of TABLES) await removeChecksum(layout[`${name}Table`]);
    const rows = actions.some(({ action }) => action.startsWith('table')) ? await examine(place, proof) : first;
    await dropDamagedRows(layout, rows, lock.assertHeld, note);
    await lock.assertHeld();
    await forgetFiles(layout, rows.findings, rows.pathOf, note);
    await setCheckpointAside(layout, first.findings, rows.findings, note);
    const durability = openDurability('full');
    for (const path of [layout.structureTable, layout.chunksTable, layout.vectorsTable])
      await durability.makeDurable(path).catch(ignoreAbsent);
    return { schema: 1, before: first.report, actions, after: (await examine(place, proof)).report };
  } finally {
    await giveToOwner(layout.indexDir);
    await lock.release();
  }
}

const TABLES = ['structure', 'chunks', 'vectors'] as const;

type Note = (action: string, ids: Iterable<string>) => void;

async function reopenPhase1(layout: Layout, findings: Findings, note: Note): Promise<void> {
  if (findings.has('run-file')) {
    const copy = await keepDamaged(layout.runFile, layout.quarantineDir);
    await rm(layout.runFile);
    note('run.json set aside; every file is checked again', [copy]);
    return;
  }
  const run = await readRunFile(layout.runFile);
  if (run.state !== 'read') return;
  await writeRunFile(layout.runFile, {
    ...run.value,
    finished_at: null,
    phase1: { ...run.value.phase1, finished_at: null },
  });
}

/** A table whose files are damaged goes back to its newest whole version, or out of the way. */
async function mendTables(
  layout: Layout,
  findings: Findings,
  assertLocked: () => Promise<void>,
  note: Note,
): Promise<void> {
  for (const name of TABLES) {
    if (findings.idsOf(name, ...FILE_DAMAGE).size === 0) continue;
    const path = layout[`${name}Table`];
    await assertLocked();
    await makeDirectory(layout.quarantineDir);
    const stamp = Date.now();
    const manifests = await readManifests(path);
    const whole = await newestReadable(path, manifests, layout.quarantineDir, stamp);
    if (whole.version === null) {
      const aside = join(layout.quarantineDir, `${basename(path)}-${stamp}`);
      await rename(path, aside);
      note(`table ${name} set aside; it is built again from the sources`, [aside]);
    } else if (whole.moved.length > 0) {
      note(`table ${name} taken back to version ${whole.version}; later versions are set aside`, whole.moved);
    }
    for (const { name: file, manifest } of manifests) {
      if (manifest !== null || whole.moved.includes(file) || whole.version === null) continue;
      await rename(join(path, '_versions', file), join(layout.quarantineDir, `${basename(path)}-${stamp}-${file}`));
      note(`table ${name}: broken old versions set aside`, [file]);
    }
  }
}

/** Moves manifests aside, newest first, until one is whole, has all its files, and every row of it can be read. */
async function newestReadable(
  path: string,
  manifests: Awaited<ReturnType<typeof readManifests>>,
  quarantineDir: string,
  stamp: number,
): Promise<{ version: number | null; moved: string[] }> {
  const moved: string[] = [];
  for (const { name, manifest } of manifests) {
    const isUsable =
      manifest !== null && manifest.fragments.length > 0 && (await checkFiles(path, manifest)).length === 0;
    if (isUsable && (await canBeRead(path))) return { version: manifest.version, moved };
    await rename(join(path, '_versions', name), join(quarantineDir, `${basename(path)}-${stamp}-${name}`));
    moved.push(name);
  }
  return { version: null, moved };
}

/** Of the newest version that is left: whether the engine can read all its rows. */
async function canBeRead(path: string): Promise<boolean> {
  try {
    const reader = await openReader(path);
    try {
      for await (const rows of reader.scan(reader.columns.map(({ name }) => name))) {
        for (const { name } of reader.columns) rows.column(name).get(rows.numRows - 1);
      }
      return true;
    } finally {
      reader.close();
    }
  } catch (error) {
    if (error instanceof UnreadableTable) return false;
    throw error;
  }
}

/** Files whose chunks and ledger line disagree, or that lost a chunk, are parsed again: their lines go. */
async function forgetFiles(
  layout: Layout,
  findings: Findings,
  pathOf: (chunkId: string) => string | undefined,
  note: Note,
): Promise<void> {
  const paths = findings.idsOf('files.jsonl', 'file-rows', 'file-hash', 'file-not-in-ledger');
  const owners = (ids: Iterable<string>) => {
    for (const id of ids) {
      const path = pathOf(id);
      if (path !== undefined) paths.add(path);
    }
  };
  owners(findings.idsOf('chunks', ...CHUNK_DAMAGE, 'chunk-without-structure'));
  owners(findings.idsOf('structure', ...STRUCTURE_DAMAGE));
  const ledger = await openLedger(layout.ledgerFile);
  const known = [...paths].filter((path) => ledger.files.has(path));
  await ledger.append([], known);
  if (findings.has('ledger-line') && known.length === 0) await ledger.append([], ['']); // so that it is rewritten whole
  await ledger.compact();
  note('files will be parsed again', paths);
  note('damaged lines of the file ledger dropped', findings.idsOf('files.jsonl', 'ledger-line'));
}

async function setCheckpointAside(layout: Layout, before: Findings, after: Findings, note: Note): Promise<void> {
  const codes = ['checkpoint-broken', 'checkpoint-ahead', 'checkpoint-model', 'data-file-hash'] as const;
  if (!before.has(...codes) && !after.has(...codes)) return;
  const copy = await keepDamaged(layout.checkpointFile, layout.quarantineDir);
  await rm(layout.checkpointFile);
  note('checkpoint set aside; the tables say what is done', [copy]);
}

function ignoreAbsent(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
