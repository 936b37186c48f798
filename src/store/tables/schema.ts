// The three tables' columns, and the one place that translates between them and the program's nouns.
// `chunks` and `vectors` carry the columns, types and order of mcp-vector-search 4.1.14, and never a NULL in them.
import {
  Bool,
  type DataType,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  List,
  Schema,
  type Table,
  Utf8,
} from 'apache-arrow';
import { type Chunk, type ChunkStatus, CLASS_KINDS, FUNCTION_KINDS, type PendingChunk } from '../../core/chunk.ts';
import { toArrow } from '../lance/arrow.ts';
import { countWordsIn, textColumn } from '../lance/columns.ts';

const string = new Utf8();
const int32 = new Int32();
const strings = new List(new Field('item', new Utf8(), true));

/** `content` takes 0.54 times the space at equal write time. */
const compressed = new Map([['lance-encoding:compression', 'zstd']]);

function field(name: string, type: DataType, metadata?: Map<string, string>): Field {
  return new Field(name, type, true, metadata);
}

/** The 28 columns of `chunks`. One more breaks mcp-vector-search's knowledge graph. */
export const CHUNKS_SCHEMA = new Schema([
  field('chunk_id', string),
  field('file_path', string),
  field('file_hash', string),
  field('content', string, compressed),
  field('language', string),
  field('start_line', int32),
  field('end_line', int32),
  field('chunk_type', string),
  field('name', string),
  field('start_char', int32),
  field('end_char', int32),
  field('parent_name', string),
  field('hierarchy_path', string),
  field('docstring', string),
  field('signature', string),
  field('complexity', int32),
  field('token_count', int32),
  field('last_author', string),
  field('last_modified', string),
  field('commit_hash', string),
  field('calls', strings),
  field('imports', strings),
  field('inherits_from', strings),
  field('embedding_status', string),
  field('embedding_batch_id', int32),
  field('created_at', string),
  field('updated_at', string),
  field('error_message', string),
]);

/** The 15 columns of `vectors`, then our nullable three. NULL in ours marks a row that mcp-vector-search wrote. */
export function vectorsSchema(dimension: number): Schema {
  return new Schema([
    field('chunk_id', string),
    field('vector', new FixedSizeList(dimension, new Field('item', new Float32(), true))),
    field('file_path', string),
    field('content', string, compressed),
    field('language', string),
    field('start_line', int32),
    field('end_line', int32),
    field('chunk_type', string),
    field('name', string),
    field('function_name', string),
    field('class_name', string),
    field('project_name', string),
    field('hierarchy_path', string),
    field('embedded_at', string),
    field('model_version', string),
    field('embedding_batch_id', int32),
    field('parent_chunk_id', string),
    field('tandem_recipe', string),
  ]);
}

/** What mcp-vector-search has no column for: one row per chunk, in our own table. */
export const STRUCTURE_SCHEMA = new Schema([
  field('chunk_id', string),
  field('file_path', string),
  field('parent_chunk_id', string),
  field('child_order', int32),
  field('depth', int32),
  field('breadcrumb', string),
  field('part_index', int32),
  field('occurrence', int32),
  field('content_hash', string),
  field('derived', new Bool()),
  field('cyclomatic', int32),
  field('cognitive', int32),
  field('nesting', int32),
  field('parameters', int32),
  field('lines', int32),
  field('grade', string),
  field('smells', strings),
]);

/** What a migrated index said of a chunk and no column above takes: the old columns by name, as JSON. */
export const LEFTOVER_SCHEMA = new Schema([field('chunk_id', string), field('metadata', string, compressed)]);

/** Columns of the partial merges. */
export const MARK_SCHEMA = new Schema([field('embedding_batch_id', int32), field('embedding_status', string)]);
export const HASH_SCHEMA = new Schema([field('file_path', string), field('file_hash', string)]);
export const ASSIGN_SCHEMA = new Schema([
  field('chunk_id', string),
  field('embedding_status', string),
  field('embedding_batch_id', int32),
  field('error_message', string),
]);
export const PLACE_SCHEMA = new Schema([
  field('chunk_id', string),
  field('start_line', int32),
  field('end_line', int32),
  field('parent_chunk_id', string),
]);

/** A chunk with what the table adds to it. */
export interface ChunkRow {
  readonly chunk: Chunk;
  readonly fileHash: string;
  readonly status: ChunkStatus;
  readonly batchId: number;
  readonly errorMessage: string;
  readonly createdAt: string;
}

