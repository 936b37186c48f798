// What the text index is derived from: the rows of `chunks.lance`.
import type { TableHandle } from '../store/lance/table.ts';
import { isIn } from '../store/tables/sql.ts';
import type { SegmentFile } from './build-segment.ts';
import type { TextDocument } from './document.ts';
import { hashOf } from './format.ts';

/** What a file's rows are, in short; equal for equal rows. */
export interface FileState {
  readonly rows: number;
  /** The file's hash and the ids of its chunks. */
  readonly state: string;
}

/** The state of every file that has chunks. Reads three narrow columns. */
export async function readStates(table: TableHandle): Promise<Map<string, FileState>> {
  const files = new Map<string, { rows: number; hash: string; ids: number }>();
  for await (const batch of table.scan({ columns: ['chunk_id', 'file_path', 'file_hash'] })) {
    const [ids, paths, hashes] = [batch.strings('chunk_id'), batch.strings('file_path'), batch.strings('file_hash')];
    for (const [index, path] of paths.entries()) {
      const file = files.get(path ?? '') ?? { rows: 0, hash: hashes[index] ?? '', ids: 0 };
      files.set(path ?? '', file);
      file.rows++;
      file.ids = (file.ids + hashOf(ids[index] ?? '')) >>> 0;
    }
  }
  return new Map(
    [...files].map(([path, { rows, hash, ids }]) => [path, { rows, state: `${hash}-${rows}-${ids.toString(16)}` }]),
  );
}

/** Above this many files one scan of everything costs less than a condition. */
const MOST_NAMED = 5_000;

const COLUMNS = [
  'chunk_id',
  'file_path',
  'language',
  'chunk_type',
  'name',
  'hierarchy_path',
  'content',
  'docstring',
  'signature',
  'start_line',
  'end_line',
  'complexity',
];

/** The chunks of the given files, a whole file at a time, in file order within each. */
export async function* readFiles(
  table: TableHandle,
  wanted: ReadonlyMap<string, FileState>,
): AsyncGenerator<SegmentFile, void, undefined> {
  if (wanted.size === 0) return;
  const where = wanted.size <= MOST_NAMED ? { where: isIn('file_path', wanted.keys()) } : {};
  const open = new Map<string, TextDocument[]>();
  for await (const batch of table.scan({ columns: COLUMNS, ...where })) {
    const text = (column: string) => batch.strings(column);
    const columns = {
      id: text('chunk_id'),
      path: text('file_path'),
      language: text('language'),
      kind: text('chunk_type'),
      name: text('name'),
      breadcrumb: text('hierarchy_path'),
      content: text('content'),
      docstring: text('docstring'),
      signature: text('signature'),
      start: batch.integers('start_line'),
      end: batch.integers('end_line'),
      complexity: batch.integers('complexity'),
    };
    for (const [row, path] of columns.path.entries()) {
      const filePath = path ?? '';
      const file = wanted.get(filePath);
      if (file === undefined) continue;
      const documents = open.get(filePath) ?? [];
      open.set(filePath, documents);
      documents.push({
        chunkId: columns.id[row] ?? '',
        filePath,
        language: columns.language[row] ?? '',
        kind: columns.kind[row] ?? '',
        name: columns.name[row] ?? '',
        breadcrumb: columns.breadcrumb[row] ?? '',
        content: columns.content[row] ?? '',
        docstring: columns.docstring[row] ?? '',
        signature: columns.signature[row] ?? '',
        startLine: columns.start[row]!,
        endLine: columns.end[row]!,
        complexity: columns.complexity[row]!,
      });
      if (documents.length < file.rows) continue;
      open.delete(filePath);
      documents.sort((a, b) => a.startLine - b.startLine || b.endLine - a.endLine);
      yield { path: filePath, state: file.state, documents };
    }
  }
  if (open.size > 0) throw new Error(`${open.size} files of ${table.path} were not read whole`);
}
