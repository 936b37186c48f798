// One pass over each table, joined by chunk id. `full` reads contents and vectors, else only ids, statuses and places.
import { hash } from 'node:crypto';
import type { StoredFile } from './check-files.ts';
import type { OpenTable } from './check-tables.ts';
import type { Facts } from './facts.ts';
import type { FindingCode, Findings, Place } from './findings.ts';
import { decode, stringPool } from './ids.ts';
import type { Rows, TextBytes } from './read-table.ts';

export interface PassOptions {
  /** Reads contents, vectors and hashes, else only ids, statuses and places. */
  readonly full: boolean;
  /** Whether our chunker made a file's chunks: only their ids follow from what they are. */
  readonly isOurs: (path: string) => boolean;
  /** Whether a file was taken over from another program in the state that has this hash. */
  readonly wasTakenOver: (path: string, hash: string | null) => boolean;
}

const NORM_TOLERANCE = 1e-3;
const STATUSES = new Set(['pending', 'processing', 'complete', 'error']);
const NO_PARENT = -1;
/** Rows of a few narrow columns that are read at once: with 1,024 the time goes into handing batches over. */
const NARROW_BATCH = 8_192;

/** The first pass. Fills `facts.structure`. */
export async function readStructure(
  table: OpenTable,
  { ids, pathOf, structure }: Facts,
  findings: Findings,
  { full }: PassOptions,
): Promise<void> {
  const narrow = ['chunk_id', 'file_path', 'parent_chunk_id', 'depth'];
  const columns = full ? [...narrow, 'occurrence', 'content_hash'] : narrow;
  const [idOf, parentOf] = [ids.reader(), ids.reader()];
  for await (const rows of counted(table, 'structure', columns, findings, full)) {
    noteNulls(rows, columns, 'structure', findings);
    const idColumn = rows.texts('chunk_id');
    const paths = rows.texts('file_path');
    const parents = rows.texts('parent_chunk_id');
    const depths = rows.integers('depth');
    const occurrences = full ? rows.integers('occurrence') : null;
    const hashes = full ? rows.texts('content_hash') : null;
    for (let row = 0; row < rows.numRows; row++) {
      const id = idOf(idColumn, row);
      if (structure.path[id] !== undefined) findings.add('structure-doubled', 'structure', ids.textOf(id));
      structure.path[id] = pathOf(paths, row);
      structure.parent[id] = isEmpty(parents, row) ? NO_PARENT : parentOf(parents, row);
      structure.depth[id] = depths[row]!;
      if (occurrences) structure.occurrence[id] = occurrences[row]!;
      if (hashes) structure.contentHash[id] = textAt(hashes, row);
    }
  }
}

export interface ChunkPass {
  /** Different ids. */
  readonly total: number;
  readonly files: Map<string, StoredFile>;
  /** Counts by status. */
  readonly statuses: Map<string, number>;
}

