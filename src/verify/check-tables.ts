// The three tables as files: whole versions, data files, columns. A table that fails here is not read further.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, messageOf } from '../core/errors.ts';
import { checkFiles, readManifests } from '../store/lance/manifest.ts';
import { LATER_COLUMNS } from '../store/lance/missing-columns.ts';
import { CHUNKS_SCHEMA, STRUCTURE_SCHEMA, vectorsSchema } from '../store/tables/schema.ts';
import type { Checkpoint } from './check-files.ts';
import type { Findings } from './findings.ts';
import type { OpenTable, TableName } from './read-table.ts';
import { openReader, type TableReader, UnreadableTable } from './read-table.ts';

/** Null if there is something wrong that reading its rows would only repeat. `dimension` is the vectors' length. */
export async function openChecked(
  name: TableName,
  path: string,
  findings: Findings,
  options: { dimension: number; mayBeAbsent: boolean },
): Promise<OpenTable | null> {
  if (!(await isThere(path))) {
    if (!options.mayBeAbsent) findings.add('table-missing', name, path);
    return null;
  }
  const manifests = await readManifests(path);
  for (const { name: file, manifest } of manifests) {
    if (manifest === null) findings.add('manifest-broken', name, file);
  }
  const head = manifests[0]?.manifest ?? null;
  if (head === null) {
    // Its newest version may open as an empty table, which is worse than not at all.
    if (manifests.length === 0) findings.add('table-unreadable', name, path, 'it has no version at all');
    return null;
  }
  for (const { code, name: file } of await checkFiles(path, head)) findings.add(code, name, file);
  try {
    const reader = await openReader(path);
    if (hasColumns(name, reader, findings, options.dimension)) return { reader, manifest: head };
    reader.close();
  } catch (error) {
    if (!(error instanceof UnreadableTable)) throw error;
    findings.add('table-unreadable', name, path, firstLine(error));
  }
  return null;
}

/** Runs a pass over a table's rows; what the engine cannot read becomes a finding, and the result null. */
export async function readable<T>(name: TableName, findings: Findings, pass: () => Promise<T>): Promise<T | null> {
  try {
    return await pass();
  } catch (error) {
    if (!(error instanceof UnreadableTable)) throw error;
    findings.add('table-unreadable', name, '', firstLine(error));
    return null;
  }
}

function firstLine(error: unknown): string {
  return (messageOf(error).split('\n')[0] ?? '').slice(0, 300);
}

function hasColumns(name: TableName, reader: TableReader, findings: Findings, dimension: number): boolean {
  const schema = { chunks: CHUNKS_SCHEMA, vectors: vectorsSchema(dimension), structure: STRUCTURE_SCHEMA }[name];
  const present = new Map(reader.columns.map((column) => [column.name, column.type]));
  let isUsable = true;
  for (const { name: column, type } of schema.fields) {
    const found = present.get(column);
    present.delete(column);
    if (found === undefined && name !== 'structure' && LATER_COLUMNS.has(column)) continue;
    if (found === String(type)) continue;
    findings.add('schema', name, column, `${column}: ${found ?? 'absent'} where ${String(type)} is expected`);
    isUsable = false;
  }
  for (const [column, type] of present) findings.add('schema', name, column, `${column}: ${type}, not expected`);
  return isUsable;
}

/** The data files that the checkpoint lists, as far as the current version still has them. */
export async function checkListedFiles(
  { reader, manifest }: OpenTable,
  checkpoint: Checkpoint,
  findings: Findings,
  withHash: boolean,
): Promise<void> {
  const current = new Set(manifest.fragments.flatMap(({ files }) => files.map((file) => file.name)));
  for (const { name, size, sha256 } of checkpoint.data_files) {
    if (!current.has(name)) continue;
    const path = join(reader.path, 'data', name);
    const found = await stat(path).catch(() => null); // its absence was found already
    if (found === null) continue;
    if (found.size !== size) {
      if (!findings.idsOf('vectors', 'data-file-size').has(name)) findings.add('data-file-size', 'vectors', name);
    } else if (withHash && (await hashOf(path)) !== sha256) findings.add('data-file-hash', 'vectors', name);
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return hash.digest('hex');
}

async function isThere(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
