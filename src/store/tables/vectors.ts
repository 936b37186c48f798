// `vectors.lance`: one self-contained row per embedded chunk; search reads nothing else.
import { IndexerError } from '../../core/errors.ts';
import { isUnitNorm, normOf } from '../../core/unit-vector.ts';
import { toArrow } from '../lance/arrow.ts';
import { asLostFile, isVersionGone } from '../lance/engine-failure.ts';
import { LATER_COLUMNS } from '../lance/missing-columns.ts';
import { idsOf, type TableHandle } from '../lance/table.ts';
import { PLACE_SCHEMA, type VectorBatch, vectorBatchToArrow, vectorsSchema } from './schema.ts';
import { inSlices, isIn, plus, quoted } from './sql.ts';

/** A chunk that was found, as search shows it. */
export interface FoundRow {
  readonly chunkId: string;
  readonly filePath: string;
  readonly content: string;
  readonly language: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly kind: string;
  readonly name: string;
  readonly functionName: string;
  readonly className: string;
  readonly breadcrumb: string;
}

/** `distance` is the cosine distance, 0 to 2. */
export interface NearestRow extends FoundRow {
  readonly distance: number;
}

export interface NearestOptions {
  readonly limit: number;
  readonly where?: string | undefined;
  /** `place` leaves `content` empty, which saves most of the reading; `id` all but the id and the distance. */
  readonly only?: 'place' | 'id' | undefined;
}

export interface VectorsStore {
  /** Appends one batch in one commit. Throws before anything is written if a vector is not finite and of unit norm. */
  add(batch: VectorBatch): Promise<void>;
  /** The rows nearest to `vector` by cosine, nearest first. */
  nearest(vector: Float32Array, options: NearestOptions): Promise<NearestRow[]>;
  /** The direction that a chunk, or a file's chunks together, point to, of unit length; null if there is none. */
  directionOf(of: { readonly filePath: string } | { readonly chunkId: string }): Promise<Float32Array | null>;
  deleteByIds(chunkIds: readonly string[]): Promise<void>;
  /** New lines and parents for chunks that moved; chunks without a vector are passed over. */
  move(places: readonly Place[]): Promise<void>;
  count(): Promise<number>;
  ids(): Promise<Set<string>>;
  readonly table: TableHandle;
}

/** Where a chunk stands: what may change while its id stays. */
export interface Place {
  readonly chunkId: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly parentChunkId: string;
}

export function vectorsStore(table: TableHandle, options: { dimension: number; projectName: string }): VectorsStore {
  const schema = vectorsSchema(options.dimension);
  return {
    table,
    async add(batch) {
      assertStorable(batch, options.dimension);
      await table.add(vectorBatchToArrow(batch, schema, options.projectName, new Date().toISOString()));
    },
    async nearest(vector, query) {
      try {
        return await nearest(table, vector, query);
      } catch (error) {
        if (!isVersionGone(error)) throw error;
        await table.engine.checkoutLatest();
        return nearest(table, vector, query).catch((again: unknown) => Promise.reject(asLostFile(again, table.path)));
      }
    },
    async directionOf(of) {
      const sum = new Float32Array(options.dimension);
      const where = 'chunkId' in of ? isIn('chunk_id', [of.chunkId]) : isIn('file_path', [of.filePath]);
      for await (const rows of table.scan({ columns: ['vector'], where })) {
        for (const [index, value] of rows.floats('vector').entries()) sum[index % options.dimension]! += value;
      }
      const norm = Math.hypot(...sum);
      return norm === 0 ? null : sum.map((value) => value / norm);
    },
    async deleteByIds(chunkIds) {
      for (const slice of inSlices(chunkIds)) await table.delete(isIn('chunk_id', slice));
    },
    async move(places) {
      const moves = await movesTo(places, table);
      if (moves.size > MOST_MOVES) return mergePlaces(table, places);
      for (const { ids, lines, parent } of moves.values()) {
        const values = {
          start_line: plus('start_line', lines.start),
          end_line: plus('end_line', lines.end),
          ...(parent === null ? {} : { parent_chunk_id: quoted(parent) }),
        };
        for (const slice of inSlices(ids)) await table.updateBy(isIn('chunk_id', slice), values);
      }
    },
    count: () => table.count(),
    ids: () => idsOf(table),
  };
}

/** Rows that move alike. */
interface Move {
  readonly ids: string[];
  /** How many lines further down. */
  readonly lines: { readonly start: number; readonly end: number };
  /** Null where it stays. */
  readonly parent: string | null;
}

/**
 * Each is a commit of a few hundredths of a second: an edit moves what stands below it by as many lines, and gives a few
 * another parent. The one commit for any number of them reads the whole table (4 s over 141,884 rows).
 */
