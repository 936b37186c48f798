// One chunk as a whole definition, with where it stands: its parent, what it contains, and what is beside it.
import { IndexerError } from '../core/errors.ts';
import { allowsSecrets } from '../run/allows-secrets.ts';
import { readable } from '../run/opened.ts';
import { type ChunkReference, type Definition, definitionsOf, referenceTo } from '../search/file-definitions.ts';
import { compareWithFiles, type Staleness } from '../search/freshness.ts';
import type { ReadableStores } from '../store/open-for-reading.ts';
import { type IndexState, readState } from '../store/state.ts';
import { readDetails } from '../store/tables/details.ts';
import { readFileChunks } from '../store/tables/file-chunks.ts';
import { isIn } from '../store/tables/sql.ts';
import type { Index } from './open.ts';

export type { ChunkReference } from '../search/file-definitions.ts';

/** A chunk by its id, or the innermost one at a line (1-based) of a file, given relative to the root. */
export type ChunkAddress = { readonly chunkId: string } | { readonly file: string; readonly line: number };

/** Keys as they are printed; additive changes only. */
export interface ChunkAnswer {
  readonly schema: 1;
  readonly index: IndexState;
  readonly chunk: ChunkReference & {
    readonly language: string;
    /** The whole definition; of one that contains others, their signatures in place of their bodies. */
    readonly content: string;
    readonly docstring: string;
    /** Cyclomatic; 0 where it is not known. */
    readonly complexity: number;
    /** See `SearchHit.stale`. */
    readonly stale: Staleness;
    readonly text_found: boolean | null;
  };
  readonly parent: ChunkReference | null;
  readonly children: readonly ChunkReference[];
  /** Others with the same parent, in file order. */
  readonly siblings: readonly ChunkReference[];
  /** What is before and after it in the file, named or not. */
  readonly before: ChunkReference | null;
  readonly after: ChunkReference | null;
}

/** Errors: NOTHING_MATCHES if no such chunk is in the index. */
export async function readChunk(index: Index, address: ChunkAddress): Promise<ChunkAnswer> {
  const { readable: stores, config } = readable(index);
  const state = await readState(stores);
  const { definitions, found } = await locate(stores, address);
  const { first, parts } = found;
  const ids = parts.map(({ chunkId }) => chunkId);
  const details = await readDetails(stores.chunks.table, ids);
  const whole = ids.flatMap((id) => details.get(id) ?? []);
  const [head] = whole;
  if (head === undefined) throw noSuchChunk(address); // it has gone since
  const reference = referenceTo(found);
  const row = {
    ...head,
    content: whole.map(({ content }) => content).join('\n'),
    endLine: reference.end_line,
    functionName: '',
    className: '',
  };
  const showsSecrets = await allowsSecrets(stores.layout.runFile);
  const [now] = await compareWithFiles([row], { root: config.root, chunks: stores.chunks, showsSecrets });
  const at = definitions.indexOf(found);
  const isParent = ({ first: other }: Definition) => other.chunkId === first.parentChunkId;
  const others = definitions.filter((each) => each !== found && each.first.name !== '');
  return {
    schema: 1,
    index: state,
    chunk: {
      ...reference,
      start_line: now!.startLine,
      end_line: now!.endLine,
      location: `${reference.file_path}:${now!.startLine}-${now!.endLine}`,
      language: head.language,
      content: row.content,
      docstring: head.docstring,
      complexity: head.complexity,
      stale: now!.stale,
      text_found: now!.textFound,
    },
    parent: first.parentChunkId === '' ? null : asReference(definitions.find(isParent)),
    children: others.filter(({ first: other }) => ids.includes(other.parentChunkId)).map(referenceTo),
    siblings: others.filter(({ first: other }) => other.parentChunkId === first.parentChunkId).map(referenceTo),
    before: asReference(definitions.slice(0, at).findLast((each) => endOf(each) < first.startLine)),
    after: asReference(definitions.slice(at + 1).find((each) => each.first.startLine > endOf(found))),
  };
}

async function locate(
  { chunks, structure }: ReadableStores,
  address: ChunkAddress,
): Promise<{ definitions: Definition[]; found: Definition }> {
  const path = 'file' in address ? address.file : await pathOf(chunks.table, address);
  const rows = path === null ? [] : await readFileChunks(chunks.table, await structure(), isIn('file_path', [path]));
  const definitions = definitionsOf(rows);
  const found =
    'chunkId' in address
      ? definitions.find(({ parts }) => parts.some(({ chunkId }) => chunkId === address.chunkId))
      : innermostAt(definitions, address.line);
  if (found === undefined) throw noSuchChunk(address, rows.at(-1)?.endLine);
  return { definitions, found };
}

async function pathOf(
  table: ReadableStores['chunks']['table'],
  { chunkId }: { readonly chunkId: string },
): Promise<string | null> {
  return (await readDetails(table, [chunkId])).get(chunkId)?.filePath ?? null;
}

/** The one with the fewest lines of those around it. */
function innermostAt(definitions: readonly Definition[], line: number): Definition | undefined {
  const around = definitions.filter((each) => each.parts.some((p) => p.startLine <= line && line <= p.endLine));
  const length = (each: Definition) => endOf(each) - each.first.startLine;
  return around.toSorted((a, b) => length(a) - length(b))[0];
}

function endOf({ parts }: Definition): number {
  return Math.max(...parts.map(({ endLine }) => endLine));
}

function asReference(definition: Definition | undefined): ChunkReference | null {
  return definition === undefined ? null : referenceTo(definition);
}

function noSuchChunk(address: ChunkAddress, lastLine?: number): IndexerError {
  if ('chunkId' in address) {
    return new IndexerError('NOTHING_MATCHES', `no chunk ${address.chunkId} is in the index`, {
      hint: 'its file may have changed and been indexed again since; search once more for what it is now',
    });
  }
  const message =
    lastLine === undefined
      ? `no chunk of ${address.file} is in the index`
      : `no chunk is at line ${address.line} of ${address.file}, whose last indexed line is ${lastLine}`;
  return new IndexerError('NOTHING_MATCHES', message, {
    hint: 'give the path of an indexed file relative to the project, and a line in it',
  });
}