/** The second pass: fills `facts.chunks`, and checks each chunk against its structure row if that table could be read. */
export async function readChunks(
  table: OpenTable,
  facts: Facts,
  findings: Findings,
  options: PassOptions & { readonly hasStructure: boolean },
): Promise<ChunkPass> {
  const places = ['start_line', 'end_line'];
  const narrow = ['chunk_id', 'file_path', 'file_hash', 'embedding_status', 'embedding_batch_id', ...places];
  const columns = options.full ? table.reader.columns.map(({ name }) => name) : narrow;
  const pass = { total: 0, files: new Map<string, StoredFile>(), statuses: new Map<string, number>() };
  const { ids, pathOf, chunks } = facts;
  const idOf = ids.reader();
  const [hashOf, statusOf, kindOf] = [stringPool(), stringPool(), stringPool()];
  for await (const rows of counted(table, 'chunks', columns, findings, options.full)) {
    noteNulls(rows, columns, 'chunks', findings);
    const idColumn = rows.texts('chunk_id');
    const paths = rows.texts('file_path');
    const hashes = rows.texts('file_hash');
    const statuses = rows.texts('embedding_status');
    const starts = rows.integers('start_line');
    const ends = rows.integers('end_line');
    const batches = rows.integers('embedding_batch_id');
    const copy = options.full
      ? { content: rows.texts('content'), kind: rows.texts('chunk_type'), breadcrumb: rows.texts('hierarchy_path') }
      : null;
    for (let row = 0; row < rows.numRows; row++) {
      const id = idOf(idColumn, row);
      if (chunks.path[id] === undefined) pass.total++;
      else findings.add('chunk-doubled', 'chunks', ids.textOf(id));
      const path = pathOf(paths, row);
      const status = statusOf(statuses, row);
      chunks.path[id] = path;
      chunks.status[id] = status;
      chunks.startLine[id] = starts[row]!;
      chunks.endLine[id] = ends[row]!;
      if (copy !== null) {
        chunks.kind[id] = kindOf(copy.kind, row);
        chunks.breadcrumb[id] = textAt(copy.breadcrumb, row);
        chunks.contentHash[id] = sha256(bytesAt(copy.content, row));
      }
      pass.statuses.set(status, (pass.statuses.get(status) ?? 0) + 1);
      const hash = hashOf(hashes, row);
      countFile(pass.files, path, hash);
      // Our rows carry a batch of ours, and get their structure first.
      const isForeign = facts.structure.path[id] === undefined && !isOwnBatch(batches[row]!);
      if (options.hasStructure && isForeign && !options.wasTakenOver(path, hash)) facts.rewritten.add(path);
      checkChunk(id, facts, findings, options);
    }
  }
  if (options.hasStructure) checkLinks(facts, findings, options.isOurs);
  for (const path of facts.rewritten) findings.add('file-of-another', 'chunks', path);
  return pass;
}

const LARGEST_OWN_BATCH = 1_000_000_000;

export function isOwnBatch(batchId: number): boolean {
  return batchId > 0 && batchId <= LARGEST_OWN_BATCH;
}

function checkChunk(
  id: number,
  { ids, chunks, structure, rewritten }: Facts,
  findings: Findings,
  { full, isOurs, hasStructure }: PassOptions & { readonly hasStructure: boolean },
): void {
  const path = chunks.path[id]!;
  const add = (code: FindingCode, place: Place, words = '') => {
    const text = ids.textOf(id);
    findings.add(code, place, text, words === '' ? text : `${text}${words}`);
  };
  const [start, end] = [chunks.startLine[id]!, chunks.endLine[id]!];
  if (!STATUSES.has(chunks.status[id]!)) add('status-unknown', 'chunks', `: ${chunks.status[id]}`);
  if (start < 1 || end < start) add('lines', 'chunks', `: lines ${start} to ${end} of ${path}`);
  if (!hasStructure) return;
  const owner = structure.path[id];
  if (owner === undefined) {
    if (!rewritten.has(path)) add('chunk-without-structure', 'chunks');
    return;
  }
  if (owner !== path) add('structure-path', 'structure');
  if (!full) return;
  if (structure.contentHash[id] !== chunks.contentHash[id]) add('content-hash', 'chunks', ` of ${path}`);
  else if (isOurs(path) && idByRule(id, chunks, structure.occurrence[id]!) !== ids.textOf(id))
    add('chunk-id', 'chunks', ` of ${path}`);
}

/** Ids by the rule of docs/protocol.md, worked out here once more. */
function idByRule(id: number, { path, kind, breadcrumb, contentHash }: Facts['chunks'], occurrence: number): string {
  const parts = [path[id], kind[id], breadcrumb[id], contentHash[id], occurrence];
  return sha256(JSON.stringify(parts)).slice(0, 16);
}

function checkLinks(facts: Facts, findings: Findings, isOurs: (path: string) => boolean): void {
  const { ids, structure, chunks, rewritten } = facts;
  for (const [id, path] of structure.path.entries()) {
    if (path === undefined || rewritten.has(path)) continue;
    if (chunks.path[id] === undefined) findings.add('structure-without-chunk', 'structure', ids.textOf(id));
    const parent = structure.parent[id]!;
    if (parent === NO_PARENT) continue;
    const above = structure.path[parent];
    const add = (code: FindingCode, words = '') =>
      findings.add(code, 'structure', ids.textOf(id), `${ids.textOf(id)}${words}`);
    if (above === undefined) add('parent-missing', ` of ${path}: ${ids.textOf(parent)}`);
    else if (above !== path) add('parent-elsewhere', `: ${path}, ${above}`);
    else if (isOurs(path) && structure.depth[id]! <= structure.depth[parent]!) add('parent-depth'); // so there is no circle
  }
}

