// Rows of any old table in one shape, by column. Texts that are only carried over stay bytes.
import { selectLists, selectTexts, type TextColumn, type TextListColumn } from '../store/lance/columns.ts';
import { type OldColumns, type OptionalIntegers, orDefault, type VectorColumn } from './old-columns.ts';

/** Every column has a value for each row; paths are still as the old table has them. */
export interface OldBatch {
  readonly id: readonly string[];
  readonly path: readonly string[];
  readonly content: TextColumn;
  readonly language: TextColumn;
  readonly startLine: Int32Array;
  readonly endLine: Int32Array;
  readonly kind: TextColumn;
  readonly name: readonly string[];
  readonly functionName: readonly string[];
  readonly className: readonly string[];
  readonly breadcrumb: readonly string[];
  /** The name of the parent, or its id in tables that mcp-vector-search's own migration made. */
  readonly parentName: readonly string[];
  readonly parentId: readonly string[];
  /** Steps below the parent's file, where the old table counts them; 0 if it does not. */
  readonly oldDepth: Int32Array;
  readonly docstring: TextColumn;
  readonly signature: TextColumn;
  readonly complexity: Int32Array;
  readonly calls: TextListColumn;
  readonly imports: TextListColumn;
  readonly inheritsFrom: TextListColumn;
  readonly lastAuthor: TextColumn;
  readonly lastModified: TextColumn;
  readonly commitHash: TextColumn;
  readonly projectName: readonly string[];
  readonly cyclomatic: OptionalIntegers;
  readonly cognitive: OptionalIntegers;
  readonly nesting: OptionalIntegers;
  readonly parameters: OptionalIntegers;
  readonly lines: OptionalIntegers;
  readonly grade: readonly string[];
  readonly smells: TextListColumn;
  /** JSON of what the old table says and no table of today has a column for; '' where that is nothing. */
  readonly leftover: readonly string[];
  readonly vectors: VectorColumn;
}

/** What `integers` gives for a number that is larger still. */
const LARGEST_LINE = 2 ** 31 - 2;

/**
 * Lines as an index may hold them: from 1 on, none ending before it begins. Where the table says otherwise (NULL, not a
 * number, beyond 32 bits) `isSound` is false, and the file has to be parsed again.
 */
export function placesOf(batch: OldColumns): { startLine: Int32Array; endLine: Int32Array; isSound: boolean[] } {
  const [starts, ends] = [batch.integers('start_line'), batch.integers('end_line')];
  const isSound = Array.from(starts, (start, row) => start >= 1 && ends[row]! >= start && ends[row]! <= LARGEST_LINE);
  const startLine = starts.map((start) => Math.min(LARGEST_LINE, Math.max(1, start)));
  const endLine = ends.map((end, row) => Math.min(LARGEST_LINE, Math.max(startLine[row]!, end)));
  return { startLine, endLine, isSound };
}

/** The columns that both layouts have under the same names. */
export function sharedColumns(batch: OldColumns) {
  const { startLine, endLine } = placesOf(batch);
  return {
    path: batch.strings('file_path'),
    content: batch.texts('content'),
    language: orDefault(batch.texts('language'), 'text'),
    startLine,
    endLine,
    kind: orDefault(batch.texts('chunk_type'), 'text'),
    docstring: batch.texts('docstring'),
    signature: batch.texts('signature'),
    calls: batch.lists('calls'),
    imports: batch.lists('imports'),
    inheritsFrom: batch.lists('inherits_from'),
    lastAuthor: batch.texts('last_author'),
    lastModified: batch.texts('last_modified'),
    commitHash: batch.texts('commit_hash'),
    smells: batch.lists('code_smells'),
  };
}

/** The given rows, in that order. */
export function selectRows(batch: OldBatch, rows: readonly number[]): OldBatch {
  if (rows.length === batch.id.length) return batch;
  const select = (column: OldBatch[keyof OldBatch]): unknown => {
    if ('isThere' in column) return selectVectors(column, rows);
    if ('items' in column) return selectLists(column, rows);
    if ('bytes' in column) return selectTexts(column, rows);
    if (column instanceof Int32Array) return Int32Array.from(rows, (row) => column[row]!);
    return rows.map((row) => column[row]);
  };
  const entries = Object.entries(batch) as [keyof OldBatch, OldBatch[keyof OldBatch]][];
  return Object.fromEntries(entries.map(([name, column]) => [name, select(column)])) as unknown as OldBatch;
}

export function selectVectors({ numbers, isThere }: VectorColumn, rows: readonly number[]): VectorColumn {
  const width = isThere.length === 0 ? 0 : numbers.length / isThere.length;
  const selected = new Float32Array(rows.length * width);
  for (const [index, row] of rows.entries()) {
    selected.set(numbers.subarray(row * width, (row + 1) * width), index * width);
  }
  return { numbers: selected, isThere: rows.map((row) => isThere[row]!) };
}
