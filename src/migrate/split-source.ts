// Chunks and vectors in two tables, joined by id: the layout between the oldest and today's, and what mcp-vector-search's own
// migration left in a place that nothing reads.
import { CLASS_KINDS } from '../core/chunk.ts';
import type { TableHandle } from '../store/lance/table.ts';
import { latestVersion, reading } from './detect.ts';
import { type OldBatch, placesOf, selectVectors, sharedColumns } from './old-batch.ts';
import { type OldColumns, readColumns, type VectorColumn } from './old-columns.ts';
import type { OldSource } from './old-source.ts';

const COLUMNS = new Set(
  (
    'chunk_id file_path file_hash content language start_line end_line chunk_type name parent_name hierarchy_path ' +
    'docstring signature complexity calls imports inherits_from last_author last_modified commit_hash'
  ).split(' '),
);

/** `dimension` is 0 where there is no table of vectors yet. */
export function splitSource(
  chunks: TableHandle,
  present: readonly string[],
  vectors: TableHandle | null,
  dimension: number,
): OldSource {
  const columns = present.filter((name) => COLUMNS.has(name));
  /** Of a doubled vector the first counts: the others are not given. */
  async function* readVectors() {
    if (vectors === null) return;
    const seen = new Set<string>();
    for await (const batch of readColumns(vectors, ['chunk_id', 'vector'])) {
      const id = batch.strings('chunk_id');
      const column = batch.vectors('vector', dimension);
      const rows = id.flatMap((own, row) => (seen.has(own) || !seen.add(own) ? [] : [row]));
      if (rows.length === id.length) yield { id, vectors: column };
      else yield { id: rows.map((row) => id[row]!), vectors: selectVectors(column, rows) };
    }
  }
  return {
    hasLeftover: false,
    /** Reads both tables side by side: they lie in about the same order, so little has to wait for its other half. */
    async *rows({ limit, doubled }) {
      const containers = await findContainers(chunks, present);
      const waiting = new Map<string, Float32Array>();
      const stream = readVectors();
      try {
        for await (const batch of readColumns(chunks, columns, limit)) {
          const ids = batch.strings('chunk_id');
          const missing = new Set(ids.filter((id) => !waiting.has(id)));
          while (missing.size > 0) {
            const next = await stream.next();
            if (next.done) break;
            forEachVector(next.value, dimension, (id, vector) => {
              waiting.set(id, vector);
              missing.delete(id);
            });
          }
          yield oldBatch(batch, ids, gather(ids, waiting, dimension), containers);
          for (const id of ids) if (!doubled.has(id)) waiting.delete(id);
        }
      } finally {
        await stream.return();
      }
    },
    async *facts() {
      const narrow = ['chunk_id', 'file_path', 'start_line', 'end_line'];
      if (present.includes('file_hash')) narrow.push('file_hash');
      for await (const batch of readColumns(chunks, narrow)) {
        const [id, path] = [batch.strings('chunk_id'), batch.strings('file_path')];
        yield { id, path, fileHash: batch.strings('file_hash'), isSound: placesOf(batch).isSound };
      }
    },
    async *texts(limit) {
      for await (const batch of readColumns(chunks, ['chunk_id', 'content'], limit)) {
        yield { id: batch.strings('chunk_id'), content: batch.texts('content') };
      }
    },
    vectors: readVectors,
    countVectors: async () => (vectors === null ? 0 : reading(vectors.path, () => vectors.count('vector IS NOT NULL'))),
    async models() {
      const names = new Set<string>();
      if (vectors === null || !(await vectors.columns()).includes('model_version')) return [];
      for await (const batch of readColumns(vectors, ['model_version'])) {
        for (const name of batch.strings('model_version')) names.add(name);
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

function forEachVector(
  { id, vectors }: { id: readonly string[]; vectors: VectorColumn },
  width: number,
  take: (id: string, vector: Float32Array) => void,
): void {
  for (const [row, isThere] of vectors.isThere.entries()) {
    if (isThere) take(id[row]!, vectors.numbers.subarray(row * width, (row + 1) * width));
  }
}

function gather(ids: readonly string[], waiting: ReadonlyMap<string, Float32Array>, width: number): VectorColumn {
  const numbers = new Float32Array(ids.length * width);
  const isThere = ids.map((id, row) => {
    const vector = waiting.get(id);
    if (vector !== undefined) numbers.set(vector, row * width);
    return vector !== undefined;
  });
  return { numbers, isThere };
}

/** No table of this layout has a column of parents; a breadcrumb names the class around a chunk. Ids by `keyOf`. */
async function findContainers(chunks: TableHandle, present: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const containers = new Map<string, string>();
  const columns = ['chunk_id', 'file_path', 'chunk_type', 'hierarchy_path', 'name'];
  if (!columns.every((name) => present.includes(name))) return containers;
  for await (const batch of readColumns(chunks, columns)) {
    const [ids, paths, names] = [batch.strings('chunk_id'), batch.strings('file_path'), batch.strings('name')];
    const [kinds, breadcrumbs] = [batch.strings('chunk_type'), batch.strings('hierarchy_path')];
    for (const [row, kind] of kinds.entries()) {
      const breadcrumb = breadcrumbs[row] || names[row]!;
      if (CLASS_KINDS.has(kind) && breadcrumb !== '') containers.set(keyOf(paths[row]!, breadcrumb), ids[row]!);
    }
  }
  return containers;
}

function keyOf(path: string, breadcrumb: string): string {
  return `${path}\0${breadcrumb}`;
}

function oldBatch(
  batch: OldColumns,
  id: readonly string[],
  vectors: VectorColumn,
  containers: ReadonlyMap<string, string>,
): OldBatch {
  const none = new Array<string>(batch.length).fill('');
  const shared = sharedColumns(batch);
  const [name, kinds] = [batch.strings('name'), batch.strings('chunk_type')];
  const breadcrumb = batch.strings('hierarchy_path').map((whole, row) => whole || name[row]!);
  const isClass = kinds.map((kind) => CLASS_KINDS.has(kind));
  const outer = breadcrumb.map((whole, row) => whole.slice(0, Math.max(0, whole.length - name[row]!.length - 1)));
  // mcp-vector-search's own migration put the parent's id there.
  const parent = batch.strings('parent_name');
  const metric = batch.optionalIntegers('complexity');
  const unknown = new Array<null>(batch.length).fill(null);
  return {
    ...shared,
    id,
    name,
    functionName: name.map((own, row) => (isClass[row] ? '' : own)),
    className: name.map((own, row) => (isClass[row] ? own : outer[row]!)),
    breadcrumb,
    parentName: parent.map((own, row) => own || (isClass[row] ? '' : outer[row]!)),
    parentId: parent.map((own, row) => own || (containers.get(keyOf(shared.path[row]!, outer[row]!)) ?? '')),
    oldDepth: new Int32Array(batch.length),
    complexity: batch.integers('complexity'),
    projectName: none,
    cyclomatic: Array.from(metric, (value) => value || null), // 0 means that nothing was counted
    cognitive: unknown,
    nesting: unknown,
    parameters: unknown,
    lines: unknown,
    grade: none,
    leftover: none,
    vectors,
  };
}
