// Opens an index for writing: the lock, whole manifests, all tables and a reconciled state.
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Schema } from 'apache-arrow';
import { IndexerError } from '../core/errors.ts';
import { isMarkedClean, readCleanMarker, writeCleanMarker } from './clean-marker.ts';
import type { FileRowCounts } from './file-row-counts.ts';
import { exists, sweepTemporaryFiles } from './files/atomic-file.ts';
import { giveToOwner } from './files/give-to-owner.ts';
import { discardContents, makeDirectories, removeIfEmpty } from './files/index-directory.ts';
import { connect } from './lance/connect.ts';
import { openDurability, quarantineBadHeads, writeChecksums } from './lance/durability.ts';
import { asLostFile } from './lance/engine-failure.ts';
import { addMissingColumns, findMissingColumns } from './lance/missing-columns.ts';
import { type AssertLocked, openTable, type TableHandle } from './lance/table.ts';
import { type Layout, layoutOf } from './layout.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { acquireLock, type Lock, type LockOptions } from './lock/lock.ts';
import { type ExternalImport, importExternalFiles } from './mcp-vector-search/import-external.ts';
import { readRecordedTimes } from './mcp-vector-search/recorded-times.ts';
import { finishVectorSwitch } from './next-vectors.ts';
import { detectLayout, indexMissing, migrationNeeded, type ReadingOptions } from './open-for-reading.ts';
import { recordProject, refuseOtherProject } from './project.ts';
import { type Reconciled, reconcile } from './reconcile.ts';
import { type ChunksStore, chunksStore } from './tables/chunks.ts';
import { CHUNKS_SCHEMA, STRUCTURE_SCHEMA, vectorsSchema } from './tables/schema.ts';
import { type StructureStore, structureStore } from './tables/structure.ts';
import { dimensionOf, type VectorsStore, vectorsStore } from './tables/vectors.ts';

export interface OpenForWritingOptions extends ReadingOptions {
  /** Of the vectors that will be added. */
  readonly dimension: number;
  readonly durability: 'full' | 'fast';
  /** How to wait for another writer; refused at once unless it says otherwise. */
  readonly lock?: LockOptions | undefined;
  /** False refuses an index that is not there with NO_INDEX. */
  readonly creates?: boolean | undefined;
  /** Called under the lock before a table is changed; what it throws leaves the tables as they are. */
  readonly checkModel?: ((layout: Layout) => Promise<void>) | undefined;
}

export interface WritableStores extends AsyncDisposable {
  readonly layout: Layout;
  /** True if there was no index directory before. */
  readonly isNew: boolean;
  /** The root that this index, which lies outside of it, was made for, where that is gone; else null. */
  readonly movedFrom: string | null;
  readonly chunks: ChunksStore;
  readonly vectors: VectorsStore;
  readonly structure: StructureStore;
  readonly ledger: Ledger;
  readonly rowCounts: FileRowCounts;
  readonly lock: Lock;
  /** Files that must be parsed again whatever run.json says. */
  readonly needsReparse: ReadonlySet<string>;
  /** Null unless the tables were found to be mcp-vector-search's, and were taken over. */
  readonly externalImport: ExternalImport | null;
  readonly repairs: Readonly<Record<string, number>>;
  /** Manifests that were not whole and were set aside, and where. */
  readonly quarantined: readonly string[];
  /** Closes an index in which nothing was stored yet and takes its directory away, unless another process is in it. */
  discard(): Promise<void>;
  /** Flushes all three tables, in the order in which their rows depend on each other. */
  makeDurable(): Promise<void>;
  /** At the end of a run that did all it was to do: the next one need not read the tables if nobody writes until then. */
  markClean(): Promise<void>;
  /** Flushes one table; returns the data files that became durable. */
  makeDurableOne(store: { readonly table: TableHandle }): Promise<string[]>;
}

/** Errors: OTHER_PROJECT, NO_INDEX, INDEX_LOCKED, MIGRATION_NEEDED, INDEX_DAMAGED, NOT_WRITABLE, and what `checkModel` throws. */
export async function openForWriting(options: OpenForWritingOptions): Promise<WritableStores> {
  const layout = layoutOf(options.indexDir);
  const found = await detectLayout(options.indexDir);
  if (found === 'code_search') throw migrationNeeded(layout);
  if (found === 'none' && options.creates === false) throw await indexMissing(layout, options.root);
  const isNew = !(await exists(layout.indexDir));
  await refuseOtherProject(layout, options.root);
  await makeDirectories(layout, isNew);
  const lock = await acquireLock(layout.lockFile, options.lock);
  try {
    return await openLocked(layout, lock, { ...options, isNew });
  } catch (error) {
    await lock.release();
    throw asLostFile(error, layout.lanceDir);
  }
}

