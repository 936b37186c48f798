// Rows of `chunks.lance` by id: what is shown of a result beside what it was found by.
import { readSteadily } from '../lance/read-steadily.ts';
import type { TableHandle } from '../lance/table.ts';
import { inSlices, isIn } from './sql.ts';

/** A stored chunk as people see it. */
export interface ChunkDetails {
  readonly chunkId: string;
  readonly filePath: string;
  readonly content: string;
  readonly language: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly kind: string;
  readonly name: string;
  readonly parentName: string;
  readonly breadcrumb: string;
  readonly docstring: string;
  readonly signature: string;
  /** Cyclomatic; 0 where it is not known. */
  readonly complexity: number;
}

const TEXTS = [
  'chunk_id',
  'file_path',
  'content',
  'language',
  'chunk_type',
  'name',
  'parent_name',
  'hierarchy_path',
  'docstring',
  'signature',
] as const;
const NUMBERS = ['start_line', 'end_line', 'complexity'] as const;

/** By id; those that are no longer there are missing. */
export function readDetails(table: TableHandle, chunkIds: readonly string[]): Promise<Map<string, ChunkDetails>> {
  return readSteadily([table], () => read(table, chunkIds));
}

async function read(table: TableHandle, chunkIds: readonly string[]): Promise<Map<string, ChunkDetails>> {
  const details = new Map<string, ChunkDetails>();
  for (const ids of inSlices(chunkIds)) {
    for await (const rows of table.scan({ columns: [...TEXTS, ...NUMBERS], where: isIn('chunk_id', ids) })) {
      const texts = new Map(TEXTS.map((name) => [name, rows.strings(name)] as const));
      const numbers = new Map(NUMBERS.map((name) => [name, rows.integers(name)] as const));
      for (let row = 0; row < rows.numRows; row++) {
        const text = (name: (typeof TEXTS)[number]) => texts.get(name)![row] ?? '';
        const number = (name: (typeof NUMBERS)[number]) => numbers.get(name)![row]!;
        details.set(text('chunk_id'), {
          chunkId: text('chunk_id'),
          filePath: text('file_path'),
          content: text('content'),
          language: text('language'),
          startLine: number('start_line'),
          endLine: number('end_line'),
          kind: text('chunk_type'),
          name: text('name'),
          parentName: text('parent_name'),
          breadcrumb: text('hierarchy_path'),
          docstring: text('docstring'),
          signature: text('signature'),
          complexity: number('complexity'),
        });
      }
    }
  }
  return details;
}
