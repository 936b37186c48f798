// Whether the rows that mcp-vector-search has of a file are all there. It marks a batch by deleting its rows and adding
// them again; killed in between, some rows are gone for good while the file's hash still stands in the others. Its cuts
// differ from ours, so what is compared is only what it cuts as we do.
import type { Chunk, ChunkKind } from '../../core/chunk.ts';
import { MIGRATED, originOf } from './chunker-marks.ts';

/** Which definitions of a language get a row of their own, by what their first line looks like. */
interface Definitions {
  readonly kinds: ReadonlyMap<string, RegExp>;
  /** Whether those in a namespace or module do, too. */
  readonly inNamespaces?: true;
}

const ANY = /^/;
/** By `ChunkKind`. */
const forms = (patterns: Readonly<Record<string, RegExp>>) => new Map(Object.entries(patterns));

const SCRIPT: Definitions = {
  kinds: forms({
    function: /^(export\s+)?(default\s+)?(async\s+)?function\s+\w/,
    // Not a property that holds a function, nor what is private or quoted.
    method: /^((public|private|protected|static|async|override|get|set)\s+)*\w+\s*[(<]/,
    constructor: ANY,
    class: /^(export\s+)?class\s/,
  }),
};

/** As seen in tables of 4.1.14; what is not here proves nothing. */
const DEFINITIONS: Readonly<Record<string, Definitions>> = {
  python: { kinds: forms({ function: ANY, method: ANY, constructor: ANY, class: ANY }) },
  javascript: SCRIPT,
  typescript: SCRIPT,
  tsx: SCRIPT,
  go: { kinds: forms({ function: /^func\b/, method: ANY, struct: ANY, interface: ANY }) },
  rust: { kinds: forms({ function: ANY, method: ANY, struct: /\bstruct\b/, enum: ANY, trait: ANY }) },
  java: {
    kinds: forms({ class: /\bclass\b/, interface: /(^|[^@])\binterface\b/, enum: ANY, method: ANY, constructor: /\(/ }),
  },
  c_sharp: {
    kinds: forms({ class: /\bclass\b/, interface: ANY, struct: ANY, enum: ANY, method: /\w\s*\(/, constructor: ANY }),
    inNamespaces: true,
  },
  php: {
    kinds: forms({ class: ANY, interface: ANY, trait: ANY, function: ANY, method: ANY, constructor: ANY }),
    inNamespaces: true,
  },
  ruby: {
    kinds: forms({ method: /^def [a-z_]\w*[^.\w]|^def [a-z_]\w*$/, constructor: ANY, function: ANY }),
    inNamespaces: true,
  },
  dart: { kinds: forms({ class: ANY, function: ANY }) },
};

const HOLDS_LOCALS: ReadonlySet<ChunkKind> = new Set(['function', 'method', 'constructor']);
const NAMESPACES: ReadonlySet<ChunkKind> = new Set(['namespace', 'module']);
const HOLDS_METHODS: ReadonlySet<ChunkKind> = new Set(['class', 'impl', 'interface', 'namespace']);

/** Of these it keeps what a reader sees, not the words of the file. */
const MARKUP: ReadonlySet<string> = new Set(['html', 'vue']);

/** A row of a file, as far as it is compared. */
export type StoredRow = Pick<Chunk, 'name' | 'startLine' | 'endLine' | 'content'> & { readonly kind: string };

/** `old`: releases before 2.3 dropped words of prose and classes of TypeScript, so that these prove nothing. */
export type Loss = 'none' | 'old';

/** What the release that cut a file is known to drop, by the file's mark in the ledger. */
export function lossOf(mark: string): Loss {
  return originOf(mark) === MIGRATED ? 'old' : 'none';
}

/**
 * Which of our chunks of a file have no row, given all its rows. A definition has one if a row of its name begins or ends
 * within its lines, a paragraph if its words stand in some row.
 */
export function findMissing(chunks: readonly Chunk[], rows: readonly StoredRow[], loss: Loss = 'none'): Chunk[] {
  const byId = new Map(chunks.map((chunk) => [chunk.chunkId, chunk]));
  if (rows.every(({ kind }) => kind === 'text')) {
    if (loss === 'old' || chunks.some(({ language }) => MARKUP.has(language))) return [];
    const words = rows.map(({ content }) => withoutSpaces(content)).join('\n');
    return chunks.filter((chunk) => !chunk.derived && !holdsLines(words, chunk.content));
  }
  if (rows.some(({ kind }) => kind === 'module')) return []; // the whole file in one row
  const ends = lastLines(chunks);
  return chunks.filter((chunk) =>
    holdsImports(chunk)
      ? !rows.some(({ kind }) => kind === 'imports')
      : isExpected(chunk, byId, loss === 'old') && !rows.some((row) => isRowOf(row, chunk, ends.get(chunk.chunkId)!)),
  );
}

/** By chunk, where the last part of its definition ends: a first part may hold no more than a long comment. */
function lastLines(chunks: readonly Chunk[]): Map<string, number> {
  const ends = new Map<string, number>();
  const firstParts = new Map<string, string>();
  for (const { chunkId, kind, breadcrumb, partIndex, startLine, endLine, metrics } of chunks) {
    const definition = `${kind} ${breadcrumb}`;
    const first = partIndex > 0 ? (firstParts.get(definition) ?? chunkId) : chunkId;
    firstParts.set(definition, first);
    ends.set(first, Math.max(ends.get(first) ?? 0, endLine, startLine + metrics.lines - 1));
  }
  return ends;
}

function holdsImports({ language, kind, content }: Chunk): boolean {
  return language === 'python' && kind === 'module' && /^(import|from)\s/m.test(content);
}

function isExpected(chunk: Chunk, byId: ReadonlyMap<string, Chunk>, isOldRelease: boolean): boolean {
  const { kind, name, language, partIndex, signature, content } = chunk;
  const known = Object.hasOwn(DEFINITIONS, language) ? DEFINITIONS[language] : undefined;
  const form = known?.kinds.get(kind);
  if (known === undefined || form === undefined || partIndex > 0 || !/^[\p{L}\p{N}_]+$/u.test(name)) return false;
  const isScript = known === SCRIPT;
  if (!form.test(signature) || (isScript && kind !== 'class' && !content.includes('{'))) return false;
  if (isScript && kind === 'class' && isOldRelease) return false;
  let isMember = kind === 'method' || kind === 'constructor';
  for (let above = parentOf(chunk, byId); above !== undefined; above = parentOf(above, byId)) {
    if (HOLDS_LOCALS.has(above.kind)) return false;
    if (NAMESPACES.has(above.kind) && known.inNamespaces !== true) return false;
    if (isMember && !HOLDS_METHODS.has(above.kind)) return false;
    isMember = false;
  }
  return true;
}

function parentOf({ parentChunkId }: Chunk, byId: ReadonlyMap<string, Chunk>): Chunk | undefined {
  return parentChunkId === null ? undefined : byId.get(parentChunkId);
}

/** Our chunk begins with its comments and may be the first part of several. */
function isRowOf(row: StoredRow, { name, startLine }: Chunk, end: number): boolean {
  return row.content !== '' && row.name === name && row.startLine <= end && row.endLine >= startLine;
}

function holdsLines(words: string, content: string): boolean {
  return content.split('\n').every((line) => words.includes(withoutSpaces(line)));
}

function withoutSpaces(text: string): string {
  return text.replace(/\s+/g, '');
}
