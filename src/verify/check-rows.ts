// One pass over each table, joined by chunk id. `full` reads contents and vectors, else only ids, statuses and places.
import { createHash } from 'node:crypto';
import type { StoredFile } from './check-files.ts';
import type { OpenTable } from './check-tables.ts';
import type { Findings } from './findings.ts';
import type { Column, Rows } from './read-table.ts';

/** What a structure row says. */
export interface StructureFact {
  readonly path: string;
  readonly parent: string;
  readonly depth: number;
  readonly occurrence: number;
  readonly contentHash: string;
}

/** What a chunk row says; the last three are empty unless the pass was full. */
export interface ChunkFact {
  readonly path: string;
  readonly status: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly kind: string;
  readonly breadcrumb: string;
  readonly contentHash: string;
}

const NORM_TOLERANCE = 1e-3;
const STATUSES = new Set(['pending', 'processing', 'complete', 'error']);

/** By chunk id. */
export async function readStructure(table: OpenTable, findings: Findings): Promise<Map<string, StructureFact>> {
  const facts = new Map<string, StructureFact>();
  const columns = ['chunk_id', 'file_path', 'parent_chunk_id', 'depth', 'occurrence', 'content_hash'];
  const pool = stringPool();
  for await (const rows of counted(table, 'structure', columns, findings)) {
    noteNulls(rows, columns, 'structure', findings);
    const [ids, paths, parents, hashes] = texts(rows, 'chunk_id', 'file_path', 'parent_chunk_id', 'content_hash');
    const [depths, occurrences] = numbers(rows, 'depth', 'occurrence');
    for (let row = 0; row < rows.numRows; row++) {
      const id = ids!(row);
      if (facts.has(id)) findings.add('structure-doubled', 'structure', id);
      facts.set(id, {
        path: pool(paths!(row)),
        parent: parents!(row),
        depth: depths!(row),
        occurrence: occurrences!(row),
        contentHash: hashes!(row),
      });
    }
  }
  return facts;
}

export interface ChunkPass {
  readonly facts: Map<string, ChunkFact>;
  readonly files: Map<string, StoredFile>;
  /** Counts by status. */
  readonly statuses: Map<string, number>;
}

/**
 * Checks each chunk against its structure row (null: there is no such table). `isOurs` says whether our chunker made a
 * file's chunks: only their ids follow from what they are.
 */
export async function readChunks(
  table: OpenTable,
  structure: ReadonlyMap<string, StructureFact> | null,
  findings: Findings,
  options: { full: boolean; isOurs: (path: string) => boolean },
): Promise<ChunkPass> {
  const narrow = ['chunk_id', 'file_path', 'file_hash', 'embedding_status', 'start_line', 'end_line'];
  const columns = options.full ? table.reader.columns.map(({ name }) => name) : narrow;
  const pass: ChunkPass = { facts: new Map(), files: new Map(), statuses: new Map() };
  const pool = stringPool();
  for await (const rows of counted(table, 'chunks', columns, findings)) {
    noteNulls(rows, columns, 'chunks', findings);
    const [ids, paths, hashes, statuses] = texts(rows, 'chunk_id', 'file_path', 'file_hash', 'embedding_status');
    const [starts, ends] = numbers(rows, 'start_line', 'end_line');
    const [contents, kinds, breadcrumbs] = options.full
      ? texts(rows, 'content', 'chunk_type', 'hierarchy_path')
      : [none, none, none];
    for (let row = 0; row < rows.numRows; row++) {
      const id = ids!(row);
      const fact: ChunkFact = {
        path: pool(paths!(row)),
        status: pool(statuses!(row)),
        startLine: starts!(row),
        endLine: ends!(row),
        kind: pool(kinds!(row)),
        breadcrumb: breadcrumbs!(row),
        contentHash: options.full ? sha256(contents!(row)) : '',
      };
      if (pass.facts.has(id)) findings.add('chunk-doubled', 'chunks', id);
      pass.facts.set(id, fact);
      pass.statuses.set(fact.status, (pass.statuses.get(fact.status) ?? 0) + 1);
      countFile(pass.files, fact.path, pool(hashes!(row)));
      checkChunk(id, fact, structure, findings, options);
    }
  }
  if (structure !== null) checkLinks(structure, pass.facts, findings, options.isOurs);
  return pass;
}