/**
 * The last pass: fills `facts.vectors` and checks each vector against its chunk, as far as the other tables could be read.
 * Returns the number of different ids. `modelId` is the model that the index records.
 */
export async function readVectors(
  table: OpenTable,
  facts: Facts,
  findings: Findings,
  options: { full: boolean; modelId: string; hasChunks: boolean; hasStructure: boolean },
): Promise<number> {
  const { ids, pathOf, chunks, structure, vectors: seen } = facts;
  const present = new Set(table.reader.columns.map(({ name }) => name));
  const wanted = options.full
    ? [...present]
    : ['chunk_id', 'file_path', 'start_line', 'end_line', 'model_version', 'parent_chunk_id', 'tandem_recipe'];
  const columns = wanted.filter((name) => present.has(name));
  const required = columns.filter((name) => !NULLABLE.has(name));
  const [idOf, parentOf] = [ids.reader(), ids.reader()];
  const [modelOf, recipeOf, kindOf] = [stringPool(), stringPool(), stringPool()];
  let total = 0;
  for await (const rows of counted(table, 'vectors', columns, findings, options.full)) {
    noteNulls(rows, required, 'vectors', findings);
    const idColumn = rows.texts('chunk_id');
    const models = rows.texts('model_version');
    const recipes = present.has('tandem_recipe') ? rows.texts('tandem_recipe') : null;
    const parents = present.has('parent_chunk_id') ? rows.texts('parent_chunk_id') : null;
    const starts = rows.integers('start_line');
    const ends = rows.integers('end_line');
    const paths = rows.texts('file_path');
    const copy = options.full
      ? {
          content: rows.texts('content'),
          kind: rows.texts('chunk_type'),
          breadcrumb: rows.texts('hierarchy_path'),
          vector: rows.column('vector'),
        }
      : null;
    for (let row = 0; row < rows.numRows; row++) {
      const id = idOf(idColumn, row);
      const recipe = recipes === null ? '' : recipeOf(recipes, row);
      if (seen[id]) findings.add('vector-doubled', 'vectors', ids.textOf(id));
      else total++;
      seen[id] = true;
      checkOrigin(() => ids.textOf(id), modelOf(models, row), recipe, options.modelId, findings);
      if (copy !== null) checkNumbers(ids.textOf(id), copy.vector.get(row), findings);
      if (!options.hasChunks) continue;
      if (chunks.path[id] === undefined) {
        if (!facts.rewritten.has(pathOf(paths, row))) findings.add('vector-without-chunk', 'vectors', ids.textOf(id));
        continue;
      }
      const isMoved = starts[row] !== chunks.startLine[id] || ends[row] !== chunks.endLine[id];
      const isAdopted = recipe !== '' && options.hasStructure && structure.path[id] !== undefined;
      const parent = parents === null || isEmpty(parents, row) ? NO_PARENT : parentOf(parents, row);
      if (isMoved || (isAdopted && parent !== structure.parent[id]))
        findings.add('vector-place', 'vectors', ids.textOf(id));
      if (copy === null || recipe === '') continue; // another program may word its copy as it likes
      const isCopy =
        pathOf(paths, row) === chunks.path[id] &&
        kindOf(copy.kind, row) === chunks.kind[id] &&
        textAt(copy.breadcrumb, row) === chunks.breadcrumb[id];
      // The structure row is the witness: where chunk and vector differ, one of them still has what was stored.
      const stored = structure.contentHash[id] ?? chunks.contentHash[id];
      if (!isCopy || sha256(bytesAt(copy.content, row)) !== stored)
        findings.add('vector-copy', 'vectors', ids.textOf(id));
    }
  }
  return total;
}

