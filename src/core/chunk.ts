// The nouns both phases speak of. No I/O, no behaviour beyond plain data.

/** What a chunk is, as stored in `chunk_type`. mcp-vector-search's words are kept where it had one. */
export type ChunkKind =
  | 'function'
  | 'method'
  | 'constructor'
  | 'class'
  | 'interface'
  | 'struct'
  | 'enum'
  | 'trait'
  | 'impl'
  | 'type'
  | 'macro'
  | 'namespace'
  | 'module'
  | 'section'
  | 'entry'
  | 'text';

/** Definitions whose name mcp-vector-search's columns hold as `function_name`. */
export const FUNCTION_KINDS: ReadonlySet<string> = new Set<ChunkKind>(['function', 'method', 'constructor', 'macro']);

/** Definitions whose name they hold as `class_name`. */
export const CLASS_KINDS: ReadonlySet<string> = new Set<ChunkKind>([
  'class',
  'interface',
  'struct',
  'enum',
  'trait',
  'impl',
  'type',
]);

/** A chunk waits for its vector, has it, or cannot have one (the reason is in its row). */
export type ChunkStatus = 'pending' | 'complete' | 'error';

/** Numbers about one definition; null where its language declares no captures to count from. */
export interface ChunkMetrics {
  /** 1 + decision points. */
  readonly cyclomatic: number | null;
  /** Each nesting construct adds 1 + its depth inside the definition (SonarSource's cognitive complexity, simplified). */
  readonly cognitive: number | null;
  /** Deepest nesting of nesting constructs. */
  readonly nesting: number | null;
  readonly parameters: number | null;
  /** Lines the whole definition spans. */
  readonly lines: number;
  /** A ≤ 5, B ≤ 10, C ≤ 20, D ≤ 30, else F, of the cyclomatic number; null with it. */
  readonly grade: 'A' | 'B' | 'C' | 'D' | 'F' | null;
  /** Names of the smells found, sorted. */
  readonly smells: readonly string[];
}

/** One chunk as Phase 1 makes it. Lines are 1-based and inclusive; characters are UTF-16 units from the file's start. */
export interface Chunk {
  /** 16 hex digits over (path, kind, breadcrumb, content SHA-256, occurrence). */
  readonly chunkId: string;
  /** As read from disk, `/`-separated, relative to the root. */
  readonly filePath: string;
  readonly kind: ChunkKind;
  /** Own name of the definition, or ''. */
  readonly name: string;
  /** Names from the outermost definition inwards, joined by the language's separator; '' for nameless chunks at file level. */
  readonly breadcrumb: string;
  readonly parentName: string;
  readonly language: string;
  readonly content: string;
  /** SHA-256 of `content` in UTF-8, 64 hex digits. */
  readonly contentHash: string;
  /** 0, 1, 2 … among chunks equal in path, kind, breadcrumb and content. */
  readonly occurrence: number;
  readonly startLine: number;
  readonly endLine: number;
  readonly startChar: number;
  readonly endChar: number;
  readonly parentChunkId: string | null;
  /** Position among the chunks with the same parent, from 0, in file order. */
  readonly childOrder: number;
  /** 0 for chunks without a parent. */
  readonly depth: number;
  /** 0 for a whole definition or its first part; part n of one that was too long. */
  readonly partIndex: number;
  /** True if `content` repeats signature lines of children (a container's skeleton). */
  readonly derived: boolean;
  readonly signature: string;
  readonly docstring: string;
  readonly calls: readonly string[];
  readonly imports: readonly string[];
  readonly inheritsFrom: readonly string[];
  readonly metrics: ChunkMetrics;
}

/** What `stat` said of a file; nanoseconds and inode as decimal strings, compared for equality only. */
export interface FileStamp {
  readonly size: number;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly ino: string;
}

/**
 * How a file ended: with chunks, without (skipped by policy), or not at all. The first four follow from its bytes and the
 * configuration, and hold until one of them changes. `unfinished` came from the surroundings (no permission, no memory, a
 * thread that died): the file keeps the chunks it had, and every run tries it again.
 */
export type FileStatus = 'parsed' | 'parsed-with-errors' | 'fallback' | 'skipped' | 'unfinished';

/** What Phase 1 made of one file. */
export interface ParsedFile {
  readonly path: string;
  readonly stamp: FileStamp;
  /** SHA-256 of the bytes, 64 hex digits; '' if they could not be read. */
  readonly sha256: string;
  readonly status: FileStatus;
  /** Why it is not simply `parsed`; '' otherwise. */
  readonly reason: string;
  readonly chunks: readonly Chunk[];
}

/** A pending chunk as Phase 2 needs it: its text and what is copied into the vector's row. */
export interface PendingChunk {
  readonly chunkId: string;
  readonly filePath: string;
  readonly kind: string;
  readonly name: string;
  readonly breadcrumb: string;
  readonly parentName: string;
  readonly language: string;
  readonly content: string;
  readonly startLine: number;
  readonly endLine: number;
}
