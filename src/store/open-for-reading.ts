// What an index directory holds, and its tables opened for readers, who take no lock and change nothing.
import { basename, dirname, join } from 'node:path';
import { IndexerError } from '../core/errors.ts';
import { allEnded } from '../core/iterate.ts';
import { exists } from './files/atomic-file.ts';
import { connect } from './lance/connect.ts';
import { hasWholeHead } from './lance/durability.ts';
import { findMissingColumns } from './lance/missing-columns.ts';
import { type AssertLocked, isEmptyShell, openTable, type TableHandle } from './lance/table.ts';
import { type Layout, layoutOf } from './layout.ts';
import { readNextVectors } from './next-vectors.ts';
import { refuseOtherProject } from './project.ts';
import { type ChunksStore, chunksStore } from './tables/chunks.ts';
import { vectorsSchema } from './tables/schema.ts';
import { dimensionOf, type VectorsStore, vectorsStore } from './tables/vectors.ts';

export interface ReadingOptions {
  readonly root: string;
  readonly indexDir: string;
}

export interface ReadableStores extends AsyncDisposable {
  readonly layout: Layout;
  readonly chunks: ChunksStore;
  /** Null where no chunk has been embedded and no table of vectors exists yet. */
  readonly vectors: VectorsStore | null;
  /** Hierarchy and metrics of our own chunks; null where no such table is there. Opened when first asked for. */
  readonly structure: () => Promise<TableHandle | null>;
  /** Calls it, before the tables are closed. */
  readonly whenClosed: (close: () => Promise<void>) => void;
}

const NO_COMMITS: AssertLocked = () => Promise.reject(new Error('a reader does not write'));

/**
 * What the index directory holds: no table, an older layout (`code_search` stands for all of them), or today's tables.
 * `chunks.lance` alone is today's layout: an index whose chunks wait for their vectors.
 */
export async function detectLayout(indexDir: string): Promise<'none' | 'code_search' | 'dual-table'> {
  const layout = layoutOf(indexDir);
  const { single, chunks } = layout.oldTables;
  const isAnyThere = async (names: readonly string[]) => {
    for (const name of names) if (await exists(join(layout.indexDir, name))) return true;
    return false;
  };
  if (await exists(layout.chunksTable)) {
    // Releases 2.3 and 2.4 begin the two tables beside the old one, which still has the vectors.
    const isBegun = !(await exists(layout.vectorsTable)) && (await isAnyThere(single));
    return isBegun ? 'code_search' : 'dual-table';
  }
  return (await isAnyThere([...single, chunks])) ? 'code_search' : 'none';
}

/**
 * Whether the chunks table is missing from an index of which other parts are still there. Readers refuse such an index
 * as damaged; a writing command parses the files again.
 */
export async function hasLostChunks(layout: Layout): Promise<boolean> {
  if ((await detectLayout(layout.indexDir)) !== 'none') return false;
  return (await exists(layout.vectorsTable)) || (await exists(layout.runFile));
}

