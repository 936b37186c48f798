// Which tables of older layouts lie in an index directory, and which of them counts.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { errnoOf, IndexerError, messageOf } from '../core/errors.ts';
import { exists } from '../store/files/atomic-file.ts';
import { connect } from '../store/lance/connect.ts';
import { hasWholeHead } from '../store/lance/durability.ts';
import { openTable, type TableHandle } from '../store/lance/table.ts';
import type { Layout } from '../store/layout.ts';

/**
 * The tables to migrate, by directory name in the index directory.
 * `single`: one table with text and vector in a row. `split`: chunks and vectors side by side; without a vectors table
 * nothing had been embedded yet.
 */
export type OldTables =
  | { readonly kind: 'single'; readonly table: string }
  | { readonly kind: 'split'; readonly chunks: string; readonly vectors: string | null };

export function namesOf(old: OldTables): string[] {
  if (old.kind === 'single') return [old.table];
  return old.vectors === null ? [old.chunks] : [old.chunks, old.vectors];
}

/**
 * Null if there is no old table. A single table counts before split ones beside it, unless these were embedded by a
 * program of their own time: what mcp-vector-search's migration copied says less than what it was copied from.
 * Errors: INDEX_DAMAGED for half of a pair, or a table that cannot be opened.
 */
export async function findOldTables(layout: Layout): Promise<OldTables | null> {
  const { single, chunks, vectors } = layout.oldTables;
  const isThere = (name: string) => exists(join(layout.indexDir, name));
  const hasChunks = await isThere(chunks);
  const hasVectors = await isThere(vectors);
  let table: string | null = null;
  for (const name of single) if (table === null && (await isThere(name))) table = name;
  if (hasChunks && (table === null || (hasVectors && !(await isCopy(layout, vectors))))) {
    return { kind: 'split', chunks, vectors: hasVectors ? vectors : null };
  }
  if (table !== null) return { kind: 'single', table };
  if (!hasVectors) return null;
  throw new IndexerError('INDEX_DAMAGED', `${layout.indexDir} has ${vectors} but no ${chunks} beside it`, {
    hint: `nothing was changed; restore ${chunks}, or move ${vectors} away and index again`,
  });
}

/** mcp-vector-search's own migration signed every vector with the word `migrated`. */
async function isCopy(layout: Layout, vectors: string): Promise<boolean> {
  const table = await openOldTable(layout, vectors);
  try {
    if (!(await table.columns()).includes('model_version')) return false;
    for await (const rows of table.scan({ columns: ['model_version'], limit: 1 })) {
      return rows.strings('model_version')[0] === 'migrated';
    }
    return true;
  } finally {
    table.close();
  }
}

/** Opens a table for reading. Errors: INDEX_DAMAGED. */
export async function openOldTable(layout: Layout, name: string): Promise<TableHandle> {
  const path = join(layout.indexDir, name);
  if (!(await hasWholeHead(path))) throw damaged(path, 'its newest version was not written whole');
  const assertLocked = () => Promise.reject(new Error('an old table is never written'));
  return openTable(await connect(layout.indexDir), path, { schema: null, assertLocked });
}

/** The handle of a table stays at the version it was opened at; this looks at what there is now. */
export async function latestVersion(table: TableHandle): Promise<number> {
  await table.engine.checkoutLatest();
  return table.version();
}

export function damaged(path: string, reason: string, cause?: unknown): IndexerError {
  return new IndexerError('INDEX_DAMAGED', `the old table ${path} cannot be migrated: ${reason}`, {
    hint: `nothing was changed; restore ${basename(path)} from a copy, or move it away and index again`,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Any failure of the engine while an old table is read means that the table is damaged. */
export async function reading<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof IndexerError ? error : damaged(path, messageOf(error), error);
  }
}

/** What mcp-vector-search's JSON files say of an index; absent values are null. */
export interface OldSettings {
  /** Absolute; where the project lay when it was indexed. */
  readonly projectRoot: string | null;
  readonly indexPath: string | null;
  /** The model's name as mcp-vector-search wrote it. */
  readonly model: string | null;
  /** The version that wrote the index. */
  readonly version: string | null;
  readonly indexedAt: string | null;
  /** Modification time, in seconds, at which each file was indexed, by the path that the tool used. */
  readonly modifiedAt: ReadonlyMap<string, number>;
}

const recordSchema = v.record(v.string(), v.unknown());

export async function readOldSettings(layout: Layout): Promise<OldSettings> {
  const config = await readRecord(join(layout.indexDir, 'config.json'));
  const metadata = await readRecord(layout.indexMetadataFile);
  const listed = v.safeParse(recordSchema, metadata.file_mtimes);
  const times = listed.success ? listed.output : metadata; // the oldest form is the bare list
  return {
    projectRoot: textOf(config.project_root),
    indexPath: textOf(config.index_path),
    model: textOf(metadata.embedding_model) ?? textOf(config.embedding_model),
    version: textOf(metadata.index_version),
    indexedAt: textOf(metadata.indexed_at) ?? textOf(metadata.updated_at),
    modifiedAt: new Map(
      Object.entries(times).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
    ),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A damaged file is as good as none here: it only costs knowing which files are unchanged, and that is announced. */
async function readRecord(path: string): Promise<Record<string, unknown>> {
  try {
    const parsed = v.safeParse(recordSchema, JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.output : {};
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return {};
    throw error;
  }
}
