// Everything that can be known, and refused, before anything is written. Reads only.
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { IndexerError } from '../core/errors.ts';
import { exists } from '../store/files/atomic-file.ts';
import { type Layout, layoutOf } from '../store/layout.ts';
import { refuseOtherModel, type StoredModel } from '../store/stored-model.ts';
import { damaged, findOldTables, namesOf, type OldSettings, type OldTables, readOldSettings } from './detect.ts';
import { type JudgedFile, judgeFiles, type OldFile } from './file-states.ts';
import { findOldRoot } from './old-root.ts';
import type { OldSource } from './old-source.ts';
import { openOldSource, pathOf } from './open-old-source.ts';

export interface MigrationTarget {
  readonly root: string;
  readonly indexDir: string;
  /** The model that new vectors will come from; the old ones have to be of the same. */
  readonly model: StoredModel;
}

export interface MigrationPlan {
  readonly layout: Layout;
  readonly old: OldTables;
  readonly settings: OldSettings;
  /** Rows of the old table, doubled ones included. */
  readonly rows: number;
  /** Ids that stand in more than one row, with how many rows; the last one counts. */
  readonly doubled: ReadonlyMap<string, number>;
  /** Every id once, with its position among them; those of rows that are left out, too. */
  readonly ids: ReadonlyMap<string, number>;
  /** By position, the path that the old table uses; the last row of a doubled id counts. */
  readonly pathOfId: readonly string[];
  /** Chunks that the new tables will hold. */
  readonly chunks: number;
  /** Paths of the old table that cannot lie below the root: their rows are left out. */
  readonly outside: ReadonlySet<string>;
  /** Rows with a vector, as far as can be told without reading them all. */
  readonly vectors: number;
  /** By the path that the old table uses. */
  readonly files: ReadonlyMap<string, JudgedFile>;
  readonly oldRoot: string;
  /** The name of the model that made the old vectors, for `model_version`. */
  readonly modelName: string;
  readonly oldVersion: string;
  readonly bytes: { readonly old: number; readonly needed: number; readonly free: number };
  readonly warnings: readonly string[];
}

/** Beside twice the old tables; manifests, journal and structure rows of a small index fit well into it. */
const SPARE_BYTES = 16 * 1024 * 1024;

/**
 * Null if there is no old table. Errors: INDEX_DAMAGED (half a table, missing columns, rows without id or path),
 * MODEL_CHANGED (another model or dimension), MIGRATION_REFUSED (a backup in the way, a project that moved out of
 * reach), DISK_FULL (before anything is written).
 */
export async function planMigration(target: MigrationTarget): Promise<MigrationPlan | null> {
  const layout = layoutOf(target.indexDir);
  const old = await findOldTables(layout);
  if (old === null) return null;
  for (const name of namesOf(old)) await refuseBackupInTheWay(layout, backupNameOf(name));
  const { source, dimension } = await openOldSource(layout, old);
  using opened = source;
  const settings = await readOldSettings(layout);
  const { modelName, warning } = await agreeOnModel(opened, dimension, settings, target.model);
  const facts = await collectFacts(opened, pathOf(layout, old));
  const { oldRoot, relocate } = await findOldRoot([...facts.files.keys()], target.root, settings);
  const { files, outside } = await judgeAll(facts, relocate, target.root, settings);
  const chunks = facts.pathOfId.reduce((sum, path) => sum + (outside.has(path) ? 0 : 1), 0);
  const vectors = Math.min(chunks, await opened.countVectors());
  const bytes = await measureSpace(layout, old);
  if (bytes.needed > bytes.free) {
    throw new IndexerError(
      'DISK_FULL',
      `the migration needs ${megabytes(bytes.needed)} in ${layout.indexDir}, ${megabytes(bytes.free)} are free`,
      { hint: 'nothing was changed; free some space and run this again' },
    );
  }
  const { rows, doubled, ids, pathOfId } = facts;
  const oldVersion = settings.version ?? '';
  const warnings = warning === null ? [] : [warning];
  const counted = { rows, doubled, ids, pathOfId, chunks, vectors };
  return { layout, old, settings, ...counted, files, outside, oldRoot, modelName, oldVersion, bytes, warnings };
}

/** `code_search.lance` → `code_search.backup`. */
export function backupNameOf(table: string): string {
  return table.replace(/\.lance$/, '.backup');
}

async function refuseBackupInTheWay(layout: Layout, name: string): Promise<void> {
  if (!(await exists(join(layout.indexDir, name)))) return;
  throw new IndexerError('MIGRATION_REFUSED', `there is a backup already: ${join(layout.indexDir, name)}`, {
    hint: 'nothing was changed; it holds an earlier index. Move it elsewhere or remove it, then run this again',
  });
}