async function openLocked(
  layout: Layout,
  lock: Lock,
  options: OpenForWritingOptions & { isNew: boolean },
): Promise<WritableStores> {
  // Again, for another project may have come first while we waited.
  const movedFrom = await refuseOtherProject(layout, options.root);
  await giveToOwner(layout.indexDir); // for a kill leaves what is there by then
  for (const directory of [layout.tandemDir, layout.indexDir]) await sweepTemporaryFiles(directory);
  await finishVectorSwitch(layout);
  const quarantined: string[] = [];
  for (const path of [layout.chunksTable, layout.vectorsTable, layout.structureTable]) {
    const moved = await quarantineBadHeads(path, layout.quarantineDir);
    quarantined.push(...moved.map((name) => join(basename(path), name)));
  }
  await options.checkModel?.(layout);
  const assertLocked: AssertLocked = () => lock.assertHeld();
  const durability = openDurability(options.durability);
  const shared = await connect(layout.lanceDir);
  const own = await connect(layout.structureDir);
  const hadTables = (await exists(layout.chunksTable)) && (await exists(layout.vectorsTable));
  const open = (connection: typeof shared, path: string, schema: Schema) =>
    openTable(connection, path, { schema, assertLocked, created: (table) => durability.makeDurable(table) });
  const chunksTable = await open(shared, layout.chunksTable, CHUNKS_SCHEMA);
  const vectorsTable = await openVectors(
    layout,
    options.dimension,
    (schema) => open(shared, layout.vectorsTable, schema),
    assertLocked,
  );
  const dimension = await dimensionOf(vectorsTable);
  const structureTable = await open(own, layout.structureTable, STRUCTURE_SCHEMA);
  const missing = await findMissingColumns(chunksTable, CHUNKS_SCHEMA);
  const missingInVectors = await findMissingColumns(vectorsTable, vectorsSchema(dimension));
  const isReplaced = missingInVectors.length > 0;
  // A checkpoint speaks of versions of a table that is gone.
  if (isReplaced || !hadTables) await rm(layout.checkpointFile, { force: true });
  await addMissingColumns(chunksTable, missing, assertLocked);
  await addMissingColumns(vectorsTable, missingInVectors, assertLocked);
  const chunks = chunksStore(chunksTable);
  const vectors = vectorsStore(vectorsTable, { dimension, projectName: basename(options.root) });
  const structure = structureStore(structureTable);
  const ledger = await openLedger(layout.ledgerFile);
  const externalImport = await importExternalFiles({
    root: options.root,
    chunks,
    vectors,
    structure,
    ledger,
    isReplaced,
    recordedTimes: () => readRecordedTimes(layout, options.root),
  });
  const marked = await readCleanMarker(layout, ledger.files);
  const { rowCounts, needsReparse, repairs }: Reconciled =
    marked === null
      ? await reconcile({ chunks, vectors, structure })
      : { rowCounts: marked, needsReparse: new Set(), repairs: {} };
  await recordProject(layout, options.root);
  const makeDurable = async () => {
    for (const table of [structureTable, chunksTable, vectorsTable]) await durability.makeDurable(table.path);
  };
  return {
    layout,
    isNew: options.isNew,
    movedFrom,
    chunks,
    vectors,
    structure,
    ledger,
    rowCounts,
    lock,
    needsReparse,
    externalImport,
    repairs,
    quarantined,
    makeDurable,
    makeDurableOne: (store) => durability.makeDurable(store.table.path),
    async markClean() {
      // What is not flushed may be other bytes under the same stamps after a power cut.
      if (options.durability !== 'full' || (await isMarkedClean(layout))) return;
      await makeDurable();
      // Without it only time is lost, so that a full disk is no reason to fail; an older one does not hold any more.
      await writeCleanMarker(layout, ledger.files, rowCounts).catch(() => undefined);
    },
    async discard() {
      for (const table of [chunksTable, vectorsTable, structureTable]) table.close();
      await discardContents(layout);
      await lock.release();
      await removeIfEmpty(layout.tandemDir);
      await removeIfEmpty(layout.indexDir);
    },
    async [Symbol.asyncDispose]() {
      for (const table of [chunksTable, vectorsTable, structureTable]) table.close();
      if (await isHeld(lock)) await writeChecksums([layout.chunksTable, layout.vectorsTable, layout.structureTable]);
      await giveToOwner(layout.indexDir);
      await lock.release();
    },
  };
}

async function isHeld(lock: Lock): Promise<boolean> {
  return lock.assertHeld().then(
    () => true,
    () => false, // it is another's index now
  );
}

/** An empty table takes the length of the model's vectors; one with rows keeps its own. */
async function openVectors(
  layout: Layout,
  dimension: number,
  open: (schema: Schema) => Promise<TableHandle>,
  assertLocked: AssertLocked,
): Promise<TableHandle> {
  const table = await open(vectorsSchema(dimension));
  const isEmpty = (await table.count()) === 0;
  if (!isEmpty) await refuseOtherNumbers(layout, table);
  if ((await dimensionOf(table)) === dimension) return table;
  if (isEmpty) {
    table.close();
    await assertLocked();
    await rm(layout.vectorsTable, { recursive: true });
    return open(vectorsSchema(dimension));
  }
  return table;
}

/** mcp-vector-search may store 16 or 64 bits a number; to mix them with ours would change either. */
async function refuseOtherNumbers(layout: Layout, table: TableHandle): Promise<void> {
  const type = String((await table.engine.schema()).fields.find(({ name }) => name === 'vector')?.type);
  if (/^FixedSizeList\[\d+\]<Float32>$/.test(type)) return;
  const message = `the vectors in ${layout.vectorsTable} are of type ${type}, not of 32-bit numbers`;
  throw new IndexerError('INDEX_DAMAGED', message, {
    hint: `no row was changed; move ${layout.vectorsTable} away, and tandem index embeds its chunks again`,
  });
}
