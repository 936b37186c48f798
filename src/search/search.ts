// Query → ranked results, by the nearest vectors, each compared with its file as it is now.
import { IndexerError } from '../core/errors.ts';
import type { Embedder } from '../embedding/embedder.ts';
import type { ChunksStore } from '../store/chunks.ts';
import type { NearestRow, VectorsStore } from '../store/vectors.ts';
import { conditionOf, type NarrowFilter, type SearchFilter } from './filter.ts';
import { type Comparison, compareWithFiles, type Staleness } from './freshness.ts';
import { highlightsOf } from './highlights.ts';

/** One result, with the keys mcp-vector-search prints, and the breadcrumb. */
export interface SearchHit {
  readonly content: string;
  /** Relative to the root. */
  readonly file_path: string;
  /** Where the text stands now, if `text_found`; else where it stood when it was indexed. */
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
  /** Up to three lines before the chunk, from the file as it is now; none unless `text_found`. */
  readonly context_before: readonly string[];
  readonly context_after: readonly string[];
  /** Lines of the content that share words with the query, best first, at most three. */
  readonly highlights: readonly string[];
  /** `file:start-end` */
  readonly location: string;
  readonly line_count: number;
  /** False if the file is as it was indexed; true if it has changed since; else it is gone, or could not be compared. */
  readonly stale: Staleness;
  /** Whether the file holds the text as it is given here, at these lines; null where that is not known. */
  readonly text_found: boolean | null;
}

export interface SearchContext {
  readonly vectors: VectorsStore;
  readonly chunks: ChunksStore;
  readonly root: string;
}

interface Bounds {
  readonly limit: number;
  /** Leaves out hits whose similarity_score is below it; 0 to 1. */
  readonly threshold?: number | undefined;
}

export interface SearchOptions extends SearchFilter, Bounds {}

/** The same with a filter that the engine understands. */
export interface NarrowOptions extends NarrowFilter, Bounds {}

/** The `limit` best hits, best first; ties in the order of path and line, so that equal indexes answer equally. */
export async function searchVectors(
  ctx: SearchContext & { readonly embedder: Embedder },
  query: string,
  options: NarrowOptions,
): Promise<SearchHit[]> {
  const { vectors, failures } = await ctx.embedder.embed([query]);
  if (failures[0]) throw new Error(`the query could not be embedded: ${failures[0].reason}`);
  return nearestHits(ctx, vectors, query, options);
}

/** Chunks of other files that are like a file of the index, best first. Errors: USAGE if it has no chunk there. */
export async function searchSimilar(
  ctx: SearchContext,
  filePath: string,
  options: NarrowOptions,
): Promise<SearchHit[]> {
  const direction = await ctx.vectors.directionOf(filePath);
  if (direction === null) {
    throw new IndexerError('USAGE', `no chunk of ${filePath} is in the index`, {
      hint: 'give the path of an indexed file, relative to the project or to where you stand',
    });
  }
  return nearestHits(ctx, direction, '', { ...options, except: [...(options.except ?? []), filePath] });
}

async function nearestHits(
  ctx: SearchContext,
  vector: Float32Array,
  query: string,
  { limit, threshold = 0, ...filter }: NarrowOptions,
): Promise<SearchHit[]> {
  const where = conditionOf(filter, await ctx.vectors.table.columns());
  const found = await ctx.vectors.nearest(vector, { limit, where });
  const rows = found.filter((row) => similarityOf(row) >= threshold);
  rows.sort((a, b) => a.distance - b.distance || compare(a.filePath, b.filePath) || a.startLine - b.startLine);
  const compared = await compareWithFiles(rows, ctx);
  return rows.map((row, index) => toHit(query, row, compared[index]!, index + 1));
}

function similarityOf(row: NearestRow): number {
  return 1 - row.distance / 2;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function toHit(query: string, row: NearestRow, now: Comparison, rank: number): SearchHit {
  const { startLine, endLine, before, after } = now;
  return {
    content: row.content,
    file_path: row.filePath,
    start_line: startLine,
    end_line: endLine,
    language: row.language,
    similarity_score: similarityOf(row),
    rank,
    chunk_type: row.kind,
    function_name: row.functionName || null,
    class_name: row.className || null,
    breadcrumb: row.breadcrumb,
    context_before: before,
    context_after: after,
    highlights: highlightsOf(row.content, query),
    location: `${row.filePath}:${startLine}-${endLine}`,
    line_count: endLine - startLine + 1,
    stale: now.stale,
    text_found: now.textFound,
  };
}
