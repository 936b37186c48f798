// Small files that mcp-vector-search reads at every start. Without them it refuses the project, wipes or rebuilds the
// tables.

import { realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PEER_EXTENSIONS } from '../../core/source-rules.ts';
import { exists, writeFileAtomic } from '../files/atomic-file.ts';
import { readObject } from '../files/json-object.ts';
import type { Layout } from '../layout.ts';
import type { FileRecord } from '../ledger.ts';

/** The schema that its `index chunk` insists on, to the letter. */
const SCHEMA_VERSION = '2.4.0';
/** The version whose tables ours are; its own search rebuilds the index where major and minor differ. */
const EMULATED_VERSION = '4.1.14';

/** Which model makes the vectors; only what mcp-vector-search has a word for. */
export interface MvsModel {
  readonly model_id: string;
  readonly dimension: number;
}

const BUNDLED: MvsModel = { model_id: 'sentence-transformers/all-MiniLM-L6-v2', dimension: 384 };

/** Whether they are there, and not those of an older release, over which mcp-vector-search rebuilds the index. */
export async function hasMvsFiles(layout: Layout): Promise<boolean> {
  const { version } = await readObject(layout.schemaVersionFile);
  const { index_version: indexed } = await readObject(layout.indexMetadataFile);
  return version === SCHEMA_VERSION && indexed === newerVersion(indexed) && (await exists(layout.mvsConfigFile));
}

/**
 * Writes what mcp-vector-search needs and removes its text index, which our changes made stale. Unknown keys of its metadata are
 * kept, and a config.json that is there already is left as it is.
 */
export async function writeMvsFiles(
  layout: Layout,
  index: { readonly root: string; readonly files: ReadonlyMap<string, FileRecord>; readonly model?: MvsModel },
): Promise<void> {
  const now = new Date().toISOString().replace('Z', '+00:00');
  const model = index.model ?? BUNDLED;
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
    embedding_model: model.model_id,
    embedding_dimensions: model.dimension,
    updated_at: now,
    file_mtimes: mtimes,
  };
  await writeFileAtomic(layout.indexMetadataFile, `${JSON.stringify(metadata)}\n`);
  if (!(await exists(layout.mvsConfigFile))) {
    await writeFileAtomic(layout.mvsConfigFile, `${JSON.stringify(newConfig(layout, index.root, model), null, 2)}\n`);
  }
  await rm(layout.staleTextIndexFile, { force: true });
}

/** Makes config.json name this root where the project was moved or copied; the rest of it stays. */
export async function followMove(layout: Layout, root: string): Promise<void> {
  if (!(await namesOtherRoot(layout, root))) return;
  const moved = { ...(await readObject(layout.mvsConfigFile)), project_root: root, index_path: layout.indexDir };
  await writeFileAtomic(layout.mvsConfigFile, `${JSON.stringify(moved, null, 2)}\n`);
}

/** Whether config.json names another folder than `root`, by whatever spelling: mcp-vector-search would index there. */
async function namesOtherRoot(layout: Layout, root: string): Promise<boolean> {
  const { project_root: named } = await readObject(layout.mvsConfigFile);
  if (typeof named !== 'string' || named === root) return false;
  return (await realPath(named)) !== (await realPath(root));
}

async function realPath(path: string): Promise<string | null> {
  return realpath(path).catch(() => null); // whatever the reason, it cannot be used from here
}

/** Says in the files that are there which model makes the vectors from now on; without it mcp-vector-search would mix in its own. */
export async function recordMvsModel(layout: Layout, model: MvsModel): Promise<void> {
  const changes: [path: string, values: Record<string, unknown>][] = [
    [layout.mvsConfigFile, { embedding_model: model.model_id }],
    [layout.indexMetadataFile, { embedding_model: model.model_id, embedding_dimensions: model.dimension }],
  ];
  for (const [path, values] of changes) {
    if (!(await exists(path))) continue;
    const before = await readObject(path);
    if (Object.entries(values).every(([key, value]) => before[key] === value)) continue;
    await writeFileAtomic(path, `${JSON.stringify({ ...before, ...values }, null, 2)}\n`);
  }
}

/** The tables are in the emulated version's form now; what is newer still is left as it says. */
function newerVersion(before: unknown): string {
  if (typeof before !== 'string' || !/^\d+\.\d+/.test(before)) return EMULATED_VERSION;
  return before.localeCompare(EMULATED_VERSION, 'en', { numeric: true }) > 0 ? before : EMULATED_VERSION;
}

/** Takes what we take as far as mcp-vector-search can, and keeps it from rebuilding the tables when it is upgraded. */
function newConfig(layout: Layout, root: string, model: MvsModel): Record<string, unknown> {
  return {
    project_root: root,
    index_path: layout.indexDir,
    file_extensions: [...PEER_EXTENSIONS],
    embedding_model: model.model_id,
    auto_reindex_on_upgrade: false,
    skip_dotfiles: false,
    respect_gitignore: true,
  };
}
