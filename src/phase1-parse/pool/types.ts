// What the pool is asked, and what it answers.
import type { FileStamp, ParsedFile } from '../../core/chunk.ts';

export interface ParseRequest {
  /** Relative to the root, `/`-separated. */
  readonly path: string;
  /** If the bytes have this hash the answer is `unchanged`; null: parse whatever they are. */
  readonly knownSha256: string | null;
  /** Bytes, as listed; for balancing only. */
  readonly size: number;
}

export type ParseOutcome =
  | { readonly kind: 'parsed'; readonly file: ParsedFile }
  | { readonly kind: 'unchanged'; readonly path: string; readonly stamp: FileStamp; readonly sha256: string }
  /** Gone, or no regular file any more, when it was to be read. */
  | { readonly kind: 'vanished'; readonly path: string };
