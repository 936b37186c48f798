// Small files that mcp-vector-search reads at every start. Without them it refuses the project, wipes or rebuilds the
// tables.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PEER_EXTENSIONS } from '../core/source-rules.ts';
import { exists, writeFileAtomic } from './atomic-file.ts';
import { readObject } from './json-object.ts';
import type { Layout } from './layout.ts';
import type { FileRecord } from './ledger.ts';

/** The schema that its `index chunk` insists on, to the letter. */
const SCHEMA_VERSION = '2.4.0';
/** The version whose tables ours are; its own search rebuilds the index where major and minor differ. */
const EMULATED_VERSION = '4.1.14';
const MODEL = 'sentence-transformers/all-MiniLM-L6-v2';

export async function hasPeerFiles(layout: Layout): Promise<boolean> {
  for (const path of [layout.schemaVersionFile, layout.indexMetadataFile, layout.peerConfigFile]) {
    if (!(await exists(path))) return false;
  }
  return true;
}

/**
 * Writes what that tool needs and removes its text index, which our changes made stale. Unknown keys of its metadata are
 * kept, and a config.json that is there already is never touched.
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
    index_version: newerVersion(before.index_version),
    embedding_model: MODEL,
    embedding_dimensions: 384,
    updated_at: now,
    file_mtimes: mtimes,
  };
  await writeFileAtomic(layout.indexMetadataFile, `${JSON.stringify(metadata)}\n`);
  if (!(await exists(layout.peerConfigFile))) {
    await writeFileAtomic(layout.peerConfigFile, `${JSON.stringify(newConfig(layout, index.root), null, 2)}\n`);
  }
  await rm(layout.staleTextIndexFile, { force: true });
}

/** The tables are in the emulated version's form now; what is newer still is left as it says. */
function newerVersion(before: unknown): string {
  if (typeof before !== 'string' || !/^\d+\.\d+/.test(before)) return EMULATED_VERSION;
  return before.localeCompare(EMULATED_VERSION, 'en', { numeric: true }) > 0 ? before : EMULATED_VERSION;
}

/** Takes what we take as far as that tool can, and keeps it from rebuilding the tables when it is upgraded. */
function newConfig(layout: Layout, root: string): Record<string, unknown> {
  return {
    project_root: root,
    index_path: layout.indexDir,
    file_extensions: [...PEER_EXTENSIONS],
    embedding_model: MODEL,
    auto_reindex_on_upgrade: false,
    skip_dotfiles: false,
    respect_gitignore: true,
  };
}
