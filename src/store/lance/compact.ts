// Many small commits leave many small fragments, which make every later scan slower, and old versions, which take space.
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../files/atomic-file.ts';
import { isVersionGone } from './engine-failure.ts';
import type { TableHandle } from './table.ts';

/** Above this a table is rewritten into few large fragments. */
const MOST_FRAGMENTS = 60;
/** Old versions that nobody can be reading any more are removed where they make a table this many times as large. */
const MOST_SPACE = 1.5;
/** Versions younger than this are kept for readers that opened them. */
const KEEP_VERSIONS_MS = 10 * 60_000;

/**
 * Compacts a table if it is fragmented, or full of old versions: the rows stay as they are. To be called only
 * while no row is pending, for a stream of pending rows would lose its version. `makeDurable` flushes the table: what is
 * old may go only once what replaces it is on disk. Returns why it was not done, if it was due; null otherwise.
 */
export async function compactIfFragmented(
  table: TableHandle,
  makeDurable: () => Promise<unknown>,
  keepVersionsMs = KEEP_VERSIONS_MS,
): Promise<string | null> {
  const keepFrom = new Date(Date.now() - keepVersionsMs);
  const { fragmentStats, totalBytes } = await table.engine.stats();
  const isFragmented = fragmentStats.numFragments > MOST_FRAGMENTS;
  if (!isFragmented && !(await holdsOldData(table, totalBytes, keepFrom))) return null;
  const { bavail, bsize } = await statfs(table.path);
  if (bavail * bsize < totalBytes) {
    return `${table.path} has ${fragmentStats.numFragments} fragments, but there is no space to rewrite its ${totalBytes} bytes`;
  }
  try {
    await table.compact();
    await makeDurable();
    await table.removeVersions(keepFrom);
    return null;
  } catch (error) {
    if (isVersionGone(error)) return `mcp-vector-search is cleaning up ${table.path}`; // then it need not be done here
    throw error;
  }
}

async function holdsOldData(table: TableHandle, liveBytes: number, keepFrom: Date): Promise<boolean> {
  const directory = join(table.path, 'data');
  let bytes = 0;
  if (!(await exists(directory))) return false; // nothing was ever stored
  for (const name of await readdir(directory)) bytes += (await stat(join(directory, name))).size;
  if (bytes <= liveBytes * MOST_SPACE) return false;
  // The latest version is not old, however long ago it was written.
  const versions = await table.engine.listVersions();
  return versions.slice(0, -1).some(({ timestamp }) => timestamp < keepFrom);
}