/** Takes no lock. Errors: NO_INDEX, MIGRATION_NEEDED, OTHER_PROJECT, INDEX_DAMAGED. */
export async function openForReading(options: ReadingOptions): Promise<ReadableStores> {
  const layout = layoutOf(options.indexDir);
  const found = await detectLayout(options.indexDir);
  if (found === 'code_search') throw migrationNeeded(layout);
  if (found === 'none') throw await indexMissing(layout, options.root);
  await refuseOtherProject(layout, options.root);
  const vectorsPath = await vectorsInUse(layout);
  for (const path of vectorsPath === null ? [layout.chunksTable] : [layout.chunksTable, vectorsPath]) {
    if (await hasWholeHead(path)) continue;
    throw new IndexerError('INDEX_DAMAGED', `the newest version of ${path} was not written whole`, {
      hint: 'run `tandem index`: it goes back to the version before and completes it',
    });
  }
  const connection = await connect(layout.lanceDir);
  const open = async (path: string) => {
    const own = dirname(path) === layout.lanceDir ? connection : await connect(dirname(path));
    return openTable(own, path, { schema: null, assertLocked: NO_COMMITS });
  };
  const chunksTable = await open(layout.chunksTable);
  const vectorsTable = vectorsPath === null ? null : await open(vectorsPath);
  const closers: (() => Promise<void>)[] = [];
  let structure: Promise<TableHandle | null> | null = null;
  const openStructure = async () => {
    const path = layout.structureTable;
    if (!(await exists(path)) || (await isEmptyShell(path)) || !(await hasWholeHead(path))) return null;
    const table = await open(path);
    closers.push(async () => table.close());
    return table;
  };
  return {
    layout,
    chunks: chunksStore(chunksTable),
    vectors:
      vectorsTable &&
      vectorsStore(vectorsTable, { dimension: await dimensionOf(vectorsTable), projectName: basename(options.root) }),
    structure: () => {
      structure ??= openStructure();
      return structure;
    },
    whenClosed: (close) => void closers.push(close),
    async [Symbol.asyncDispose]() {
      await allEnded(closers.map((close) => close()));
      chunksTable.close();
      vectorsTable?.close();
    },
  };
}

/** Why an index without a chunks table cannot be used: there is none, or it lost that table. */
export async function indexMissing(layout: Layout, root: string): Promise<IndexerError> {
  if (!(await hasLostChunks(layout))) return noIndex({ root, indexDir: layout.indexDir });
  return new IndexerError(
    'INDEX_DAMAGED',
    `${layout.chunksTable} is missing, though other parts of the index are there`,
    {
      hint: `restore it from a backup, or parse the files again with: \`tandem index ${root}\``,
    },
  );
}

export function noIndex({ root, indexDir }: ReadingOptions): IndexerError {
  return new IndexerError('NO_INDEX', `there is no index in ${indexDir}`, {
    hint: `make one with: \`tandem index ${root}\``,
  });
}

/** The path of the vectors that search reads; null where there are none yet. */
async function vectorsInUse(layout: Layout): Promise<string | null> {
  if (await exists(layout.vectorsTable)) return layout.vectorsTable;
  // Between the two renames of a switch to new vectors the old ones still answer, and run.json still names their model.
  const isSwitching = (await readNextVectors(layout))?.state === 'switching';
  return isSwitching && (await exists(layout.retiredVectorsTable)) ? layout.retiredVectorsTable : null;
}

/** What the stored vectors say of the model that made them; null where there are none, or where they cannot be read. */
export async function peekVectors(
  layout: Layout,
): Promise<{ readonly dimension: number; readonly isOurs: boolean; names(): Promise<string[]> } | null> {
  const path = layout.vectorsTable;
  if (!(await exists(path)) || !(await hasWholeHead(path)) || (await isEmptyShell(path))) return null;
  const open = async () => openTable(await connect(layout.lanceDir), path, { schema: null, assertLocked: NO_COMMITS });
  const table = await open();
  try {
    if ((await table.count()) === 0) return null;
    const dimension = await dimensionOf(table);
    const isOurs = (await findMissingColumns(table, vectorsSchema(dimension))).length === 0;
    return { dimension, isOurs, names: async () => namesIn(await open()) };
  } finally {
    table.close();
  }
}

/** Closes the table. */
async function namesIn(table: TableHandle): Promise<string[]> {
  try {
    const names = new Set<string>();
    for await (const rows of table.scan({ columns: ['model_version'] })) {
      for (const name of rows.strings('model_version')) names.add(name ?? '');
    }
    return [...names];
  } finally {
    table.close();
  }
}

/** An old layout stands in the way of reading and writing. */
export function migrationNeeded(layout: Layout): IndexerError {
  return new IndexerError('MIGRATION_NEEDED', `${layout.indexDir} holds an index in an old layout`, {
    hint: 'nothing was changed; `tandem migrate --to-dual-table` converts it and keeps a backup, and so does `tandem index`',
  });
}
