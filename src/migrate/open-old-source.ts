// What can be asked of the old tables, however they are laid out.
import { join } from 'node:path';
import type { TableHandle } from '../store/lance/table.ts';
import type { Layout } from '../store/layout.ts';
import { damaged, type OldTables, openOldTable } from './detect.ts';
import type { OldSource } from './old-source.ts';
import { singleSource } from './single-source.ts';
import { splitSource } from './split-source.ts';

/** Opens and checks the columns. Errors: INDEX_DAMAGED (columns, kinds of numbers), with the table as it was. */
export async function openOldSource(
  layout: Layout,
  old: OldTables,
): Promise<{ source: OldSource; dimension: number | null }> {
  if (old.kind === 'single') {
    const table = await openOldTable(layout, old.table);
    const columns = await table.columns();
    requireColumns(table, columns, ['content', 'file_path', 'start_line', 'end_line', 'vector']);
    if (!columns.includes('chunk_id')) requireColumns(table, columns, ['id']);
    const dimension = await dimensionOf(table);
    return { source: singleSource(table, columns, dimension), dimension };
  }
  const chunks = await openOldTable(layout, old.chunks);
  const columns = await chunks.columns();
  requireColumns(chunks, columns, ['chunk_id', 'file_path', 'content', 'start_line', 'end_line']);
  const vectors = old.vectors === null ? null : await openOldTable(layout, old.vectors);
  if (vectors !== null) requireColumns(vectors, await vectors.columns(), ['chunk_id', 'vector']);
  const dimension = vectors === null ? null : await dimensionOf(vectors);
  return { source: splitSource(chunks, columns, vectors, dimension ?? 0), dimension };
}

function requireColumns(table: TableHandle, present: readonly string[], needed: readonly string[]): void {
  const missing = needed.filter((column) => !present.includes(column));
  if (missing.length > 0) throw damaged(table.path, `it has no column ${missing.join(', ')}`);
}

async function dimensionOf(table: TableHandle): Promise<number> {
  const field = (await table.engine.schema()).fields.find(({ name }) => name === 'vector');
  const match = /^FixedSizeList\[(\d+)\]<Float32>$/.exec(String(field?.type));
  if (match === null)
    throw damaged(table.path, `its vectors are of type ${String(field?.type)}, not of 32-bit numbers`);
  return Number(match[1]);
}

/** For messages: where the tables of a source lie. */
export function pathOf(layout: Layout, old: OldTables): string {
  return join(layout.indexDir, old.kind === 'single' ? old.table : old.chunks);
}
