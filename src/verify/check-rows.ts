// The passes over `structure` and `chunks`, joined by chunk id. `full` reads contents, else only ids, statuses and places.
import type { StoredFile } from './check-files.ts';
import type { Facts } from './facts.ts';
import type { FindingCode, Findings, Place } from './findings.ts';
import { stringPool } from './ids.ts';
import { bytesAt, counted, isEmpty, NO_PARENT, noteNulls, sha256, textAt } from './passes.ts';
import type { OpenTable } from './read-table.ts';

export interface PassOptions {
  /** Reads contents, vectors and hashes, else only ids, statuses and places. */
  readonly full: boolean;
  /** Whether our chunker made a file's chunks: only their ids follow from what they are. */
  readonly isOurs: (path: string) => boolean;
  /** Whether a file was taken over from mcp-vector-search in the state that has this hash. */
  readonly wasTakenOver: (path: string, hash: string | null) => boolean;
}

const STATUSES = new Set(['pending', 'processing', 'complete', 'error']);

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
      const isExternal = facts.structure.path[id] === undefined && !isOwnBatch(batches[row]!);
      if (options.hasStructure && isExternal && !options.wasTakenOver(path, hash)) facts.rewritten.add(path);
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

function countFile(files: Map<string, StoredFile>, path: string, hash: string): void {
  const file = files.get(path);
  if (file === undefined) files.set(path, { rows: 1, hash });
  else {
    file.rows++;
    if (file.hash !== hash) file.hash = null;
  }
}
