// Whether an index has changed since it was opened: what its files are called and when they were written last. Costs a
// few calls to the file system and reads no table.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { layoutOf } from './layout.ts';

/** Equal only where nobody has committed, marked or replaced anything in between. Never throws. */
export async function stampOfIndex(indexDir: string): Promise<string> {
  const { chunksTable, vectorsTable, structureTable, textDir, runFile } = layoutOf(indexDir);
  const versions = [chunksTable, vectorsTable, structureTable].map((table) => filesIn(join(table, '_versions')));
  const times = [chunksTable, vectorsTable, textDir, runFile].map(timeOf);
  return JSON.stringify([await Promise.all(versions), await Promise.all(times)]);
}

/** A manifest is never written twice, unless it is damaged. */
async function filesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.sort().map(async (name) => `${name} ${await timeOf(join(folder, name))}`));
}

/** Of a folder, when a name in it changed last. */
async function timeOf(path: string): Promise<string> {
  const stats = await stat(path, { bigint: true }).catch(() => null);
  return stats === null ? '' : `${stats.ino} ${stats.mtimeNs}`;
}
