// Chunks and vectors of files that are not on disk any more. The next `index` would remove them too.
import { join } from 'node:path';
import { mapConcurrent } from '../core/iterate.ts';
import { exists } from '../store/files/atomic-file.ts';
import { connect } from '../store/lance/connect.ts';
import { openTable } from '../store/lance/table.ts';
import { writeMvsFiles } from '../store/mcp-vector-search/metadata-files.ts';
import { removeFiles } from '../store/replace-files.ts';
import { readRunFile, writeRunFile } from '../store/run-file.ts';
import type { FindWaste, Place } from './waste.ts';

export const findVanishedFiles: FindWaste = async (place) => {
  const rows = await rowsByPath(place);
  const vanished: string[] = [];
  const look = async (path: string) => ({ path, isThere: await exists(join(place.root, path)) });
  for await (const { path, isThere } of mapConcurrent(rows.keys(), 16, look)) if (!isThere) vanished.push(path);
  // Not one file is there: the project lies elsewhere or is not mounted, and its index is no waste.
  if (vanished.length === 0 || vanished.length === rows.size) return [];
  const chunks = vanished.reduce((sum, path) => sum + rows.get(path)!, 0);
  const what = `${chunks} chunks of ${vanished.length} files that are gone (their space is free when the table is next rewritten)`;
  return [{ kind: 'vanished-files', what, bytes: 0, remove: () => remove(place, vanished) }];
};

async function rowsByPath({ layout }: Place): Promise<Map<string, number>> {
  const rows = new Map<string, number>();
  if (!(await exists(layout.chunksTable))) return rows;
  const assertLocked = () => Promise.reject(new Error('looking does not write'));
  const table = await openTable(await connect(layout.lanceDir), layout.chunksTable, { schema: null, assertLocked });
  try {
    for await (const batch of table.scan({ columns: ['file_path'] })) {
      for (const path of batch.strings('file_path')) rows.set(path ?? '', (rows.get(path ?? '') ?? 0) + 1);
    }
  } finally {
    table.close();
  }
  return rows;
}

/** A kill in here leaves rows gone that the ledger still counts: until that is over, Phase 1 is not finished. */
async function remove({ root, stores, fault }: Place, paths: readonly string[]): Promise<void> {
  if (stores === null) throw new Error('nothing can be removed while only looking');
  const { runFile } = stores.layout;
  const found = await readRunFile(runFile);
  const run = found.state === 'read' ? found.value : null;
  if (run !== null) await writeRunFile(runFile, { ...run, phase1: { ...run.phase1, finished_at: null } });
  const writer = { ...stores, chunkerVersion: '', makeDurable: () => stores.makeDurable(), fault };
  await removeFiles(writer, paths);
  await stores.ledger.makeDurable();
  fault('cleanup.vanished-removed');
  await writeMvsFiles(stores.layout, { root, files: stores.ledger.files });
  if (run !== null) await writeRunFile(runFile, run);
}