/** Rows of `chunks`, in order. `now` is an ISO time. */
export function chunkRowsToArrow(rows: readonly ChunkRow[], now: string): Table {
  const of = <T>(pick: (row: ChunkRow) => T): T[] => rows.map(pick);
  const none = of(() => '');
  const content = textColumn(of((r) => r.chunk.content));
  return toArrow(CHUNKS_SCHEMA, {
    chunk_id: of((r) => r.chunk.chunkId),
    file_path: of((r) => r.chunk.filePath),
    file_hash: of((r) => r.fileHash),
    content,
    language: of((r) => r.chunk.language),
    start_line: of((r) => r.chunk.startLine),
    end_line: of((r) => r.chunk.endLine),
    chunk_type: of((r) => r.chunk.kind),
    name: of((r) => r.chunk.name),
    start_char: of((r) => r.chunk.startChar),
    end_char: of((r) => r.chunk.endChar),
    parent_name: of((r) => r.chunk.parentName),
    hierarchy_path: of((r) => r.chunk.breadcrumb),
    docstring: of((r) => r.chunk.docstring),
    signature: of((r) => r.chunk.signature),
    complexity: of((r) => r.chunk.metrics.cyclomatic ?? 0),
    token_count: countWordsIn(content),
    last_author: none,
    last_modified: none,
    commit_hash: none,
    calls: of((r) => r.chunk.calls),
    imports: of((r) => r.chunk.imports),
    inherits_from: of((r) => r.chunk.inheritsFrom),
    embedding_status: of((r) => r.status),
    embedding_batch_id: of((r) => r.batchId),
    created_at: of((r) => r.createdAt),
    updated_at: of(() => now),
    error_message: of((r) => r.errorMessage),
  });
}

export function structureRowsToArrow(chunks: readonly Chunk[]): Table {
  const of = <T>(pick: (chunk: Chunk) => T): T[] => chunks.map(pick);
  return toArrow(STRUCTURE_SCHEMA, {
    chunk_id: of((c) => c.chunkId),
    file_path: of((c) => c.filePath),
    parent_chunk_id: of((c) => c.parentChunkId ?? ''),
    child_order: of((c) => c.childOrder),
    depth: of((c) => c.depth),
    breadcrumb: of((c) => c.breadcrumb),
    part_index: of((c) => c.partIndex),
    occurrence: of((c) => c.occurrence),
    content_hash: of((c) => c.contentHash),
    derived: of((c) => c.derived),
    cyclomatic: of((c) => c.metrics.cyclomatic),
    cognitive: of((c) => c.metrics.cognitive),
    nesting: of((c) => c.metrics.nesting),
    parameters: of((c) => c.metrics.parameters),
    lines: of((c) => c.metrics.lines),
    grade: of((c) => c.metrics.grade ?? ''),
    smells: of((c) => c.metrics.smells),
  });
}

/** One embedded batch, ready to store: row i of `vectors` belongs to chunk i. */
export interface VectorBatch {
  readonly batchId: number;
  readonly chunks: readonly PendingChunk[];
  /** Aligned with `chunks`; '' for chunks at file level. */
  readonly parentChunkIds: readonly string[];
  /** `chunks.length × dimension`, row-major. */
  readonly vectors: Float32Array;
  readonly modelId: string;
  readonly recipe: string;
}

export function vectorBatchToArrow(batch: VectorBatch, schema: Schema, projectName: string, now: string): Table {
  const of = <T>(pick: (chunk: PendingChunk) => T): T[] => batch.chunks.map(pick);
  return toArrow(schema, {
    chunk_id: of((c) => c.chunkId),
    vector: batch.vectors,
    file_path: of((c) => c.filePath),
    content: of((c) => c.content),
    language: of((c) => c.language),
    start_line: of((c) => c.startLine),
    end_line: of((c) => c.endLine),
    chunk_type: of((c) => c.kind),
    name: of((c) => c.name),
    function_name: of((c) => (FUNCTION_KINDS.has(c.kind) ? c.name : '')),
    class_name: of((c) => (CLASS_KINDS.has(c.kind) ? c.name : c.parentName)),
    project_name: of(() => projectName),
    hierarchy_path: of((c) => c.breadcrumb),
    embedded_at: of(() => now),
    model_version: of(() => batch.modelId),
    embedding_batch_id: of(() => batch.batchId),
    parent_chunk_id: batch.parentChunkIds,
    tandem_recipe: of(() => batch.recipe),
  });
}
