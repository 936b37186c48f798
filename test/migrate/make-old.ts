// Projects with an index of an old layout: real files, and tables as mcp-vector-search's versions wrote them.
import { cp, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@lancedb/lancedb';
import { type DataType, Field, FixedSizeList, Float32, Float64, Int32, Int64, List, Schema, Utf8 } from 'apache-arrow';
import { toArrow } from '../../src/store/lance/arrow.ts';
import { sha256, vectorOf } from '../store/make.ts';

export const INDEX = '.mcp-vector-search';
const MODEL = {
  model_id: 'sentence-transformers/all-MiniLM-L6-v2',
  dimension: 384,
  pooling: 'mean' as const,
  normalized: true,
  tokenizer_sha256: 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
};

export function targetOf(root: string) {
  return { root, indexDir: join(root, INDEX), model: MODEL };
}

export interface MadeRow {
  readonly id: string;
  /** Relative to the root. */
  readonly path: string;
  readonly content: string;
  readonly className: string;
  readonly functionName: string;
  readonly parentId: string;
  readonly startLine: number;
  readonly endLine: number;
}

/** A class with `methods` methods per file, one row each; ids are made of the paths. */
export function makeRows(files: number, methods: number): MadeRow[] {
  const rows: MadeRow[] = [];
  for (let file = 0; file < files; file++) {
    const path = file % 3 === 0 ? `it's/deep "${file}".py` : `src/file${file}.py`;
    const className = `Shop${file}`;
    const parentId = sha256(`${path}:${className}`).slice(0, 16);
    rows.push({
      id: parentId,
      path,
      content: `class ${className}:\n    """Sells things, größe ${file}."""`,
      className,
      functionName: '',
      parentId: '',
      startLine: 1,
      endLine: 2 + 3 * methods,
    });
    for (let method = 0; method < methods; method++) {
      const functionName = `sell_${method}`;
      rows.push({
        id: sha256(`${path}:${functionName}`).slice(0, 16),
        path,
        content: `    def ${functionName}(self, n):\n        return n * ${method}`,
        className,
        functionName,
        parentId,
        startLine: 3 + 3 * method,
        endLine: 4 + 3 * method,
      });
    }
  }
  return rows;
}

/** Writes the files that the rows were cut from: each row's content begins at the row's line. */
export async function writeFiles(root: string, rows: readonly MadeRow[]): Promise<void> {
  const texts = new Map<string, string[]>();
  for (const { path, content, startLine } of rows) {
    const lines = texts.get(path) ?? [];
    texts.set(path, lines);
    if (lines.length > startLine - 1) throw new Error(`rows of ${path} overlap at line ${startLine}`);
    while (lines.length < startLine - 1) lines.push('');
    lines.push(...content.split('\n'));
  }
  for (const [path, lines] of texts) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), `${lines.join('\n')}\n`);
  }
}

/** How a table differs from that of another version of the tool. */
export interface Variant {
  readonly table?: string;
  /** Optional columns that are there; all if left out. */
  readonly columns?: readonly string[];
  readonly wide?: boolean;
  /** What stands where nothing is known. */
  readonly empty?: null | '';
  /** Under which root the rows were written; today's if left out. */
  readonly oldRoot?: string;
  readonly dimension?: number;
  /** Values that replace those of a row, by position. */
  readonly changed?: Readonly<Record<number, Readonly<Record<string, unknown>>>>;
}

export const OPTIONAL_COLUMNS = [
  'chunk_id',
  'language',
  'chunk_type',
  'function_name',
  'class_name',
  'docstring',
  'imports',
  'calls',
  'complexity_score',
  'parent_chunk_id',
  'child_chunk_ids',
  'chunk_depth',
  'decorators',
  'subproject_name',
  'cognitive_complexity',
  'cyclomatic_complexity',
  'max_nesting_depth',
  'parameter_count',
  'lines_of_code',
  'complexity_grade',
  'code_smells',
  'smell_count',
  'last_author',
  'last_modified',
  'commit_hash',
  'inherits_from',
  'return_type',
  'subproject_path',
  'nlp_keywords',
  'nlp_code_refs',
  'nlp_technical_terms',
  'quality_score',
] as const;

const NUMBERS = new Set([
  'start_line',
  'end_line',
  'chunk_depth',
  'cognitive_complexity',
  'cyclomatic_complexity',
  'max_nesting_depth',
  'parameter_count',
  'lines_of_code',
  'smell_count',
  'quality_score',
]);

/** Writes a single table of the old layout with its JSON files. */
export async function writeSingleTable(root: string, rows: readonly MadeRow[], variant: Variant = {}): Promise<void> {
  const { table = 'code_search', columns = OPTIONAL_COLUMNS, wide = true, empty = '', dimension = 384 } = variant;
  const oldRoot = variant.oldRoot ?? root;
  const names = ['id', 'vector', 'content', 'file_path', 'start_line', 'end_line', ...columns];
  const values = rows.map((row, index) => ({ ...singleValues(row, oldRoot, empty), ...variant.changed?.[index] }));
  await writeTable(join(root, INDEX), table, names, values, { wide, dimension });
  await writeSettings(root, oldRoot, rows);
}

