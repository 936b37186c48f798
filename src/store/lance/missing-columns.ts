// Tables that mcp-vector-search made lack columns: ours, and those that mcp-vector-search had not yet before 2.8.
import type { Field, Schema } from 'apache-arrow';
import { IndexerError } from '../../core/errors.ts';
import type { AssertLocked, TableHandle } from './table.ts';

// Nothing, in words that the engine takes for nullable: a column that may not be NULL makes mcp-vector-search's appends fail.
const EMPTY_TEXT = 'left(chunk_id, 0)';
const EMPTY_LIST = 'array_slice(make_array(chunk_id), 2, 1)';

/** What a row holds that was written without the column. NULL in ours marks a row of mcp-vector-search. */
const VALUES: Readonly<Record<string, string>> = {
  last_author: EMPTY_TEXT,
  last_modified: EMPTY_TEXT,
  commit_hash: EMPTY_TEXT,
  calls: EMPTY_LIST,
  imports: EMPTY_LIST,
  inherits_from: EMPTY_LIST,
  function_name: EMPTY_TEXT,
  class_name: EMPTY_TEXT,
  project_name: EMPTY_TEXT,
  embedding_batch_id: 'CAST(NULL AS int)',
  parent_chunk_id: 'CAST(NULL AS string)',
  tandem_recipe: 'CAST(NULL AS string)',
};

/** Columns that come with the first run of ours. */
export const LATER_COLUMNS: ReadonlySet<string> = new Set(Object.keys(VALUES));

/** Errors: INDEX_DAMAGED if a column is missing whose values nobody can know. */
export async function findMissingColumns(table: TableHandle, schema: Schema): Promise<Field[]> {
  const present = new Set(await table.columns());
  const missing = schema.fields.filter(({ name }) => !present.has(name));
  const lost = missing.filter(({ name }) => !LATER_COLUMNS.has(name)).map(({ name }) => name);
  if (lost.length === 0) return missing;
  throw new IndexerError('INDEX_DAMAGED', `the table ${table.path} lacks the columns ${lost.join(', ')}`, {
    hint: 'nothing was changed; it is no index of code. Move it away and index again, or use another directory with --index-dir',
  });
}

/** One commit. */
export async function addMissingColumns(
  table: TableHandle,
  missing: readonly Field[],
  assertLocked: AssertLocked,
): Promise<void> {
  if (missing.length === 0) return;
  await assertLocked();
  await table.engine.addColumns(missing.map(({ name }) => ({ name, valueSql: VALUES[name]! })));
}
