// Reads rows of old tables, whatever subset of columns they have, 32 or 64 bits wide, NULL or "", into one shape.
import { join } from 'node:path';
import type { Layout } from '../store/layout.ts';
import type { TableHandle } from '../store/table.ts';
import { damaged, type OldTables, openOldTable, reading } from './detect.ts';

/** One row as the new tables need it; `path` still as the old table has it. */
export interface OldRow {
  readonly id: string;
  readonly path: string;
  /** Null where there is none, or none that can be searched. */
  readonly vector: Float32Array | null;
  readonly fileHash: string;
  readonly content: string;
  readonly language: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly kind: string;
  readonly name: string;
  readonly functionName: string;
  readonly className: string;
  readonly breadcrumb: string;
  readonly parentName: string;
  readonly parentId: string;
  readonly depth: number;
  readonly docstring: string;
  readonly signature: string;
  readonly complexity: number;
  readonly calls: readonly string[];
  readonly imports: readonly string[];
  readonly inheritsFrom: readonly string[];
  readonly lastAuthor: string;
  readonly lastModified: string;
  readonly commitHash: string;
  readonly projectName: string;
  readonly metrics: OldMetrics;
}

/** Null where the table has no such column. */
export interface OldMetrics {
  readonly cyclomatic: number | null;
  readonly cognitive: number | null;
  readonly nesting: number | null;
  readonly parameters: number | null;
  readonly lines: number | null;
  readonly grade: string;
  readonly smells: readonly string[];
}

export interface OldSource extends Disposable {
  /** Rows in the table's order, in batches as the engine gives them. */
  rows(): AsyncGenerator<OldRow[], void, undefined>;
  /** Id, path, stored hash of every row, in the same order. */
  facts(): AsyncGenerator<OldFact[], void, undefined>;
  /** Id and vector of every row that has one, in any order; null for what `rows` gives as null. */
  vectors(): AsyncGenerator<{ readonly id: string; readonly vector: Float32Array | null }[], void, undefined>;
  /** Rows that have a vector; one that is not finite counts here, but is not given by the others. */
  countVectors(): Promise<number>;
  /** Names of models that rows were signed with. */
  models(): Promise<string[]>;
  /** Changes when somebody writes the tables. */
  version(): Promise<string>;
}

export interface OldFact {
  readonly id: string;
  readonly path: string;
  readonly fileHash: string;
}

/** What is read of an Arrow batch. */
interface Batch {
  readonly numRows: number;
  getChild(name: string): { get(index: number): unknown } | null;
}

/** The columns of one row; those that the table lacks read as undefined. */
type Row = (column: string) => unknown;

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
    return { source: singleSource(table, columns), dimension: await dimensionOf(table) };
  }
  const chunks = await openOldTable(layout, old.chunks);
  const columns = await chunks.columns();
  requireColumns(chunks, columns, ['chunk_id', 'file_path', 'content', 'start_line', 'end_line']);
  const vectors = old.vectors === null ? null : await openOldTable(layout, old.vectors);
  if (vectors !== null) requireColumns(vectors, await vectors.columns(), ['chunk_id', 'vector']);
  return {
    source: splitSource(chunks, columns, vectors),
    dimension: vectors === null ? null : await dimensionOf(vectors),
  };
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

async function* batches(table: TableHandle, columns: readonly string[]): AsyncGenerator<Row[], void, undefined> {
  const stream = table.engine.query().select([...columns]) as unknown as AsyncIterable<Batch>;
  const iterator = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await reading(table.path, () => iterator.next());
      if (next.done) return;
      const children = new Map(columns.map((name) => [name, next.value.getChild(name)]));
      yield Array.from({ length: next.value.numRows }, (_, index) => (column) => children.get(column)?.get(index));
    }
  } finally {
    await iterator.return?.();
  }
}

const SINGLE_COLUMNS = new Set(
  (
    'id chunk_id vector content file_path file_hash start_line end_line language chunk_type function_name class_name ' +
    'docstring imports calls inherits_from complexity_score parent_chunk_id chunk_depth subproject_name ' +
    'cognitive_complexity cyclomatic_complexity max_nesting_depth parameter_count lines_of_code complexity_grade ' +
    'code_smells last_author last_modified commit_hash'
  ).split(' '),
);

