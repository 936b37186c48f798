// The chunks of a file in file order, each with its place among the others: rows of `chunks.lance` and `structure.lance`
// joined by id. Where a row has no structure (mcp-vector-search wrote it), lines tell what contains it.
import { CLASS_KINDS, FUNCTION_KINDS } from '../../core/chunk.ts';
import { readSteadily } from '../lance/read-steadily.ts';
import type { TableHandle } from '../lance/table.ts';

export interface FileChunk {
  readonly chunkId: string;
  readonly filePath: string;
  readonly language: string;
  /** 1-based, inclusive. */
  readonly startLine: number;
  readonly endLine: number;
  readonly kind: string;
  readonly name: string;
  readonly breadcrumb: string;
  readonly signature: string;
  /** '' at file level. */
  readonly parentChunkId: string;
  /** 0 at file level. */
  readonly depth: number;
  /** 0 for a whole definition or its first part. */
  readonly partIndex: number;
}

const TEXTS = ['chunk_id', 'file_path', 'language', 'chunk_type', 'name', 'hierarchy_path', 'signature'] as const;
const NUMBERS = ['start_line', 'end_line'] as const;

interface Place {
  readonly parentChunkId: string;
  readonly depth: number;
  readonly partIndex: number;
}

/** By path and line, each definition before what it contains. `where` is a condition on `file_path`. */
export function readFileChunks(
  chunks: TableHandle,
  structure: TableHandle | null,
  where: string | undefined,
): Promise<FileChunk[]> {
  return readSteadily([chunks, structure ?? undefined], async () => {
    const places = structure === null ? new Map<string, Place>() : await readPlaces(structure, where);
    const rows: (Omit<FileChunk, keyof Place> & { place: Place | undefined })[] = [];
    for await (const batch of chunks.scan({ columns: [...TEXTS, ...NUMBERS], ...(where ? { where } : {}) })) {
      const texts = new Map(TEXTS.map((name) => [name, batch.strings(name)] as const));
      const [starts, ends] = NUMBERS.map((name) => batch.integers(name));
      for (let row = 0; row < batch.numRows; row++) {
        const text = (name: (typeof TEXTS)[number]) => texts.get(name)![row] ?? '';
        rows.push({
          chunkId: text('chunk_id'),
          filePath: text('file_path'),
          language: text('language'),
          startLine: starts![row]!,
          endLine: ends![row]!,
          kind: text('chunk_type'),
          name: text('name'),
          breadcrumb: text('hierarchy_path'),
          signature: text('signature'),
          place: places.get(text('chunk_id')),
        });
      }
    }
    rows.sort((a, b) => compare(a.filePath, b.filePath) || a.startLine - b.startLine || b.endLine - a.endLine);
    return withPlaces(rows);
  });
}

async function readPlaces(structure: TableHandle, where: string | undefined): Promise<Map<string, Place>> {
  const places = new Map<string, Place>();
  const columns = ['chunk_id', 'parent_chunk_id', 'depth', 'part_index'];
  for await (const batch of structure.scan({ columns, ...(where ? { where } : {}) })) {
    const parents = batch.strings('parent_chunk_id');
    const [depths, parts] = [batch.integers('depth'), batch.integers('part_index')];
    for (const [row, id] of batch.strings('chunk_id').entries()) {
      places.set(id ?? '', { parentChunkId: parents[row] ?? '', depth: depths[row]!, partIndex: parts[row]! });
    }
  }
  return places;
}

/** The innermost definition around a row without structure is its parent. */
function withPlaces(rows: readonly (Omit<FileChunk, keyof Place> & { place: Place | undefined })[]): FileChunk[] {
  const open: FileChunk[] = [];
  return rows.map(({ place, ...row }) => {
    while (open.length > 0 && (open.at(-1)!.filePath !== row.filePath || open.at(-1)!.endLine < row.startLine))
      open.pop();
    const parent = open.findLast((each) => each.endLine >= row.endLine && each.chunkId !== row.chunkId);
    const chunk: FileChunk = {
      ...row,
      ...(place ?? {
        parentChunkId: parent?.chunkId ?? '',
        depth: parent === undefined ? 0 : parent.depth + 1,
        partIndex: 0,
      }),
    };
    if (CLASS_KINDS.has(row.kind) || FUNCTION_KINDS.has(row.kind)) open.push(chunk);
    return chunk;
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
