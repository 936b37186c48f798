// Rows of `chunks` that mcp-vector-search wrote, as chunks of ours: their place among those of the file is read from names.
import { createHash } from 'node:crypto';
import type { Chunk, ChunkKind } from '../../core/chunk.ts';
import type { TableHandle } from '../lance/table.ts';
import { isIn } from '../tables/sql.ts';

/** What is read of a chunk in order to place it among those of its file. */
interface ExternalChunk {
  readonly chunk: Chunk;
  readonly isContainer: boolean;
}

const COLUMNS = [
  'chunk_id',
  'file_path',
  'content',
  'language',
  'start_line',
  'end_line',
  'chunk_type',
  'name',
  'parent_name',
  'hierarchy_path',
  'complexity',
];

const CONTAINERS = new Set(['class', 'interface', 'struct', 'enum', 'trait', 'impl', 'module', 'namespace']);

/** All rows of these files, as chunks with parents, order and depth as far as their names tell. */
export async function readExternalChunks(table: TableHandle, paths: readonly string[]): Promise<Chunk[]> {
  const byFile = new Map<string, ExternalChunk[]>();
  for await (const rows of table.scan({ columns: COLUMNS, where: isIn('file_path', paths) })) {
    const text = (column: string) => rows.strings(column).map((value) => value ?? '');
    const [ids, files, contents, languages, kinds] = [
      text('chunk_id'),
      text('file_path'),
      text('content'),
      text('language'),
      text('chunk_type'),
    ];
    const [names, parents, breadcrumbs] = [text('name'), text('parent_name'), text('hierarchy_path')];
    const [starts, ends, complexities] = [
      rows.integers('start_line'),
      rows.integers('end_line'),
      rows.integers('complexity'),
    ];
    for (const [index, chunkId] of ids.entries()) {
      const filePath = files[index]!;
      const chunk = externalChunk({
        chunkId,
        filePath,
        kind: kinds[index]! as ChunkKind,
        name: names[index]!,
        breadcrumb: breadcrumbs[index]!,
        parentName: parents[index]!,
        language: languages[index]!,
        content: contents[index]!,
        startLine: starts[index]!,
        endLine: ends[index]!,
        cyclomatic: complexities[index]!,
      });
      const list = byFile.get(filePath) ?? [];
      list.push({ chunk, isContainer: CONTAINERS.has(kinds[index]!) });
      byFile.set(filePath, list);
    }
  }
  return [...byFile.values()].flatMap(placeInFile);
}

/** What mcp-vector-search says of a chunk. */
export interface ExternalRow {
  readonly chunkId: string;
  readonly filePath: string;
  readonly kind: ChunkKind;
  readonly name: string;
  readonly breadcrumb: string;
  readonly parentName: string;
  readonly language: string;
  readonly content: string;
  readonly startLine: number;
  readonly endLine: number;
  /** 0 where mcp-vector-search counted nothing. */
  readonly cyclomatic: number;
}

/** As far as that tells; at file level, without a parent. */
export function externalChunk({ cyclomatic: counted, ...row }: ExternalRow): Chunk {
  const cyclomatic = counted || null;
  return {
    ...row,
    contentHash: createHash('sha256').update(row.content).digest('hex'),
    occurrence: 0,
    startChar: 0,
    endChar: 0,
    parentChunkId: null,
    childOrder: 0,
    depth: 0,
    partIndex: 0,
    derived: false,
    signature: '',
    docstring: '',
    calls: [],
    imports: [],
    inheritsFrom: [],
    metrics: {
      cyclomatic,
      cognitive: null,
      nesting: null,
      parameters: null,
      lines: Math.max(0, row.endLine - row.startLine + 1),
      grade: cyclomatic === null ? null : gradeOf(cyclomatic),
      smells: [],
    },
  };
}

function gradeOf(cyclomatic: number): 'A' | 'B' | 'C' | 'D' | 'F' {
  if (cyclomatic <= 5) return 'A';
  if (cyclomatic <= 10) return 'B';
  if (cyclomatic <= 20) return 'C';
  return cyclomatic <= 30 ? 'D' : 'F';
}

/**
 * `Outer.inner` has the chunk `Outer` of its file for a parent. Of several by that name the one counts that spans its
 * lines, else the one that begins last before it.
 */
function placeInFile(chunks: readonly ExternalChunk[]): Chunk[] {
  const inOrder = [...chunks].sort(
    (a, b) => a.chunk.startLine - b.chunk.startLine || b.chunk.endLine - a.chunk.endLine,
  );
  const containers = new Map<string, Chunk[]>();
  for (const { chunk, isContainer } of inOrder) {
    if (!isContainer || chunk.breadcrumb === '') continue;
    const same = containers.get(chunk.breadcrumb);
    if (same) same.push(chunk);
    else containers.set(chunk.breadcrumb, [chunk]);
  }
  const nextOrder = new Map<string, number>();
  return inOrder.map(({ chunk }) => {
    const parent = parentOf(chunk, containers);
    const key = parent?.chunkId ?? '';
    const childOrder = nextOrder.get(key) ?? 0;
    nextOrder.set(key, childOrder + 1);
    return { ...chunk, parentChunkId: parent?.chunkId ?? null, childOrder, depth: depthOf(parent, containers) };
  });
}

function parentOf(chunk: Chunk, containers: ReadonlyMap<string, readonly Chunk[]>): Chunk | undefined {
  const end = chunk.breadcrumb.lastIndexOf('.');
  const candidates = end <= 0 ? [] : (containers.get(chunk.breadcrumb.slice(0, end)) ?? []);
  const others = candidates.filter(({ chunkId }) => chunkId !== chunk.chunkId);
  const spanning = others.filter(({ startLine, endLine }) => startLine <= chunk.startLine && endLine >= chunk.endLine);
  return spanning.at(-1) ?? others.findLast(({ startLine }) => startLine <= chunk.startLine) ?? others.at(-1);
}

/** Breadcrumbs of parents are ever shorter, so this ends. */
function depthOf(parent: Chunk | undefined, containers: ReadonlyMap<string, readonly Chunk[]>): number {
  return parent === undefined ? 0 : 1 + depthOf(parentOf(parent, containers), containers);
}
