// What passes between the steps of cutting a file.
import type { ChunkKind, ParsedFile } from '../../core/chunk.ts';
import type { Definition } from './hierarchy.ts';
import type { LineTable } from './source-text.ts';
import type { Segment } from './split.ts';

/** A file that is to be cut, as text. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly lines: LineTable;
  /** The id of its language, `text` if unknown. */
  readonly language: string;
  /** Its language's (languages/schema.ts). */
  readonly density: number;
}

/** A chunk before it has an identity. */
export interface Draft {
  readonly kind: ChunkKind;
  /** Null for what no definition holds. */
  readonly definition: Definition | null;
  /** In file order. */
  readonly segments: readonly Segment[];
  /** Never blank. */
  readonly content: string;
  readonly partIndex: number;
  /** What the chunk stands for: the whole definition, or its part; whatever is repeated from others included. */
  readonly start: number;
  readonly end: number;
}

/** What one file's bytes say, apart from where it lies and what `stat` said of it. */
export type ParsedContent = Pick<ParsedFile, 'status' | 'reason' | 'chunks'>;