async function agreeOnModel(
  source: OldSource,
  dimension: number | null,
  settings: OldSettings,
  model: StoredModel,
): Promise<{ modelName: string; warning: string | null }> {
  const signed = await source.models();
  const names = signed.length > 0 ? signed : settings.model === null ? [] : [settings.model];
  refuseOtherModel({ dimension, names }, model, {
    subject: 'the old index was made with',
    hint: 'nothing was changed; index into another directory with --index-dir',
  });
  if (names[0] !== undefined) return { modelName: names[0], warning: null };
  const warning = `nothing says which model made the old vectors; with ${model.dimension} dimensions they are taken for ${model.model_id}`;
  return { modelName: model.model_id, warning };
}

interface Facts {
  rows: number;
  readonly ids: Map<string, number>;
  readonly doubled: Map<string, number>;
  readonly pathOfId: string[];
  readonly files: Map<string, { rows: number; hash: string; isSound: boolean }>;
}

async function collectFacts(source: OldSource, path: string): Promise<Facts> {
  const facts: Facts = { rows: 0, ids: new Map(), doubled: new Map(), pathOfId: [], files: new Map() };
  for await (const batch of source.facts()) {
    for (const [row, id] of batch.id.entries()) {
      const [file, fileHash] = [batch.path[row]!, batch.fileHash[row]!];
      facts.rows++;
      if (id === '') throw damaged(path, `row ${facts.rows} has no id`);
      if (file === '') throw damaged(path, `row ${facts.rows} (${id}) names no file`);
      const isDoubled = facts.ids.has(id);
      if (isDoubled) facts.doubled.set(id, (facts.doubled.get(id) ?? 1) + 1);
      else facts.ids.set(id, facts.ids.size);
      const known = facts.files.get(file);
      const isSound = batch.isSound[row]! && !isDoubled;
      if (known === undefined) facts.files.set(file, { rows: 1, hash: fileHash, isSound });
      else {
        if (!isDoubled) known.rows++;
        if (!isSound || known.hash !== fileHash) known.isSound = false;
      }
      const position = facts.ids.get(id)!;
      // Whichever row counts, the other file lacks it.
      const other = facts.files.get(facts.pathOfId[position] ?? file);
      if (isDoubled && other !== undefined) other.isSound = false;
      facts.pathOfId[position] = file;
    }
  }
  return facts;
}

/** By the old path; spellings of one file are judged together, row by row. */
async function judgeAll(
  facts: Facts,
  relocate: (path: string) => string | null,
  root: string,
  settings: OldSettings,
): Promise<{ files: Map<string, JudgedFile>; outside: Set<string> }> {
  const times = new Map<string, number>();
  for (const [path, seconds] of settings.modifiedAt) {
    const relative = relocate(path);
    if (relative !== null) times.set(relative, seconds);
  }
  const outside = new Set<string>();
  const places = new Map<string, string>();
  const files = new Map<string, OldFile>();
  for (const [path, { rows, hash, isSound }] of facts.files) {
    const relative = relocate(path);
    if (relative === null) {
      outside.add(path);
      continue;
    }
    places.set(path, relative);
    const same = files.get(relative);
    files.set(relative, {
      path: relative,
      rows: rows + (same?.rows ?? 0),
      storedHash: hash,
      isSound: isSound && (same === undefined || (same.isSound && same.storedHash === hash)),
      modifiedAt: times.get(relative) ?? null,
    });
  }
  const judged = new Map((await judgeFiles(root, [...files.values()])).map((file) => [file.path, file]));
  const byOldPath = new Map([...places].map(([path, relative]) => [path, judged.get(relative)!]));
  return { files: byOldPath, outside };
}

async function measureSpace(layout: Layout, old: OldTables): Promise<MigrationPlan['bytes']> {
  let oldBytes = 0;
  for (const name of namesOf(old)) {
    for (const [, size] of await listFiles(join(layout.indexDir, name))) oldBytes += size;
  }
  // Content is stored twice, in chunks and in vectors; what is compressed there only makes it less.
  const needed = 2 * oldBytes + SPARE_BYTES;
  return { old: oldBytes, needed, free: await freeBytesOf(layout.indexDir) };
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/** Files below a directory with their sizes, sorted by name. */
export async function listFiles(directory: string): Promise<[name: string, size: number][]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const files: [string, number][] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.push([path.slice(directory.length + 1).replaceAll('\\', '/'), (await stat(path)).size]);
  }
  return files.sort(([a], [b]) => (a < b ? -1 : 1));
}
