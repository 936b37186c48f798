// Builds the new tables beside the old ones, where nobody looks yet.
import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Chunk, ChunkKind } from '../core/chunk.ts';
import { writeFileAtomic } from '../store/atomic-file.ts';
import { openDurability } from '../store/durability.ts';
import type { Layout } from '../store/layout.ts';
import { openLedger } from '../store/ledger.ts';
import { connect } from '../store/open.ts';
import {
  CHUNKS_SCHEMA,
  countWords,
  STRUCTURE_SCHEMA,
  structureRowsToArrow,
  toArrow,
  vectorsSchema,
} from '../store/schema.ts';
import { type Fence, openTable, type TableHandle } from '../store/table.ts';
import type { OldRow, OldSource } from './old-rows.ts';
import type { MigrationPlan } from './plan.ts';

export interface StagingContext {
  readonly plan: MigrationPlan;
  readonly dimension: number;
  readonly fence: Fence;
  readonly fault: (name: string) => void;
  readonly signal: AbortSignal | undefined;
}

export interface Staged {
  readonly chunks: number;
  readonly vectors: number;
}

/** Rows of one commit. */
const GROUP_ROWS = 10_240;

export async function removeStaged(layout: Layout): Promise<void> {
  for (const path of [layout.stagedLanceDir, layout.stagedStructureDir, layout.stagedLedgerFile]) {
    await rm(path, { recursive: true, force: true });
  }
}

/** Streams the old rows into three new tables and a ledger, and flushes them. Vectors keep their bits. */
export async function stageTables(ctx: StagingContext, source: OldSource): Promise<Staged> {
  const { plan, dimension, fence, fault } = ctx;
  const { layout } = plan;
  await removeStaged(layout);
  await mkdir(layout.stagedLanceDir, { mode: 0o700 });
  await mkdir(layout.stagedStructureDir, { mode: 0o700 });
  const shared = await connect(layout.stagedLanceDir);
  const own = await connect(layout.stagedStructureDir);
  const schema = vectorsSchema(dimension);
  const open = (connection: typeof shared, directory: string, name: string, tableSchema: typeof schema) =>
    openTable(connection, join(directory, `${name}.lance`), { schema: tableSchema, fence });
  const chunks = await open(shared, layout.stagedLanceDir, 'chunks', CHUNKS_SCHEMA);
  const vectors = await open(shared, layout.stagedLanceDir, 'vectors', schema);
  const structure = await open(own, layout.stagedStructureDir, 'structure', STRUCTURE_SCHEMA);
  let writing: Promise<unknown> = Promise.resolve();
  try {
    const now = new Date().toISOString().replace('Z', '+00:00');
    const shape: Shape = { plan, now };
    const place = numberChildren();
    let [chunkCount, vectorCount] = [0, 0];
    for await (const rows of inGroups(withoutDoubled(source.rows(), plan.doubled), GROUP_ROWS)) {
      ctx.signal?.throwIfAborted();
      const complete = rows.filter(hasVector);
      const additions: [TableHandle, ReturnType<typeof toArrow>][] = [
        [chunks, chunkColumns(rows, shape)],
        [structure, structureRowsToArrow(rows.map((row) => structureOf(row, shape, place)))],
      ];
      if (complete.length > 0) additions.push([vectors, vectorColumns(complete, shape, dimension)]);
      await writing;
      // Written while the next group is read.
      writing = Promise.all(additions.map(([table, columns]) => table.add(columns))).then(() =>
        fault('migrate.rows-written'),
      );
      writing.catch(() => undefined); // seen where it is awaited
      chunkCount += rows.length;
      vectorCount += complete.length;
    }
    await writing;
    await writeFileAtomic(layout.stagedLedgerFile, ''); // there even if no file is known to be unchanged
    const ledger = await openLedger(layout.stagedLedgerFile);
    const records = [...plan.files.values()].flatMap(({ record }) => record ?? []);
    await ledger.append(records, []);
    await ledger.makeDurable();
    const durability = openDurability('full');
    for (const table of [structure, chunks, vectors]) await durability.makeDurable(table.path);
    return { chunks: chunkCount, vectors: vectorCount };
  } finally {
    await writing.catch(() => undefined); // after an error nothing may still write what is about to be removed
    for (const table of [chunks, vectors, structure]) table.close();
  }
}

type EmbeddedRow = OldRow & { readonly vector: Float32Array };

function hasVector(row: OldRow): row is EmbeddedRow {
  return row.vector !== null;
}

async function* withoutDoubled(
  stream: AsyncIterable<OldRow[]>,
  doubled: ReadonlyMap<string, number>,
): AsyncGenerator<OldRow, void, undefined> {
  const left = new Map(doubled);
  for await (const rows of stream) {
    for (const row of rows) {
      const more = left.get(row.id) ?? 1;
      if (more > 1) left.set(row.id, more - 1);
      else yield row;
    }
  }
}