function singleValues(row: MadeRow, oldRoot: string, empty: null | ''): Record<string, unknown> {
  return {
    id: row.id,
    chunk_id: row.id,
    vector: vectorOf(row.id),
    content: row.content,
    file_path: `${oldRoot}/${row.path}`,
    start_line: row.startLine,
    end_line: row.endLine,
    language: 'python',
    chunk_type: row.functionName ? 'function' : 'class',
    function_name: row.functionName || empty,
    class_name: row.className || empty,
    docstring: empty,
    imports: '["import os", {"module": "sys"}]',
    calls: 'print,len',
    complexity_score: 3.7,
    parent_chunk_id: row.parentId || empty,
    child_chunk_ids: empty,
    chunk_depth: row.parentId ? 2 : 1,
    decorators: empty,
    subproject_name: empty,
    cognitive_complexity: 4,
    cyclomatic_complexity: 3,
    max_nesting_depth: 2,
    parameter_count: 1,
    lines_of_code: 2,
    complexity_grade: 'B',
    code_smells: '["long_method"]',
    smell_count: 1,
    last_author: 'Ada',
    last_modified: '2026-01-31',
    commit_hash: 'c0ffee',
    inherits_from: row.functionName ? empty : 'Base,Mixin',
    return_type: empty,
    subproject_path: 'shops/north',
    nlp_keywords: 'sell,things',
    nlp_code_refs: empty,
    nlp_technical_terms: 'API',
    quality_score: empty === null ? null : 80,
  };
}

export interface SplitOptions {
  readonly place?: string;
  /** As mcp-vector-search's own migration left them. */
  readonly copied?: boolean;
  readonly hashes?: boolean;
  /** Positions of the rows that have a vector; all if left out. */
  readonly withVectors?: readonly number[];
  readonly model?: string;
  /** With the columns of releases 2.2.7 to 2.7 only. */
  readonly early?: boolean;
  /** Commits that the rows come in. */
  readonly commits?: number;
}

/** Writes chunks and vectors side by side: at `place` (below the index directory, '' for the misplaced ones). */
export async function writeSplitTables(
  root: string,
  rows: readonly MadeRow[],
  options: SplitOptions = {},
): Promise<void> {
  const { place = '', copied = false, hashes = true } = options;
  const isLate = place === 'lance' && !options.early;
  const directory = join(root, INDEX, place);
  const embedded = new Set(options.withVectors ?? rows.keys());
  const chunkNames =
    'chunk_id file_path file_hash content language start_line end_line chunk_type name start_char end_char parent_name hierarchy_path docstring signature complexity token_count embedding_status embedding_batch_id created_at updated_at error_message';
  const extra = isLate ? ' last_author last_modified commit_hash calls imports inherits_from' : '';
  const chunkValues = [];
  const hashOf = new Map<string, string>();
  for (const [index, row] of rows.entries()) {
    const name = row.functionName || row.className;
    const hash = hashOf.get(row.path) ?? sha256(await readFile(join(root, row.path), 'utf8'));
    hashOf.set(row.path, hash);
    chunkValues.push({
      chunk_id: row.id,
      file_path: copied ? `${root}/${row.path}` : row.path,
      file_hash: copied || !hashes ? '' : hash,
      content: row.content,
      language: 'python',
      start_line: row.startLine,
      end_line: row.endLine,
      chunk_type: row.functionName ? 'function' : 'class',
      name,
      start_char: 0,
      end_char: 0,
      parent_name: copied ? row.parentId : '',
      hierarchy_path: row.functionName ? `${row.className}.${row.functionName}` : name,
      docstring: '',
      signature: '',
      complexity: 2,
      token_count: 0,
      embedding_status: embedded.has(index) ? 'complete' : 'pending',
      embedding_batch_id: embedded.has(index) ? 1_790_000_000 : 0,
      created_at: '2026-02-05T10:00:00',
      updated_at: '2026-02-05T10:00:00',
      error_message: '',
      last_author: '',
      last_modified: '',
      commit_hash: '',
      calls: ['print'],
      imports: [],
      inherits_from: [],
    });
  }
  const types = { wide: copied, dimension: 384, commits: options.commits ?? 1 };
  await writeTable(directory, 'chunks', `${chunkNames}${extra}`.split(' '), chunkValues, types);
  await writeSettings(root, root, rows);
  if (options.withVectors?.length === 0) return;
  const vectorNames =
    'chunk_id vector file_path content language start_line end_line chunk_type name hierarchy_path embedded_at model_version';
  const moreNames = isLate ? ' function_name class_name project_name' : '';
  const vectorValues = chunkValues
    .filter((_, index) => embedded.has(index))
    .map((chunk) => ({
      ...chunk,
      vector: vectorOf(chunk.chunk_id),
      content: copied ? chunk.content.slice(0, 5) : chunk.content,
      function_name: '',
      class_name: '',
      project_name: '',
      embedded_at: '2026-02-05T10:00:00',
      model_version: copied ? 'migrated' : (options.model ?? MODEL.model_id),
    }));
  await writeTable(directory, 'vectors', `${vectorNames}${moreNames}`.split(' '), vectorValues.reverse(), types);
}