const NULLABLE = new Set(['embedding_batch_id', 'parent_chunk_id', 'tandem_recipe']);

/** The recipe of vectors that came from an old layout: the other tool's name, with its version where it was known. */
const MIGRATED = /^mvs(-.+)?$/;

/** `recipe` is empty for a row that another program made. */
function checkOrigin(id: () => string, model: string, recipe: string, modelId: string, findings: Findings): void {
  // The other tool writes the name with or without its owner; a migration kept what it had written.
  const isForeign = recipe === '' || MIGRATED.test(recipe);
  const isSame = model === modelId || (isForeign && model === modelId.slice(modelId.lastIndexOf('/') + 1));
  if (!isSame) findings.add('vector-model', 'vectors', id(), `${id()}: ${model}, not ${modelId}`);
  if (!isForeign && !/^[0-9a-f]{8}$/.test(recipe)) findings.add('vector-recipe', 'vectors', id(), `${id()}: ${recipe}`);
}

function checkNumbers(id: string, value: unknown, findings: Findings): void {
  const vector = value as { nullCount: number; toArray(): Float32Array };
  let squares = 0;
  for (const number of vector.toArray()) squares += number * number;
  if (vector.nullCount > 0 || !Number.isFinite(squares)) findings.add('vector-not-finite', 'vectors', id);
  else if (Math.abs(Math.sqrt(squares) - 1) >= NORM_TOLERANCE)
    findings.add('vector-norm', 'vectors', id, `${id}: ${Math.sqrt(squares).toPrecision(4)}`);
}

/** Complete means that there is a vector, and the other way round. */
export function checkClaims({ ids, chunks, vectors }: Facts, findings: Findings): void {
  for (const [id, status] of chunks.status.entries()) {
    if (status === undefined || (status === 'complete') === (vectors[id] ?? false)) continue;
    const code = status === 'complete' ? 'complete-without-vector' : 'vector-not-claimed';
    findings.add(code, 'chunks', ids.textOf(id), `${ids.textOf(id)} of ${chunks.path[id]}`);
  }
}

/** Scans, and compares the number of rows with what the manifest names. */
async function* counted(
  { reader, manifest }: OpenTable,
  place: 'chunks' | 'vectors' | 'structure',
  columns: readonly string[],
  findings: Findings,
  full: boolean,
): AsyncGenerator<Rows, void, undefined> {
  let rows = 0;
  // Contents and vectors would make large batches heavy.
  for await (const batch of reader.scan(columns, full ? {} : { batchRows: NARROW_BATCH })) {
    rows += batch.numRows;
    yield batch;
  }
  const named = manifest.fragments.reduce((sum, fragment) => sum + fragment.rows, 0);
  if (rows !== named) findings.add('row-count', place, '', `${rows} rows, ${named} in the manifest`);
}

function noteNulls(
  rows: Rows,
  columns: readonly string[],
  place: 'chunks' | 'vectors' | 'structure',
  findings: Findings,
): void {
  for (const name of columns) {
    const column = rows.column(name);
    if (column.nullCount === 0) continue;
    for (let row = 0; row < rows.numRows; row++) {
      if (column.get(row) !== null) continue;
      const id = String(rows.column('chunk_id').get(row) ?? '');
      findings.add('null-value', place, id, `${id}: ${name}`);
    }
  }
}

function countFile(files: Map<string, StoredFile>, path: string, hash: string): void {
  const file = files.get(path);
  if (file === undefined) files.set(path, { rows: 1, hash });
  else {
    file.rows++;
    if (file.hash !== hash) file.hash = null;
  }
}

function isEmpty({ offsets }: TextBytes, row: number): boolean {
  return offsets[row] === offsets[row + 1];
}

function textAt({ bytes, offsets }: TextBytes, row: number): string {
  return decode(bytes, offsets[row]!, offsets[row + 1]!);
}

function bytesAt({ bytes, offsets }: TextBytes, row: number): Uint8Array {
  return bytes.subarray(offsets[row]!, offsets[row + 1]!);
}

function sha256(text: string | Uint8Array): string {
  return hash('sha256', text);
}
