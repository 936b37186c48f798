// An index as a finished run leaves it, made through the stores with ids by the real rule, and ways to spoil it behind
// the stores' back.
import { cp, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, type Table } from '@lancedb/lancedb';
import type { ParsedFile } from '../../src/core/chunk.ts';
import { describeModel } from '../../src/embedding/model/recipe.ts';
import { identify } from '../../src/phase1-parse/chunk/identity.ts';
import { describeFiles, saveCheckpoint } from '../../src/phase2-embed/checkpoint.ts';
import { type Layout, layoutOf } from '../../src/store/layout.ts';
import { replaceFiles } from '../../src/store/replace-files.ts';
import { type RunRecord, writeRunFile } from '../../src/store/run-file.ts';
import type { VerifyPlace } from '../../src/verify/examine.ts';
import { makeFile, openStores, temporaryDirectory, texts, vectorOf, writerOf } from '../store/make.ts';

export const modelDir = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url));
const { identity, recipe } = await describeModel(modelDir);

export const PATHS = ['a.py', 'src/b.py', "src/it's.py"];
const CHUNKS_PER_FILE = 5;
export const CHUNKS = PATHS.length * CHUNKS_PER_FILE;

/** As `makeFile`, with the ids that the chunker gives. */
export function file(path: string, contents: readonly string[] = texts(path, CHUNKS_PER_FILE)): ParsedFile {
  const made = makeFile(path, contents);
  const identities = identify(
    path,
    made.chunks.map((chunk) => ({ ...chunk, definition: null })),
  );
  const ids = new Map(made.chunks.map((chunk, index) => [chunk.chunkId, identities[index]!.chunkId]));
  const chunks = made.chunks.map((chunk) => ({
    ...chunk,
    chunkId: ids.get(chunk.chunkId)!,
    parentChunkId: chunk.parentChunkId && ids.get(chunk.parentChunkId)!,
  }));
  return { ...made, chunks };
}

export type Fixture = { readonly place: VerifyPlace; readonly layout: Layout } & AsyncDisposable;

/** A maker of copies of one index: three files with five chunks each, embedded, marked, with a checkpoint. */
export async function finishedIndexes(): Promise<{ copy(): Promise<Fixture> } & AsyncDisposable> {
  const template = await temporaryDirectory();
  await run(template.path, layoutOf(join(template.path, '.mcp-vector-search')));
  return {
    async copy() {
      const directory = await temporaryDirectory();
      await cp(template.path, directory.path, { recursive: true });
      const root = directory.path;
      const layout = layoutOf(join(root, '.mcp-vector-search'));
      return {
        place: { root, indexDir: layout.indexDir, modelDir },
        layout,
        [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
      };
    },
    [Symbol.asyncDispose]: () => template[Symbol.asyncDispose](),
  };
}

/** What `tandem index` does: reconcile, parse what the ledger lacks or the table does not hold, embed what is pending. */
export async function run(root: string, layout: Layout): Promise<void> {
  await using stores = await openStores(root);
  const files = PATHS.map((path) => file(path)).filter(({ path, sha256, chunks }) => {
    const known = stores.ledger.files.get(path);
    return known?.sha256 !== sha256 || !stores.rowCounts.holds(path, sha256, chunks.length);
  });
  await writeRunFile(layout.runFile, record(null));
  for (const each of files) await replaceFiles(writerOf(stores), [each]);
  await stores.ledger.compact();
  await writeRunFile(layout.runFile, record('2026-01-01T00:00:01.000Z'));
  const batchIds: number[] = [];
  for await (const { batchId, chunks } of stores.chunks.pendingBatches({})) {
    const vectors = new Float32Array(chunks.length * identity.dimension);
    for (const [row, chunk] of chunks.entries()) vectors.set(vectorOf(chunk.chunkId), row * identity.dimension);
    const parentChunkIds = await stores.structure.parentsOf(chunks.map((chunk) => chunk.chunkId));
    await stores.vectors.add({ batchId, chunks, parentChunkIds, vectors, modelId: identity.modelId, recipe });
    batchIds.push(batchId);
  }
  const newFiles = await stores.makeDurableOne(stores.vectors);
  await stores.chunks.markComplete(batchIds);
  await stores.makeDurable();
  if (batchIds.length === 0) return;
  await saveCheckpoint(layout.checkpointFile, {
    schema: 1,
    run_id: 'run',
    last_batch_id: batchIds.at(-1) ?? 0,
    batches_done: batchIds.length,
    chunks_done: CHUNKS,
    chunks_remaining: 0,
    model_id: identity.modelId,
    recipe,
    chunks_version: await stores.chunks.table.version(),
    vectors_version: await stores.vectors.table.version(),
    data_files: await describeFiles(newFiles),
    saved_at: '2026-01-01T00:00:02.000Z',
  });
}

export function record(phase1FinishedAt: string | null): RunRecord {
  const started = '2026-01-01T00:00:00.000Z';
  return {
    schema: 1,
    run_id: 'run',
    started_at: started,
    finished_at: phase1FinishedAt,
    phase1: {
      started_at: started,
      finished_at: phase1FinishedAt,
      scan_started_ns: '1',
      discovered: PATHS.length,
      skipped: {},
      chunker: 'test',
    },
    phase2: null,
    model: {
      model_id: identity.modelId,
      dimension: identity.dimension,
      pooling: identity.pooling,
      normalized: identity.normalized,
      tokenizer_sha256: identity.tokenizerSha256,
    },
  };
}

/** Changes a table by the engine's own means, as no code of ours would. */
export async function spoil(path: string, change: (table: Table) => Promise<unknown>): Promise<void> {
  const connection = await connect(dirname(path));
  const table = await connection.openTable(basename(path, '.lance'));
  await change(table);
  table.close();
  connection.close();
}

/** The rows of a table as plain objects, lists and vectors as arrays. */
export async function rowsOf(path: string): Promise<Record<string, unknown>[]> {
  let rows: Record<string, unknown>[] = [];
  await spoil(path, async (table) => {
    rows = ((await table.query().toArray()) as Record<string, unknown>[]).map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          value !== null && typeof value === 'object' && 'toArray' in value
            ? [...(value as { toArray(): Iterable<unknown> }).toArray()]
            : value,
        ]),
      ),
    );
  });
  return rows;
}

export async function filesIn(...parts: string[]): Promise<string[]> {
  const directory = join(...parts);
  return (await readdir(directory)).sort().map((name) => join(directory, name));
}
