// Two small files that mcp-vector-search reads at every start. Without them it wipes or rebuilds the tables.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { errnoOf } from '../core/errors.ts';
import { exists, writeFileAtomic } from './atomic-file.ts';
import type { Layout } from './layout.ts';
import type { FileRecord } from './ledger.ts';

/** The schema that its `index chunk` insists on, to the letter. */
const SCHEMA_VERSION = '2.4.0';
/** The version whose tables ours are; its own search rebuilds the index where major and minor differ. */
const EMULATED_VERSION = '4.1.14';

export async function hasPeerFiles(layout: Layout): Promise<boolean> {
  return (await exists(layout.schemaVersionFile)) && (await exists(layout.indexMetadataFile));
}

/**
 * Writes both files and removes that tool's text index, which our changes made stale. Unknown keys of its metadata
 * are kept. Its config.json is never touched.
 */
export async function writePeerFiles(
  layout: Layout,
  index: { readonly root: string; readonly files: ReadonlyMap<string, FileRecord> },
): Promise<void> {
  const now = new Date().toISOString().replace('Z', '+00:00');
  await writeFileAtomic(layout.schemaVersionFile, `${JSON.stringify({ version: SCHEMA_VERSION, updated_at: now })}\n`);
  const before = await readObject(layout.indexMetadataFile);
  const mtimes: Record<string, number> = {};
  for (const record of index.files.values()) {
    if (record.chunkCount > 0) mtimes[join(index.root, record.path)] = Number(record.stamp.mtimeNs) / 1e9;
  }
  const metadata = {
    created_at: now,
    ...before,
    index_version: typeof before.index_version === 'string' ? before.index_version : EMULATED_VERSION,
    embedding_model: 'sentence-transformers/all-MiniLM-L6-v2',
    embedding_dimensions: 384,
    updated_at: now,
    file_mtimes: mtimes,
  };
  await writeFileAtomic(layout.indexMetadataFile, `${JSON.stringify(metadata)}\n`);
  if (await exists(layout.staleTextIndexFile)) await rm(layout.staleTextIndexFile, { force: true });
}

async function readObject(path: string): Promise<Record<string, unknown>> {
  try {
    const parsed = v.safeParse(v.record(v.string(), v.unknown()), JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.output : {};
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return {};
    throw error;
  }
}
