// Rows of `chunks.lance` by id: what is shown of a result beside what it was found by.
import { readSteadily } from '../lance/read-steadily.ts';
import type { TableHandle } from '../lance/table.ts';
import { rowsByIds } from './by-ids.ts';

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
  /** Of the bytes of its file, 64 hex digits; '' where it was not recorded. */
  readonly fileHash: string;
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
  if (chunkIds.length === 0) return details;
  const hasHash = (await table.columns()).includes('file_hash');
  const columns = [...TEXTS, ...NUMBERS, ...(hasHash ? ['file_hash'] : [])];
  for await (const rows of rowsByIds(table, columns, chunkIds)) {
    const texts = new Map(TEXTS.map((name) => [name, rows.strings(name)] as const));
    const numbers = new Map(NUMBERS.map((name) => [name, rows.integers(name)] as const));
    const hashes = hasHash ? rows.strings('file_hash') : [];
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
        fileHash: hashes[row] ?? '',
      });
    }
  }
  return details;
}