function singleSource(table: TableHandle, present: readonly string[]): OldSource {
  const pick = (wanted: (name: string) => boolean) => present.filter(wanted);
  const idOf = (row: Row) => text(row('chunk_id')) || text(row('id'));
  const isId = (name: string) => name === 'id' || name === 'chunk_id';
  return {
    async *rows() {
      for await (const rows of batches(
        table,
        pick((name) => SINGLE_COLUMNS.has(name)),
      )) {
        yield rows.map((row) => singleRow(row, idOf(row)));
      }
    },
    async *facts() {
      for await (const rows of batches(
        table,
        pick((name) => isId(name) || name === 'file_path' || name === 'file_hash'),
      )) {
        yield rows.map((row) => ({
          id: idOf(row),
          path: text(row('file_path')),
          fileHash: text(row('file_hash')),
        }));
      }
    },
    async *vectors() {
      for await (const rows of batches(
        table,
        pick((name) => isId(name) || name === 'vector'),
      )) {
        yield rows.map((row) => ({ id: idOf(row), vector: floats(row('vector')) }));
      }
    },
    countVectors: () => reading(table.path, () => table.count('vector IS NOT NULL')),
    models: () => Promise.resolve([]),
    version: async () => String(await latestVersion(table)),
    [Symbol.dispose]: () => table.close(),
  };
}

function singleRow(row: Row, id: string): OldRow {
  const functionName = text(row('function_name'));
  const className = text(row('class_name'));
  const name = functionName || className;
  return {
    ...sharedFields(row),
    id,
    name,
    functionName,
    className,
    breadcrumb: functionName && className ? `${className}.${functionName}` : name,
    parentName: functionName ? className : '',
    parentId: text(row('parent_chunk_id')),
    depth: integer(row('chunk_depth')),
    signature: '',
    vector: floats(row('vector')),
    complexity: integer(row('complexity_score')),
    projectName: text(row('subproject_name')),
    metrics: {
      cyclomatic: optional(row('cyclomatic_complexity')),
      cognitive: optional(row('cognitive_complexity')),
      nesting: optional(row('max_nesting_depth')),
      parameters: optional(row('parameter_count')),
      lines: optional(row('lines_of_code')),
      grade: text(row('complexity_grade')),
      smells: list(row('code_smells')),
    },
  };
}

const SPLIT_COLUMNS = new Set(
  (
    'chunk_id file_path file_hash content language start_line end_line chunk_type name parent_name hierarchy_path ' +
    'docstring signature complexity calls imports inherits_from last_author last_modified commit_hash'
  ).split(' '),
);

const CLASS_KINDS = new Set(['class', 'interface', 'struct', 'enum', 'trait', 'impl']);

function splitSource(chunks: TableHandle, present: readonly string[], vectors: TableHandle | null): OldSource {
  const columns = present.filter((name) => SPLIT_COLUMNS.has(name));
  async function* readVectors() {
    if (vectors === null) return;
    for await (const rows of batches(vectors, ['chunk_id', 'vector'])) {
      yield rows.map((row) => ({ id: text(row('chunk_id')), vector: floats(row('vector')) }));
    }
  }
  return {
    /** Reads both tables side by side: they lie in about the same order, so little has to wait for its other half. */
    async *rows() {
      const waiting = new Map<string, Float32Array | null>();
      const stream = readVectors();
      try {
        for await (const rows of batches(chunks, columns)) {
          const ids = rows.map((row) => text(row('chunk_id')));
          const missing = new Set(ids.filter((id) => !waiting.has(id)));
          while (missing.size > 0) {
            const next = await stream.next();
            if (next.done) break;
            for (const { id, vector } of next.value) {
              waiting.set(id, vector);
              missing.delete(id);
            }
          }
          yield rows.map((row, index) => splitRow(row, ids[index]!, waiting.get(ids[index]!) ?? null));
          for (const id of ids) waiting.delete(id);
        }
      } finally {
        await stream.return();
      }
    },
    async *facts() {
      const narrow = ['chunk_id', 'file_path', ...(present.includes('file_hash') ? ['file_hash'] : [])];
      for await (const rows of batches(chunks, narrow)) {
        yield rows.map((row) => ({
          id: text(row('chunk_id')),
          path: text(row('file_path')),
          fileHash: text(row('file_hash')),
        }));
      }
    },
    vectors: readVectors,
    countVectors: async () => (vectors === null ? 0 : reading(vectors.path, () => vectors.count('vector IS NOT NULL'))),
    async models() {
      const names = new Set<string>();
      if (vectors === null || !(await vectors.columns()).includes('model_version')) return [];
      for await (const rows of batches(vectors, ['model_version'])) {
        for (const row of rows) names.add(text(row('model_version')));
      }
      return [...names].filter((name) => name !== '' && name !== 'migrated');
    },
    version: async () => `${await latestVersion(chunks)} ${vectors === null ? '' : await latestVersion(vectors)}`,
    [Symbol.dispose]() {
      chunks.close();
      vectors?.close();
    },
  };
}

