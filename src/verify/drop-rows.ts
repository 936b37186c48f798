// Deletes damaged rows and sets the chunks that lost their vector back to pending.

import { readManifests } from '../store/lance/manifest.ts';
import { type AssertLocked, openTable, type TableHandle } from '../store/lance/table.ts';
import type { Layout } from '../store/layout.ts';
import { inSlices, isIn } from '../store/tables/sql.ts';
import type { Verified } from './examine.ts';
import { CHUNK_DAMAGE, STRUCTURE_DAMAGE, VECTOR_DAMAGE } from './findings.ts';
import { connectTo, openReader } from './read-table.ts';

export async function dropDamagedRows(
  layout: Layout,
  { findings, pathOf }: Verified,
  assertLocked: AssertLocked,
  note: (action: string, ids: Iterable<string>) => void,
): Promise<void> {
  const chunks = findings.idsOf('chunks', ...CHUNK_DAMAGE);
  const structure = new Set([
    ...findings.idsOf('structure', ...STRUCTURE_DAMAGE, 'structure-without-chunk'),
    ...chunks,
  ]);
  const vectors = new Set([...findings.idsOf('vectors', ...VECTOR_DAMAGE), ...chunks]);
  for (const id of await idsInFiles(layout.vectorsTable, findings.idsOf('vectors', 'data-file-hash'))) vectors.add(id);
  const claimless = findings.idsOf('chunks', 'complete-without-vector', 'status-unknown');
  const pending = new Set([...claimless, ...vectors].filter((id) => !chunks.has(id) && pathOf(id) !== undefined));

  await change(layout.vectorsTable, layout.lanceDir, assertLocked, vectors, (table, where) => table.delete(where));
  note('vectors deleted', vectors);
  await change(layout.chunksTable, layout.lanceDir, assertLocked, chunks, (table, where) => table.delete(where));
  note('chunks deleted', chunks);
  await change(layout.chunksTable, layout.lanceDir, assertLocked, pending, (table, where) =>
    table.update(where, { embedding_status: 'pending', embedding_batch_id: 0 }),
  );
  note('chunks set to pending', pending);
  await change(layout.structureTable, layout.structureDir, assertLocked, structure, (table, where) =>
    table.delete(where),
  );
  note('structure rows deleted', structure);
}

/** One commit per slice of ids, and none where no row has them: every call makes a version. */
async function change(
  path: string,
  directory: string,
  assertLocked: AssertLocked,
  ids: ReadonlySet<string>,
  act: (table: TableHandle, where: string) => Promise<void>,
): Promise<void> {
  if (ids.size === 0 || (await readManifests(path, 1)).length === 0) return;
  const connection = await connectTo(directory);
  const table = await openTable(connection, path, { schema: null, assertLocked });
  try {
    for (const slice of inSlices(ids)) {
      const where = isIn('chunk_id', slice);
      if ((await table.count(where)) > 0) await act(table, where);
    }
  } finally {
    table.close();
    connection.close();
  }
}

/** The chunk ids of every row that lies in one of these data files: any of their bytes may be the wrong one. */
async function idsInFiles(path: string, names: ReadonlySet<string>): Promise<string[]> {
  const [head] = names.size === 0 ? [] : await readManifests(path, 1);
  const fragments = new Set(
    (head?.manifest?.fragments ?? [])
      .filter(({ files }) => files.some((file) => names.has(file.name)))
      .map(({ id }) => BigInt(id)),
  );
  if (fragments.size === 0) return [];
  const ids: string[] = [];
  const reader = await openReader(path);
  try {
    for await (const rows of reader.scan(['chunk_id', '_rowid'])) {
      const [chunkIds, rowIds] = [rows.column('chunk_id'), rows.column('_rowid')];
      for (let row = 0; row < rows.numRows; row++) {
        // A row's id is its fragment's number and, in the lower 32 bits, its place there.
        if (fragments.has(BigInt(rowIds.get(row) as bigint) >> 32n)) ids.push(String(chunkIds.get(row)));
      }
    }
  } finally {
    reader.close();
  }
  return ids;
}
