// Whether the rows that mcp-vector-search has of a file are all there. It marks a batch by deleting its rows and adding
// them again; killed in between, some rows are gone for good while the file's hash still stands in the others. Its cuts
// differ from ours, so what is compared is only what it cuts as we do.
import type { Chunk, ChunkKind } from '../../core/chunk.ts';
import { MIGRATED, originOf } from './chunker-marks.ts';

/** The definitions that its parsers give a row of their own, by language. */
const DEFINITIONS: Readonly<Record<string, readonly ChunkKind[]>> = {
  python: ['function', 'method', 'constructor', 'class'],
  javascript: ['function', 'method', 'constructor', 'class'],
  typescript: ['class'],
  go: ['function', 'method', 'struct'],
  rust: ['function', 'method', 'struct'],
};

const HOLDS_LOCALS: ReadonlySet<ChunkKind> = new Set(['function', 'method', 'constructor']);

/** Of these it keeps what a reader sees, not the words of the file. */
const MARKUP: ReadonlySet<string> = new Set(['html', 'vue']);

/** A row of a file, as far as it is compared. */
export type StoredRow = Pick<Chunk, 'name' | 'startLine' | 'endLine' | 'content'> & { readonly kind: string };

/** `prose`: that release itself dropped words of prose, so that these prove nothing. */
export type Loss = 'none' | 'prose';

/** What the release that cut a file is known to drop, by the file's mark in the ledger. */
export function lossOf(mark: string): Loss {
  return originOf(mark) === MIGRATED ? 'prose' : 'none';
}

/**
 * Which of our chunks of a file have no row, given all its rows. A definition has one if a row of its name begins or ends
 * within its lines, a paragraph if its words stand in some row.
 */
export function findMissing(chunks: readonly Chunk[], rows: readonly StoredRow[], loss: Loss = 'none'): Chunk[] {
  const byId = new Map(chunks.map((chunk) => [chunk.chunkId, chunk]));
  if (rows.every(({ kind }) => kind === 'text')) {
    if (loss === 'prose' || chunks.some(({ language }) => MARKUP.has(language))) return [];
    const words = rows.map(({ content }) => withoutSpaces(content)).join('\n');
    return chunks.filter((chunk) => !chunk.derived && !holdsLines(words, chunk.content));
  }
  if (rows.some(({ kind }) => kind === 'module')) return []; // the whole file in one row
  return chunks.filter((chunk) =>
    holdsImports(chunk)
      ? !rows.some(({ kind }) => kind === 'imports')
      : isExpected(chunk, byId) && !rows.some((row) => isRowOf(row, chunk)),
  );
}

function holdsImports({ language, kind, content }: Chunk): boolean {
  return language === 'python' && kind === 'module' && /^(import|from)\s/m.test(content);
}

function isExpected(chunk: Chunk, byId: ReadonlyMap<string, Chunk>): boolean {
  const { kind, name, language, partIndex } = chunk;
  if (partIndex > 0 || name === '' || !DEFINITIONS[language]?.includes(kind)) return false;
  if (language === 'javascript' && /[#.]/.test(name)) return false; // private, or assigned to a property
  for (let above = parentOf(chunk, byId); above !== undefined; above = parentOf(above, byId)) {
    if (HOLDS_LOCALS.has(above.kind)) return false;
  }
  return true;
}

function parentOf({ parentChunkId }: Chunk, byId: ReadonlyMap<string, Chunk>): Chunk | undefined {
  return parentChunkId === null ? undefined : byId.get(parentChunkId);
}

/** Our chunk begins with its comments and may be the first part of several; `lines` are those of the whole. */
function isRowOf(row: StoredRow, { name, startLine, endLine, metrics }: Chunk): boolean {
  const end = Math.max(endLine, startLine + metrics.lines - 1);
  return row.content !== '' && row.name === name && row.startLine <= end && row.endLine >= startLine;
}

function holdsLines(words: string, content: string): boolean {
  return content.split('\n').every((line) => words.includes(withoutSpaces(line)));
}

function withoutSpaces(text: string): string {
  return text.replace(/\s+/g, '');
}
