// Whether the rows of files that mcp-vector-search cut are all there: nothing beside them counts how many there were, so
// the files are cut again.
import type { ParsedFile } from '../core/chunk.ts';
import type { FileRecord } from '../store/ledger.ts';
import { ADDED, isExternalChunker, originOf } from '../store/mcp-vector-search/chunker-marks.ts';
import { findMissing, lossOf, type StoredRow } from '../store/mcp-vector-search/missing-chunks.ts';
import { inSlices, isIn } from '../store/tables/sql.ts';
import type { StoredFile } from './check-files.ts';
import type { Findings } from './findings.ts';
import { textAt } from './passes.ts';
import type { OpenTable } from './read-table.ts';

/** Reads and cuts files as Phase 1 does; paths relative to the root. Files that vanished are left out. */
export type CutFiles = (paths: readonly string[]) => AsyncIterable<ParsedFile>;

export async function checkWholeFiles(
  { reader }: OpenTable,
  stored: ReadonlyMap<string, StoredFile>,
  ledger: ReadonlyMap<string, FileRecord>,
  cut: CutFiles,
  findings: Findings,
): Promise<void> {
  const known = (path: string) => ledger.get(path)?.chunker ?? '';
  const isTakenOver = (path: string) => isExternalChunker(known(path)) && originOf(known(path)) !== ADDED;
  // Rows of a file without a ledger line were written by mcp-vector-search, which ran last.
  const paths = [...stored.keys()].filter((path) => isTakenOver(path) || !ledger.has(path));
  for (const slice of inSlices(paths, 1_000)) {
    const rows = new Map<string, StoredRow[]>();
    const columns = ['file_path', 'chunk_type', 'name', 'content', 'start_line', 'end_line'];
    for await (const batch of reader.scan(columns, { where: isIn('file_path', slice) })) {
      const text = (name: string) => batch.texts(name);
      const [files, kinds, names] = [text('file_path'), text('chunk_type'), text('name')];
      const [contents, starts, ends] = [text('content'), batch.integers('start_line'), batch.integers('end_line')];
      for (let row = 0; row < batch.numRows; row++) {
        const path = textAt(files, row);
        const list = rows.get(path) ?? [];
        rows.set(path, list);
        list.push({
          kind: textAt(kinds, row),
          name: textAt(names, row),
          content: textAt(contents, row),
          startLine: starts[row]!,
          endLine: ends[row]!,
        });
      }
    }
    for await (const { path, sha256, chunks } of cut(slice)) {
      if (stored.get(path)?.hash !== sha256) continue; // changed since
      const missing = findMissing(chunks, rows.get(path) ?? [], lossOf(known(path)));
      const [first] = missing;
      if (first === undefined) continue;
      const more = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
      const name = first.breadcrumb || first.kind;
      findings.add(
        'file-incomplete',
        'chunks',
        path,
        `${path}: ${name}, lines ${first.startLine} to ${first.endLine}${more}`,
      );
    }
  }
}
