// Query → ranked results. STUB while the parts are written.
import type { Index } from '../indexer.ts';

/** One result, with the keys mcp-vector-search prints. */
export interface SearchHit {
  readonly content: string;
  /** Relative to the root. */
  readonly file_path: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly language: string;
  /** 1 − cosine distance / 2, from 0 to 1. */
  readonly similarity_score: number;
  readonly rank: number;
  readonly chunk_type: string;
  readonly function_name: string | null;
  readonly class_name: string | null;
  readonly breadcrumb: string;
  readonly context_before: readonly string[];
  readonly context_after: readonly string[];
  readonly highlights: readonly string[];
  /** `file:start-end` */
  readonly location: string;
  readonly line_count: number;
}

export declare function search(
  index: Index,
  query: string,
  options: { readonly limit: number },
): Promise<SearchHit[]>;
