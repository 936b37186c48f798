// `structure.lance`: hierarchy and metrics, one row per chunk. A chunk without a row here is foreign or lost.
import type { Chunk } from '../../core/chunk.ts';
import type { TableHandle } from '../lance/table.ts';
import { structureRowsToArrow } from './schema.ts';
import { inSlices, isIn } from './sql.ts';

export interface StructureStore {
  readonly table: TableHandle;
  /** Rows of whole files; `replace` where rows of these paths may exist already. */
  write(chunks: readonly Chunk[], mode: 'add' | { readonly replace: string }): Promise<void>;
  /** The parent's id, or '', aligned with `chunkIds`. */
  parentsOf(chunkIds: readonly string[]): Promise<string[]>;
}

export function structureStore(table: TableHandle): StructureStore {
  return {
    table,
    async write(chunks, mode) {
      const rows = structureRowsToArrow(chunks);
      if (mode === 'add') await table.add(rows);
      else await table.replace('chunk_id', rows, mode.replace);
    },
    async parentsOf(chunkIds) {
      const parents = new Map<string, string>();
      for (const slice of inSlices(chunkIds)) {
        for await (const rows of table.scan({
          columns: ['chunk_id', 'parent_chunk_id'],
          where: isIn('chunk_id', slice),
        })) {
          const ids = rows.strings('chunk_id');
          for (const [index, parent] of rows.strings('parent_chunk_id').entries()) {
            parents.set(ids[index] ?? '', parent ?? '');
          }
        }
      }
      return chunkIds.map((id) => parents.get(id) ?? '');
    },
  };
}
