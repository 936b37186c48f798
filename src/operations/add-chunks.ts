// The call of old: chunks go in, and are searchable when it returns. Kept for programs that use it.
import { isAbsolute, join, relative, sep } from 'node:path';
import type { ChunkKind, ParsedFile } from '../core/chunk.ts';
import { IndexerError } from '../core/errors.ts';
import { identify } from '../phase1-parse/chunk/identity.ts';
import { type Index, writable } from '../run/opened.ts';
import { embed, timed } from '../run/phases.ts';
import { type RunReport, report } from '../run/report.ts';
import { hashFile } from '../store/files/file-hash.ts';
import { ADDED } from '../store/mcp-vector-search/chunker-marks.ts';
import { type ExternalRow, externalChunk } from '../store/mcp-vector-search/external-chunks.ts';
import { replaceFiles } from '../store/replace-files.ts';

/** A chunk as the caller cut it; names as mcp-vector-search has them. */
export interface AddedChunk {
  readonly content: string;
  /** Relative to the root, or absolute and below it. */
  readonly file_path: string;
  /** 1-based, inclusive. */
  readonly start_line: number;
  readonly end_line: number;
  readonly language: string;
  /** `text` if not given. */
  readonly chunk_type?: string | undefined;
  readonly function_name?: string | null | undefined;
  readonly class_name?: string | null | undefined;
}

let hasWarned = false;

/**
 * Stores these chunks and embeds all that is pending: both phases in one call. A call holds all chunks of each file that
 * it names; they replace what is known of it. They stay until the file changes on disk, or is not there when the next
 * `indexProject` looks. Errors: USAGE for an empty content, wrong lines or a path outside of the root, before anything is
 * written; those of Phase 2.
 * @deprecated Parsing and embedding are two phases now: `indexProject`, or `runPhase1` and `runPhase2`.
 */
export async function addChunks(
  index: Index,
  chunks: readonly AddedChunk[],
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<RunReport> {
  if (!hasWarned) {
    hasWarned = true;
    const message = 'addChunks() does both phases in one call; use indexProject(), or runPhase1() and runPhase2()';
    process.emitWarning(message, 'DeprecationWarning', 'TANDEM_ADD_CHUNKS');
  }
  const opened = writable(index);
  const { stores, fault } = opened;
  const byFile = new Map<string, AddedChunk[]>();
  for (const chunk of chunks) {
    const path = pathWithin(index.config.root, chunk);
    byFile.set(path, [...(byFile.get(path) ?? []), chunk]);
  }
  const files: ParsedFile[] = [];
  for (const [path, added] of byFile) files.push(await asParsed(index.config.root, path, added));
  if (files.length > 0) {
    const makeDurable = async () => {
      await stores.makeDurable();
      await stores.ledger.makeDurable();
    };
    await replaceFiles({ ...stores, chunkerVersion: ADDED, makeDurable, fault }, files);
  }
  return report(opened, null, await timed(opened, 2, () => embed(opened, signal)));
}

function pathWithin(root: string, chunk: AddedChunk): string {
  const { file_path: given, content, start_line: start, end_line: end } = chunk;
  const path = (isAbsolute(given) ? relative(root, given) : given).split(sep).join('/').replace(/^\.\//, '');
  const isOutside = path === '' || isAbsolute(path) || path.split('/').includes('..');
  const hasLines = Number.isInteger(start) && Number.isInteger(end) && start >= 1 && end >= start;
  if (!isOutside && hasLines && content.trim() !== '') return path;
  const what = isOutside ? 'is outside the root' : hasLines ? 'has no content' : `has the lines ${start} to ${end}`;
  throw new IndexerError('USAGE', `a chunk of ${given} ${what}`, { hint: 'nothing was stored' });
}

async function asParsed(root: string, path: string, added: readonly AddedChunk[]): Promise<ParsedFile> {
  const onDisk = await hashFile(join(root, path));
  const chunks = added.map((chunk) => externalChunk(asRow(path, chunk)));
  const identities = identify(
    path,
    chunks.map((chunk) => ({ ...chunk, definition: null })),
  );
  return {
    path,
    stamp: onDisk?.stamp ?? { size: 0, mtimeNs: '0', ctimeNs: '0', ino: '0' },
    sha256: onDisk?.sha256 ?? '',
    status: 'parsed',
    reason: '',
    chunks: chunks.map((chunk, index) => ({ ...chunk, ...identities[index]! })),
  };
}

function asRow(filePath: string, chunk: AddedChunk): ExternalRow {
  const { function_name: functionName, class_name: className } = chunk;
  return {
    chunkId: '',
    filePath,
    kind: (chunk.chunk_type || 'text') as ChunkKind,
    name: functionName || className || '',
    breadcrumb: [className, functionName].filter(Boolean).join('.'),
    parentName: functionName ? (className ?? '') : '',
    language: chunk.language,
    content: chunk.content,
    startLine: chunk.start_line,
    endLine: chunk.end_line,
    cyclomatic: 0,
  };
}
