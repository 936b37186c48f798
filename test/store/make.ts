// Plain data for the store's tests: files with chunks whose ids and hashes are real.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Chunk, ParsedFile } from '../../src/core/chunk.ts';
import { openForWriting, type WritableStores } from '../../src/store/open.ts';
import type { FileWriterContext } from '../../src/store/replace-files.ts';

export const DIMENSION = 384;

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A chunk per text, one line each, beginning at `firstLine`; the first is the parent of the others. */
export function makeFile(path: string, texts: readonly string[], firstLine = 1): ParsedFile {
  const chunks: Chunk[] = [];
  for (const [index, content] of texts.entries()) {
    const contentHash = sha256(content);
    chunks.push({
      chunkId: sha256(`${path}\0${contentHash}`).slice(0, 16),
      filePath: path,
      kind: index === 0 ? 'class' : 'method',
      name: `n${index}`,
      breadcrumb: index === 0 ? 'n0' : `n0.n${index}`,
      parentName: index === 0 ? '' : 'n0',
      language: 'python',
      content,
      contentHash,
      occurrence: 0,
      startLine: firstLine + index,
      endLine: firstLine + index,
      startChar: index * 10,
      endChar: index * 10 + content.length,
      parentChunkId: index === 0 ? null : (chunks[0]?.chunkId ?? null),
      childOrder: Math.max(0, index - 1),
      depth: index === 0 ? 0 : 1,
      partIndex: 0,
      derived: false,
      signature: '',
      docstring: '',
      calls: ['print'],
      imports: [],
      inheritsFrom: [],
      metrics: { cyclomatic: 1, cognitive: 0, nesting: 0, parameters: null, lines: 1, grade: 'A', smells: [] },
    });
  }
  return {
    path,
    stamp: { size: 1, mtimeNs: '1', ctimeNs: '1', ino: '1' },
    sha256: sha256(texts.join('\n')),
    status: 'parsed',
    reason: '',
    chunks,
  };
}

export function texts(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix} text ${index}`);
}

/** A unit vector that is a function of the id alone. */
export function vectorOf(chunkId: string): Float32Array {
  const vector = new Float32Array(DIMENSION);
  let state = Number.parseInt(chunkId.slice(0, 8), 16) || 1;
  let squares = 0;
  for (let i = 0; i < DIMENSION; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    vector[i] = state / 2 ** 32 - 0.5;
    squares += vector[i]! ** 2;
  }
  return vector.map((value) => value / Math.sqrt(squares));
}

export type TemporaryDirectory = { readonly path: string } & AsyncDisposable;

export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'tandem-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export function openStores(root: string): Promise<WritableStores> {
  return openForWriting({ root, indexDir: join(root, '.mcp-vector-search'), dimension: DIMENSION, durability: 'full' });
}

export function writerOf(stores: WritableStores, fault: (name: string) => void = () => undefined): FileWriterContext {
  return {
    ...stores,
    chunkerVersion: 'test',
    makeDurable: () => stores.makeDurable(),
    fault,
  };
}

/** Stores a vector for every pending chunk, as Phase 2 does, and marks them if asked. */
export async function embedPending(stores: WritableStores, options: { mark: boolean }): Promise<number[]> {
  const batchIds: number[] = [];
  for await (const batch of stores.chunks.pendingBatches({})) {
    const vectors = new Float32Array(batch.chunks.length * DIMENSION);
    for (const [row, chunk] of batch.chunks.entries()) vectors.set(vectorOf(chunk.chunkId), row * DIMENSION);
    const ids = batch.chunks.map((chunk) => chunk.chunkId);
    await stores.vectors.add({
      batchId: batch.batchId,
      chunks: batch.chunks,
      parentChunkIds: await stores.structure.parentsOf(ids),
      vectors,
      modelId: 'test-model',
      recipe: '00000000',
    });
    batchIds.push(batch.batchId);
  }
  if (options.mark) await stores.chunks.markComplete(batchIds);
  return batchIds;
}

export interface TableState {
  readonly chunks: Record<string, string>;
  readonly vectors: Record<string, string>;
  readonly structure: Record<string, string>;
}

/** What the tables say, by id: what must be equal whatever the history (batch ids and times are left out). */
export async function tableState(stores: WritableStores): Promise<TableState> {
  const state: TableState = { chunks: {}, vectors: {}, structure: {} };
  for await (const rows of stores.chunks.table.scan({
    columns: ['chunk_id', 'file_path', 'file_hash', 'embedding_status', 'start_line', 'end_line', 'content'],
  })) {
    const text = ['file_path', 'file_hash', 'embedding_status', 'content'].map((name) => rows.strings(name));
    const lines = [rows.integers('start_line'), rows.integers('end_line')];
    for (const [i, id] of rows.strings('chunk_id').entries()) {
      if (id! in state.chunks) throw new Error(`chunk ${id} is doubled`);
      state.chunks[id!] = JSON.stringify([text.map((column) => column[i]), lines.map((column) => column[i])]);
    }
  }
  for await (const rows of stores.vectors.table.scan({
    columns: ['chunk_id', 'file_path', 'start_line', 'end_line', 'parent_chunk_id', 'vector'],
  })) {
    const floats = rows.floats('vector');
    const [paths, parents] = [rows.strings('file_path'), rows.strings('parent_chunk_id')];
    const [starts, ends] = [rows.integers('start_line'), rows.integers('end_line')];
    for (const [i, id] of rows.strings('chunk_id').entries()) {
      if (id! in state.vectors) throw new Error(`vector ${id} is doubled`);
      const digest = sha256(floats.subarray(i * DIMENSION, (i + 1) * DIMENSION).join());
      state.vectors[id!] = JSON.stringify([paths[i], starts[i], ends[i], parents[i], digest]);
    }
  }
  for await (const rows of stores.structure.table.scan({ columns: ['chunk_id', 'parent_chunk_id', 'file_path'] })) {
    const [parents, paths] = [rows.strings('parent_chunk_id'), rows.strings('file_path')];
    for (const [i, id] of rows.strings('chunk_id').entries()) {
      if (id! in state.structure) throw new Error(`structure ${id} is doubled`);
      state.structure[id!] = JSON.stringify([parents[i], paths[i]]);
    }
  }
  return state;
}