function splitRow(row: Row, id: string, vector: Float32Array | null): OldRow {
  const name = text(row('name'));
  const breadcrumb = text(row('hierarchy_path')) || name;
  const isClass = CLASS_KINDS.has(text(row('chunk_type')));
  const outer = breadcrumb.slice(0, Math.max(0, breadcrumb.length - name.length - 1));
  const parent = text(row('parent_name'));
  return {
    ...sharedFields(row),
    id,
    vector,
    name,
    breadcrumb,
    functionName: isClass ? '' : name,
    className: isClass ? name : outer,
    // The old tool's own migration put the parent's id there; it is told from a name when the ids are known.
    parentName: parent || (isClass ? '' : outer),
    parentId: parent,
    depth: 0,
    signature: text(row('signature')),
    complexity: integer(row('complexity')),
    projectName: '',
    metrics: {
      cyclomatic: integer(row('complexity')) || null,
      cognitive: null,
      nesting: null,
      parameters: null,
      lines: null,
      grade: '',
      smells: [],
    },
  };
}

function sharedFields(row: Row) {
  return {
    path: text(row('file_path')),
    fileHash: text(row('file_hash')),
    content: text(row('content')),
    language: text(row('language')) || 'text',
    startLine: integer(row('start_line')),
    endLine: integer(row('end_line')),
    kind: text(row('chunk_type')) || 'text',
    docstring: text(row('docstring')),
    calls: list(row('calls')),
    imports: list(row('imports')),
    inheritsFrom: list(row('inherits_from')),
    lastAuthor: text(row('last_author')),
    lastModified: text(row('last_modified')),
    commitHash: text(row('commit_hash')),
  };
}

/** The handle of a table stays at the version it was opened at; this looks at what there is now. */
async function latestVersion(table: TableHandle): Promise<number> {
  await table.engine.checkoutLatest();
  return table.version();
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : value === null || value === undefined ? '' : String(value);
}

const MOST_INT32 = 2 ** 31 - 1;

function integer(value: unknown): number {
  const number = Math.trunc(Number(value ?? 0));
  return Number.isFinite(number) ? Math.max(-MOST_INT32, Math.min(MOST_INT32, number)) : 0;
}

function optional(value: unknown): number | null {
  return value === null || value === undefined ? null : integer(value);
}

/** A list column, a JSON list or words between commas, whichever the version at hand wrote. */
function list(value: unknown): string[] {
  if (value === null || value === undefined || value === '') return [];
  if (typeof value !== 'string') return Array.from(value as Iterable<unknown>, text);
  if (value.startsWith('[')) {
    try {
      const parsed: unknown = JSON.parse(value);
      if (Array.isArray(parsed)) return parsed.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error; // then it is words that begin with a bracket
    }
  }
  return value
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** The row's numbers, or null if one is missing or not finite, or all are zero: such a row matches nothing. */
function floats(value: unknown): Float32Array | null {
  if (value === null || value === undefined) return null;
  const numbers = (value as { toArray(): Float32Array }).toArray();
  let isZero = true;
  for (const number of numbers) {
    if (!Number.isFinite(number)) return null;
    if (number !== 0) isZero = false;
  }
  return isZero ? null : numbers;
}

/** For messages: where the tables of a source lie. */
export function pathOf(layout: Layout, old: OldTables): string {
  return join(layout.indexDir, old.kind === 'single' ? old.table : old.chunks);
}
