// What is defined in a file or in the files of a folder, without the code.
import { IndexerError } from '../core/errors.ts';
import { readable } from '../run/opened.ts';
import { type ChunkReference, definitionsOf, referenceTo } from '../search/file-definitions.ts';
import { isFileStale, type Staleness } from '../search/freshness.ts';
import { type IndexState, readState } from '../store/state.ts';
import { type FileChunk, readFileChunks } from '../store/tables/file-chunks.ts';
import { isBelow, isIn } from '../store/tables/sql.ts';
import type { Index } from './open.ts';

/** Keys as they are printed; additive changes only. */
export interface OutlineAnswer {
  readonly schema: 1;
  readonly index: IndexState;
  /** Relative to the root, '' being the root. */
  readonly path: string;
  readonly is_folder: boolean;
  /** Of a file, whether it has changed since it was indexed; null for a folder, whose files are not compared. */
  readonly stale: Staleness | null;
  /** In the order of their paths. */
  readonly files: readonly OutlinedFile[];
}

export interface OutlinedFile {
  readonly file_path: string;
  readonly language: string;
  /** In file order, each before what it contains; `depth` is 0 for those at file level. */
  readonly definitions: readonly (ChunkReference & { readonly depth: number })[];
}

/** `path` is a file or folder of the index, relative to the root. Errors: NOTHING_MATCHES if nothing there is indexed. */
export async function outline(index: Index, path: string): Promise<OutlineAnswer> {
  const { readable: stores, config } = readable(index);
  const state = await readState(stores);
  const structure = await stores.structure();
  const read = (where: string | undefined) => readFileChunks(stores.chunks.table, structure, where);
  const ofFile = path === '' ? [] : await read(isIn('file_path', [path]));
  const rows = ofFile.length > 0 ? ofFile : await read(path === '' ? undefined : isBelow('file_path', path));
  if (rows.length === 0) {
    throw new IndexerError('NOTHING_MATCHES', `nothing in ${path || 'this project'} is in the index`, {
      hint: 'give a file or folder of the index; status with this path says why it is left out',
    });
  }
  const byFile = grouped(rows);
  const isFile = ofFile.length > 0;
  return {
    schema: 1,
    index: state,
    path,
    is_folder: !isFile,
    stale: isFile ? await isFileStale(path, { root: config.root, chunks: stores.chunks }) : null,
    files: [...byFile].map(([file_path, chunks]) => ({
      file_path,
      language: chunks[0]!.language,
      definitions: definitionsOf(chunks)
        .filter(({ first }) => first.name !== '')
        .map((definition) => ({ ...referenceTo(definition), depth: definition.first.depth })),
    })),
  };
}

function grouped(rows: readonly FileChunk[]): Map<string, FileChunk[]> {
  const groups = new Map<string, FileChunk[]>();
  for (const row of rows) {
    const group = groups.get(row.filePath);
    if (group === undefined) groups.set(row.filePath, [row]);
    else group.push(row);
  }
  return groups;
}