function checkChunk(
  id: string,
  fact: ChunkFact,
  structure: ReadonlyMap<string, StructureFact> | null,
  findings: Findings,
  { full, isOurs }: { full: boolean; isOurs: (path: string) => boolean },
): void {
  if (!STATUSES.has(fact.status)) findings.add('status-unknown', 'chunks', id, `${id}: ${fact.status}`);
  if (fact.startLine < 1 || fact.endLine < fact.startLine)
    findings.add('lines', 'chunks', id, `${id}: lines ${fact.startLine} to ${fact.endLine} of ${fact.path}`);
  const own = structure?.get(id);
  if (structure !== null && own === undefined) findings.add('chunk-without-structure', 'chunks', id);
  if (own === undefined) return;
  if (own.path !== fact.path) findings.add('structure-path', 'structure', id);
  if (!full) return;
  if (own.contentHash !== fact.contentHash) findings.add('content-hash', 'chunks', id, `${id} of ${fact.path}`);
  else if (isOurs(fact.path) && idOf(fact, own.occurrence) !== id)
    findings.add('chunk-id', 'chunks', id, `${id} of ${fact.path}`);
}

/** Ids by the rule of docs/protocol.md, worked out here once more. */
function idOf({ path, kind, breadcrumb, contentHash }: ChunkFact, occurrence: number): string {
  return sha256(JSON.stringify([path, kind, breadcrumb, contentHash, occurrence])).slice(0, 16);
}

function checkLinks(
  structure: ReadonlyMap<string, StructureFact>,
  chunks: ReadonlyMap<string, ChunkFact>,
  findings: Findings,
  isOurs: (path: string) => boolean,
): void {
  for (const [id, { path, parent, depth }] of structure) {
    if (!chunks.has(id)) findings.add('structure-without-chunk', 'structure', id);
    if (parent === '') continue;
    const above = structure.get(parent);
    if (above === undefined) findings.add('parent-missing', 'structure', id, `${id} of ${path}: ${parent}`);
    else if (above.path !== path) findings.add('parent-elsewhere', 'structure', id, `${id}: ${path}, ${above.path}`);
    else if (isOurs(path) && depth <= above.depth) findings.add('parent-depth', 'structure', id); // so there is no circle
  }
}

export interface VectorPass {
  /** Ids that have a vector. */
  readonly ids: Set<string>;
  readonly models: Map<string, number>;
}