async function* inGroups<T>(stream: AsyncIterable<T>, size: number): AsyncGenerator<T[], void, undefined> {
  let group: T[] = [];
  for await (const item of stream) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

interface Shape {
  readonly plan: MigrationPlan;
  readonly now: string;
}

function fileOf(row: OldRow, { plan }: Shape) {
  return plan.files.get(row.path)!; // every row's path was judged
}

function parentIdOf(row: OldRow, { plan }: Shape): string {
  return row.parentId !== row.id && plan.ids.has(row.parentId) ? row.parentId : '';
}

function chunkColumns(rows: readonly OldRow[], shape: Shape) {
  const of = <T>(pick: (row: OldRow) => T): T[] => rows.map(pick);
  const zero = of(() => 0);
  const indexedAt = shape.plan.settings.indexedAt ?? shape.now;
  return toArrow(CHUNKS_SCHEMA, {
    chunk_id: of((row) => row.id),
    file_path: of((row) => fileOf(row, shape).path),
    file_hash: of((row) => fileOf(row, shape).fileHash),
    content: of((row) => row.content),
    language: of((row) => row.language),
    start_line: of((row) => row.startLine),
    end_line: of((row) => row.endLine),
    chunk_type: of((row) => row.kind),
    name: of((row) => row.name),
    start_char: zero,
    end_char: zero,
    // The id of a parent stood there in tables that the old tool's migration made.
    parent_name: of((row) =>
      row.parentName !== '' && row.parentName === parentIdOf(row, shape) ? '' : row.parentName,
    ),
    hierarchy_path: of((row) => row.breadcrumb),
    docstring: of((row) => row.docstring),
    signature: of((row) => row.signature),
    complexity: of((row) => row.complexity),
    token_count: of((row) => countWords(row.content)),
    last_author: of((row) => row.lastAuthor),
    last_modified: of((row) => row.lastModified),
    commit_hash: of((row) => row.commitHash),
    calls: of((row) => row.calls),
    imports: of((row) => row.imports),
    inherits_from: of((row) => row.inheritsFrom),
    embedding_status: of((row) => (row.vector === null ? 'pending' : 'complete')),
    embedding_batch_id: zero,
    created_at: of(() => indexedAt),
    updated_at: of(() => shape.now),
    error_message: of(() => ''),
  });
}

function vectorColumns(rows: readonly EmbeddedRow[], shape: Shape, dimension: number) {
  const of = <T>(pick: (row: OldRow) => T): T[] => rows.map(pick);
  const numbers = new Float32Array(rows.length * dimension);
  for (const [index, row] of rows.entries()) numbers.set(row.vector, index * dimension);
  const { settings, modelName } = shape.plan;
  const projectName = basename(shape.plan.oldRoot);
  return toArrow(vectorsSchema(dimension), {
    chunk_id: of((row) => row.id),
    vector: numbers,
    file_path: of((row) => fileOf(row, shape).path),
    content: of((row) => row.content),
    language: of((row) => row.language),
    start_line: of((row) => row.startLine),
    end_line: of((row) => row.endLine),
    chunk_type: of((row) => row.kind),
    name: of((row) => row.name),
    function_name: of((row) => row.functionName),
    class_name: of((row) => row.className),
    project_name: of((row) => row.projectName || projectName),
    hierarchy_path: of((row) => row.breadcrumb),
    embedded_at: of(() => settings.indexedAt ?? shape.now),
    model_version: of(() => modelName),
    embedding_batch_id: of(() => null),
    parent_chunk_id: of((row) => parentIdOf(row, shape)),
    tandem_recipe: of(() => recipeNameOf(shape.plan)),
  });
}

/** Which program made the vectors' texts; `status` counts rows by it. */
export function recipeNameOf({ oldVersion }: Pick<MigrationPlan, 'oldVersion'>): string {
  return oldVersion === '' ? 'mvs' : `mvs-${oldVersion}`;
}

/** Positions among the rows of one parent, or of one file, in the order of the table. */
function numberChildren(): (parent: string) => number {
  const next = new Map<string, number>();
  return (parent) => {
    const position = next.get(parent) ?? 0;
    next.set(parent, position + 1);
    return position;
  };
}

function structureOf(row: OldRow, shape: Shape, place: (parent: string) => number): Chunk {
  const parent = parentIdOf(row, shape);
  const filePath = fileOf(row, shape).path;
  const { metrics } = row;
  return {
    chunkId: row.id,
    filePath,
    kind: row.kind as ChunkKind,
    name: row.name,
    breadcrumb: row.breadcrumb,
    parentName: row.parentName,
    language: row.language,
    content: row.content,
    contentHash: createHash('sha256').update(row.content).digest('hex'),
    occurrence: 0,
    startLine: row.startLine,
    endLine: row.endLine,
    startChar: 0,
    endChar: 0,
    parentChunkId: parent || null,
    childOrder: place(parent || filePath),
    depth: row.depth,
    partIndex: 0,
    derived: false,
    signature: row.signature,
    docstring: row.docstring,
    calls: row.calls,
    imports: row.imports,
    inheritsFrom: row.inheritsFrom,
    metrics: {
      cyclomatic: metrics.cyclomatic,
      cognitive: metrics.cognitive,
      nesting: metrics.nesting,
      parameters: metrics.parameters,
      lines: metrics.lines ?? Math.max(0, row.endLine - row.startLine + 1),
      grade: 'ABCDF'.includes(metrics.grade) && metrics.grade !== '' ? (metrics.grade as 'A') : null,
      smells: metrics.smells,
    },
  };
}