const SPLIT_NUMBERS = new Set(['start_char', 'end_char', 'complexity', 'token_count', 'embedding_batch_id']);
const LISTS = new Set(['calls', 'imports', 'inherits_from']);

async function writeTable(
  directory: string,
  name: string,
  columns: readonly string[],
  rows: readonly Record<string, unknown>[],
  { wide, dimension, commits = 1 }: { wide: boolean; dimension: number; commits?: number },
): Promise<void> {
  const typeOf = (column: string): DataType => {
    if (column === 'vector') return new FixedSizeList(dimension, new Field('item', new Float32(), true));
    if (column === 'complexity_score') return new Float64();
    if (NUMBERS.has(column) || SPLIT_NUMBERS.has(column)) return wide ? new Int64() : new Int32();
    return LISTS.has(column) && Array.isArray(rows[0]?.[column])
      ? new List(new Field('item', new Utf8(), true))
      : new Utf8();
  };
  const schema = new Schema(columns.map((column) => new Field(column, typeOf(column), true)));
  await mkdir(directory, { recursive: true });
  const connection = await connect(directory);
  const table = await connection.createEmptyTable(name, schema);
  const size = Math.ceil(rows.length / commits);
  for (let first = 0; first < rows.length; first += size) {
    const data: Record<string, ArrayLike<unknown>> = {};
    for (const column of columns) {
      const isWide = typeOf(column) instanceof Int64;
      const values = rows.slice(first, first + size).map(({ [column]: value }) => {
        return isWide && typeof value === 'number' ? BigInt(value) : value;
      });
      data[column] = column === 'vector' ? joined(values, dimension) : values;
    }
    await table.add(toArrow(schema, data));
  }
  table.close();
  connection.close();
}

/** One array where every row has its vector: cell by cell it takes minutes for many. */
function joined(vectors: readonly unknown[], dimension: number): ArrayLike<unknown> {
  if (!vectors.every((vector) => vector instanceof Float32Array && vector.length === dimension)) return vectors;
  const all = new Float32Array(vectors.length * dimension);
  for (const [row, vector] of vectors.entries()) all.set(vector as Float32Array, row * dimension);
  return all;
}

/** mcp-vector-search's settings and its list of modification times, as the files have them now. */
async function writeSettings(root: string, oldRoot: string, rows: readonly { path: string }[]): Promise<void> {
  const times: Record<string, number> = {};
  for (const path of new Set(rows.map((row) => row.path))) {
    const { mtimeNs } = await stat(join(root, path), { bigint: true });
    times[`${oldRoot}/${path}`] = Number(mtimeNs) * 1e-9;
  }
  const config = { project_root: oldRoot, index_path: `${oldRoot}/${INDEX}`, embedding_model: MODEL.model_id };
  await writeFile(join(root, INDEX, 'config.json'), JSON.stringify(config));
  const metadata = { index_version: '2.2.5', indexed_at: '2026-02-03T10:00:00+00:00', file_mtimes: times };
  await writeFile(join(root, INDEX, 'index_metadata.json'), JSON.stringify(metadata));
}

/** A project with files, and a single old table over them. */
export async function makeOldProject(
  root: string,
  variant: Variant = {},
  size = { files: 4, methods: 3 },
): Promise<MadeRow[]> {
  const rows = makeRows(size.files, size.methods);
  await writeFiles(root, rows);
  await writeSingleTable(root, rows, variant);
  return rows;
}

const fixture = fileURLToPath(new URL('../../fixtures/indexes/code_search-2.2.5/', import.meta.url));

/** The index that the real mcp-vector-search 2.2.5 wrote, over its project, with the times it recorded. */
export async function copyRealProject(root: string): Promise<void> {
  await cp(join(fixture, 'project'), root, { recursive: true });
  await cp(join(fixture, 'index'), join(root, INDEX), { recursive: true });
  const metadata = JSON.parse(await readFile(join(root, INDEX, 'index_metadata.json'), 'utf8')) as {
    file_mtimes: Record<string, number>;
  };
  for (const [path, seconds] of Object.entries(metadata.file_mtimes)) {
    await utimes(path.replace('/srv/orchard', root), seconds, seconds);
  }
}

/** Hash of every file below a directory, but for our own folder and the lock. */
export async function bytesOf(directory: string): Promise<Record<string, string>> {
  const bytes: Record<string, string> = {};
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(directory.length + 1);
    if (entry.isFile() && !path.startsWith('tandem'))
      bytes[path] = sha256((await readFile(join(directory, path))).toString('base64'));
  }
  return bytes;
}