/** Checks each vector against its chunk. `modelId` is the model that the index records. */
export async function readVectors(
  table: OpenTable,
  chunks: ReadonlyMap<string, ChunkFact> | null,
  structure: ReadonlyMap<string, StructureFact> | null,
  findings: Findings,
  options: { full: boolean; modelId: string },
): Promise<VectorPass> {
  const present = new Set(table.reader.columns.map(({ name }) => name));
  const wanted = options.full
    ? [...present]
    : ['chunk_id', 'start_line', 'end_line', 'model_version', 'parent_chunk_id', 'tandem_recipe'];
  const columns = wanted.filter((name) => present.has(name));
  const required = columns.filter((name) => !NULLABLE.has(name));
  const pass: VectorPass = { ids: new Set(), models: new Map() };
  for await (const rows of counted(table, 'vectors', columns, findings)) {
    noteNulls(rows, required, 'vectors', findings);
    const [ids, models] = texts(rows, 'chunk_id', 'model_version');
    const recipes = present.has('tandem_recipe') ? rows.column('tandem_recipe') : null;
    const parents = present.has('parent_chunk_id') ? rows.column('parent_chunk_id') : null;
    const [starts, ends] = numbers(rows, 'start_line', 'end_line');
    const copy = options.full ? texts(rows, 'content', 'file_path', 'chunk_type', 'hierarchy_path') : null;
    const vectors = options.full ? rows.column('vector') : null;
    for (let row = 0; row < rows.numRows; row++) {
      const id = ids!(row);
      const recipe = recipes?.get(row) ?? null;
      if (pass.ids.has(id)) findings.add('vector-doubled', 'vectors', id);
      pass.ids.add(id);
      checkOrigin(id, models!(row), recipe, options.modelId, pass, findings);
      if (vectors !== null) checkNumbers(id, vectors.get(row), findings);
      if (chunks === null) continue;
      const chunk = chunks.get(id);
      if (chunk === undefined) {
        findings.add('vector-without-chunk', 'vectors', id);
        continue;
      }
      const parent = parents?.get(row) ?? null;
      const isMoved = starts!(row) !== chunk.startLine || ends!(row) !== chunk.endLine;
      const above = structure?.get(id)?.parent;
      if (isMoved || (recipe !== null && above !== undefined && parent !== above))
        findings.add('vector-place', 'vectors', id);
      if (copy === null || recipe === null) continue; // another program may word its copy as it likes
      const [content, path, kind, breadcrumb] = copy.map((column) => column(row));
      const isCopy = path === chunk.path && kind === chunk.kind && breadcrumb === chunk.breadcrumb;
      // The structure row is the witness: where chunk and vector differ, one of them still has what was stored.
      const stored = structure?.get(id)?.contentHash ?? chunk.contentHash;
      if (!isCopy || sha256(content ?? '') !== stored) findings.add('vector-copy', 'vectors', id);
    }
  }
  return pass;
}

const NULLABLE = new Set(['embedding_batch_id', 'parent_chunk_id', 'tandem_recipe']);

function checkOrigin(
  id: string,
  model: string,
  recipe: unknown,
  modelId: string,
  pass: VectorPass,
  findings: Findings,
): void {
  pass.models.set(model, (pass.models.get(model) ?? 0) + 1);
  // The other tool writes the name with or without its owner.
  const isSame = model === modelId || (recipe === null && model === modelId.slice(modelId.lastIndexOf('/') + 1));
  if (!isSame) findings.add('vector-model', 'vectors', id, `${id}: ${model}, not ${modelId}`);
  if (recipe !== null && !/^[0-9a-f]{8}$/.test(String(recipe)))
    findings.add('vector-recipe', 'vectors', id, `${id}: ${String(recipe)}`);
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
export function checkClaims(chunks: ReadonlyMap<string, ChunkFact>, vectors: ReadonlySet<string>, findings: Findings) {
  for (const [id, { status, path }] of chunks) {
    const has = vectors.has(id);
    if (status === 'complete' && !has) findings.add('complete-without-vector', 'chunks', id, `${id} of ${path}`);
    if (status !== 'complete' && has) findings.add('vector-not-claimed', 'chunks', id, `${id} of ${path}`);
  }
}

/** Scans, and compares the number of rows with what the manifest names. */
async function* counted(
  { reader, manifest }: OpenTable,
  place: 'chunks' | 'vectors' | 'structure',
  columns: readonly string[],
  findings: Findings,
): AsyncGenerator<Rows, void, undefined> {
  let rows = 0;
  for await (const batch of reader.scan(columns)) {
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

const none = () => '';

function texts(rows: Rows, ...names: string[]): ((row: number) => string)[] {
  return names.map((name) => {
    const column: Column = rows.column(name);
    return (row: number) => (column.get(row) ?? '') as string;
  });
}

function numbers(rows: Rows, ...names: string[]): ((row: number) => number)[] {
  return names.map((name) => {
    const column: Column = rows.column(name);
    return (row: number) => Number(column.get(row) ?? 0);
  });
}

/** One string per value, not one per row. */
function stringPool(): (text: string) => string {
  const pool = new Map<string, string>();
  return (text) => {
    const known = pool.get(text);
    if (known !== undefined) return known;
    pool.set(text, text);
    return text;
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