const MOST_MOVES = 32;

/** What moves alike, by what it does. What the rows say now is asked, so that a call may be repeated. */
async function movesTo(places: readonly Place[], table: TableHandle): Promise<Map<string, Move>> {
  const wanted = new Map(places.map((place) => [place.chunkId, place]));
  const moves = new Map<string, Move>();
  const columns = ['chunk_id', 'start_line', 'end_line', 'parent_chunk_id'];
  for (const slice of inSlices(wanted.keys())) {
    for await (const rows of table.scan({ columns, where: isIn('chunk_id', slice) })) {
      const [starts, ends] = [rows.integers('start_line'), rows.integers('end_line')];
      const parents = rows.strings('parent_chunk_id');
      for (const [index, id] of rows.strings('chunk_id').entries()) {
        const { startLine, endLine, parentChunkId } = wanted.get(id ?? '')!;
        const lines = { start: startLine - starts[index]!, end: endLine - ends[index]! };
        const parent = parents[index] === parentChunkId ? null : parentChunkId;
        if (lines.start === 0 && lines.end === 0 && parent === null) continue;
        const key = `${lines.start} ${lines.end} ${parent}`;
        const known = moves.get(key);
        if (known === undefined) moves.set(key, { ids: [id ?? ''], lines, parent });
        else known.ids.push(id ?? '');
      }
    }
  }
  return moves;
}

async function mergePlaces(table: TableHandle, places: readonly Place[]): Promise<void> {
  for (const slice of inSlices(places, 10_240)) {
    await table.merge(
      'chunk_id',
      toArrow(PLACE_SCHEMA, {
        chunk_id: slice.map((place) => place.chunkId),
        start_line: slice.map((place) => place.startLine),
        end_line: slice.map((place) => place.endLine),
        parent_chunk_id: slice.map((place) => place.parentChunkId),
      }),
    );
  }
}

/** The length of a table's vectors. */
export async function dimensionOf(table: TableHandle): Promise<number> {
  const field = (await table.engine.schema()).fields.find(({ name }) => name === 'vector');
  return Number(/^FixedSizeList\[(\d+)\]/.exec(String(field?.type))?.[1]);
}

/** The engine pads or cuts vectors of another length and stores infinities, so nothing unchecked may reach it. */
function assertStorable(batch: VectorBatch, dimension: number): void {
  const { vectors, chunks } = batch;
  if (vectors.length !== chunks.length * dimension) {
    throw new IndexerError('MODEL_DAMAGED', `${vectors.length} numbers for ${chunks.length} vectors of ${dimension}`, {
      hint: 'the model does not have the dimension of this index; nothing was stored',
    });
  }
  for (let row = 0; row < chunks.length; row++) {
    const norm = normOf(vectors.subarray(row * dimension, (row + 1) * dimension));
    if (!isUnitNorm(norm)) {
      throw new IndexerError('MODEL_DAMAGED', `the vector of chunk ${chunks[row]!.chunkId} has norm ${norm}`, {
        hint: 'the model gave numbers that cannot be searched; nothing of this batch was stored',
      });
    }
  }
}

const NEAREST_COLUMNS = [
  'chunk_id',
  'file_path',
  'content',
  'language',
  'start_line',
  'end_line',
  'chunk_type',
  'name',
  'function_name',
  'class_name',
  'hierarchy_path',
];

async function nearestColumns(table: TableHandle, withContent: boolean): Promise<string[]> {
  const present = new Set(await table.columns());
  const isThere = (name: string) => !LATER_COLUMNS.has(name) || present.has(name);
  return NEAREST_COLUMNS.filter((name) => isThere(name) && (withContent || name !== 'content'));
}

async function nearest(
  table: TableHandle,
  vector: Float32Array,
  { limit, where, only }: NearestOptions,
): Promise<NearestRow[]> {
  let query = table.engine.vectorSearch(vector).distanceType('cosine').limit(limit);
  if (where !== undefined) query = query.where(where);
  const columns = only === 'id' ? ['chunk_id'] : await nearestColumns(table, only === undefined);
  const rows = (await query.select([...columns, '_distance']).toArray()) as Record<string, string | number | null>[];
  const text = (value: string | number | null | undefined) => (typeof value === 'string' ? value : '');
  return rows.map((row) => ({
    chunkId: text(row.chunk_id),
    filePath: text(row.file_path),
    content: text(row.content),
    language: text(row.language),
    startLine: Number(row.start_line ?? 0),
    endLine: Number(row.end_line ?? 0),
    kind: text(row.chunk_type),
    name: text(row.name),
    functionName: text(row.function_name),
    className: text(row.class_name),
    breadcrumb: text(row.hierarchy_path),
    distance: Number(row._distance),
  }));
}
