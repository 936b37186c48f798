// The oldest layout: one table with text and vector in a row (`code_search`, before that `code_chunks`).
import type { TableHandle } from '../store/lance/table.ts';
import { latestVersion, reading } from './detect.ts';
import { type OldBatch, placesOf, sharedColumns } from './old-batch.ts';
import { type OldColumns, readColumns } from './old-columns.ts';
import type { OldSource } from './old-source.ts';

const COLUMNS = new Set(
  (
    'id chunk_id vector content file_path file_hash start_line end_line language chunk_type function_name class_name ' +
    'docstring imports calls inherits_from complexity_score parent_chunk_id chunk_depth subproject_name ' +
    'cognitive_complexity cyclomatic_complexity max_nesting_depth parameter_count lines_of_code complexity_grade ' +
    'code_smells last_author last_modified commit_hash'
  ).split(' '),
);

/** Said by other columns too: parents by `parent_chunk_id`, their number by `code_smells`. */
const DERIVED = new Set(['child_chunk_ids', 'smell_count']);

export function singleSource(table: TableHandle, present: readonly string[], dimension: number): OldSource {
  const read = (wanted: ReadonlySet<string>, limit?: number) =>
    readColumns(
      table,
      present.filter((name) => wanted.has(name)),
      limit,
    );
  const leftover = present.filter((name) => !COLUMNS.has(name) && !DERIVED.has(name));
  return {
    hasLeftover: leftover.length > 0,
    async *rows({ limit }) {
      const wanted = new Set([...COLUMNS, ...leftover]);
      for await (const batch of read(wanted, limit)) yield oldBatch(batch, dimension, leftover);
    },
    async *facts() {
      for await (const batch of read(new Set(['id', 'chunk_id', 'file_path', 'file_hash', 'start_line', 'end_line']))) {
        const { isSound } = placesOf(batch);
        yield { id: idsOf(batch), path: batch.strings('file_path'), fileHash: batch.strings('file_hash'), isSound };
      }
    },
    async *texts(limit) {
      for await (const batch of read(new Set(['id', 'chunk_id', 'content']), limit)) {
        yield { id: idsOf(batch), content: batch.texts('content') };
      }
    },
    async *vectors(limit) {
      for await (const batch of read(new Set(['id', 'chunk_id', 'vector']), limit)) {
        yield { id: idsOf(batch), vectors: batch.vectors('vector', dimension) };
      }
    },
    countVectors: () => reading(table.path, () => table.count('vector IS NOT NULL')),
    models: () => Promise.resolve([]),
    version: async () => String(await latestVersion(table)),
    [Symbol.dispose]: () => table.close(),
  };
}

/** Under either name; they hold the same where both are there. */
function idsOf(batch: OldColumns): string[] {
  const ids = batch.strings('chunk_id');
  if (!ids.includes('')) return ids;
  const others = batch.strings('id');
  return ids.map((id, row) => id || others[row]!);
}

function oldBatch(batch: OldColumns, dimension: number, leftover: readonly string[]): OldBatch {
  const [functionName, className] = [batch.strings('function_name'), batch.strings('class_name')];
  const name = functionName.map((own, row) => own || className[row]!);
  return {
    ...sharedColumns(batch),
    id: idsOf(batch),
    name,
    functionName,
    className,
    breadcrumb: name.map((own, row) => (functionName[row] && className[row] ? `${className[row]}.${own}` : own)),
    parentName: className.map((outer, row) => (functionName[row] ? outer : '')),
    parentId: batch.strings('parent_chunk_id'),
    oldDepth: batch.integers('chunk_depth'),
    complexity: batch.integers('complexity_score'),
    projectName: batch.strings('subproject_name'),
    cyclomatic: batch.optionalIntegers('cyclomatic_complexity'),
    cognitive: batch.optionalIntegers('cognitive_complexity'),
    nesting: batch.optionalIntegers('max_nesting_depth'),
    parameters: batch.optionalIntegers('parameter_count'),
    lines: batch.optionalIntegers('lines_of_code'),
    grade: batch.strings('complexity_grade'),
    leftover: batch.json(leftover),
    vectors: batch.vectors('vector', dimension),
  };
}
