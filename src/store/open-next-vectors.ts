// Opens the table in which all vectors are made anew.
import { basename, dirname } from 'node:path';
import { makeDirectory } from './files/atomic-file.ts';
import { connect } from './lance/connect.ts';
import { quarantineBadHeads } from './lance/durability.ts';
import { type AssertLocked, openTable } from './lance/table.ts';
import type { Layout } from './layout.ts';
import { vectorsSchema } from './tables/schema.ts';
import { type VectorsStore, vectorsStore } from './tables/vectors.ts';

/** With what an interrupted run left in it. To be called under the lock; `root` names the project in its rows. */
export async function openNextVectors(
  layout: Layout,
  {
    root,
    dimension,
    assertLocked,
  }: { readonly root: string; readonly dimension: number; readonly assertLocked: AssertLocked },
): Promise<VectorsStore> {
  const path = layout.nextVectorsTable;
  await makeDirectory(dirname(path));
  await quarantineBadHeads(path, layout.quarantineDir);
  const table = await openTable(await connect(dirname(path)), path, { schema: vectorsSchema(dimension), assertLocked });
  return vectorsStore(table, { dimension, projectName: basename(root) });
}
