// Query → ranked results, by the nearest vectors, each compared with its file as it is now.
import { IndexerError } from '../core/errors.ts';
import type { ChunkDetails } from '../store/tables/details.ts';
import type { FoundRow, NearestRow, VectorsStore } from '../store/tables/vectors.ts';
import { idsBy } from './accept.ts';
import { conditionOf, type NarrowFilter, type SearchFilter } from './filter.ts';
import { type Comparison, compareWithFiles, type FilesContext, type Staleness } from './freshness.ts';
import { highlightsOf } from './highlights.ts';
import type { SearchMode } from './mode.ts';
import { nearestWithin } from './nearest-within.ts';
import { findRanked, type RankedContext } from './ranked.ts';

/** One result, with the keys mcp-vector-search prints, and the breadcrumb. */
export interface SearchHit {
  /** What `readChunk` and `similarToChunk` take; stays while kind, name and text of the chunk stay. */
  readonly chunk_id: string;
  readonly content: string;
  /** Relative to the root. */
  readonly file_path: string;
  /** Where the text stands now, if `text_found`; else where it stood when it was indexed. */
  readonly start_line: number;
  readonly end_line: number;
  readonly language: string;
  /**
   * From 0 to 1: how likely it is that the hit is a right one, comparable between queries. In the mode `semantic`, and of
   * what is like a file, 1 − cosine distance / 2.
   */
  readonly similarity_score: number;
  readonly rank: number;
  readonly chunk_type: string;
  readonly function_name: string | null;
  readonly class_name: string | null;
  readonly breadcrumb: string;
  /** Lines before the chunk, three if not asked otherwise, from the file as it is now, credentials masked; none unless `text_found`. */
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
  /** The lines of the part that matched, where the hit is a definition of several parts. */
  readonly matched?: { readonly start_line: number; readonly end_line: number };
  readonly signature?: string;
  readonly docstring?: string;
  /** Cyclomatic; 0 where it is not known. */
  readonly complexity?: number;
  /** What counted how much, by the names in `ranking/factors.ts`; where it was asked for. */
  readonly why?: Readonly<Record<string, number>>;
}

export interface SearchContext extends FilesContext {
  readonly vectors: VectorsStore;
}

interface Bounds {
  readonly limit: number;
  /** Leaves out hits whose similarity_score is below it; 0 to 1. */
  readonly threshold?: number | undefined;
}

export interface SearchOptions extends SearchFilter, Bounds {}

/** The same with a filter that the engine understands. */
export interface NarrowOptions extends NarrowFilter, Bounds {}

/**
 * The `limit` best definitions by words and meaning, best first. `vector` is the query's, of unit length; null where only
 * words count.
 */
export async function searchRanked(
  ctx: RankedContext & FilesContext,
  query: string,
  vector: Float32Array | null,
  { limit, threshold = 0, mode, why, ...filter }: NarrowOptions & { readonly mode: SearchMode; readonly why: boolean },
): Promise<SearchHit[]> {
  const found = await findRanked(ctx, query, vector, { limit, threshold, mode, filter });
  const compared = await compareWithFiles(
    found.map(({ row }) => row),
    ctx,
  );
  return found.map((each, index) => {
    const { row, score, matched } = each;
    const moved = compared[index]!.startLine - row.startLine;
    const isPart = matched.startLine !== row.startLine || matched.endLine !== row.endLine;
    return {
      ...toHit(query, row, score, compared[index]!, index + 1),
      ...(isPart ? { matched: { start_line: matched.startLine + moved, end_line: matched.endLine + moved } } : {}),
      signature: each.signature,
      docstring: each.docstring,
      complexity: each.complexity,
      ...(why ? { why: each.why } : {}),
    };
  });
}

/** The chunks whose vectors are nearest; ties in the order of path and line, so that equal indexes answer equally. */
export function searchVectors(
  ctx: SearchContext,
  query: string,
  vector: Float32Array,
  options: NarrowOptions,
): Promise<SearchHit[]> {
  return nearestHits(ctx, vector, query, options);
}

/** A file of the index, or one chunk of it. */
export type SimilarOrigin = { readonly file: string } | { readonly file: string; readonly chunk: ChunkDetails };

/**
 * Chunks of other files that are like a file of the index, or whatever is like one chunk and not in its lines; best
 * first. Errors: USAGE if it has no vector there.
 */
export async function searchSimilar(
  ctx: SearchContext,
  origin: SimilarOrigin,
  options: NarrowOptions,
): Promise<SearchHit[]> {
  const { file: filePath } = origin;
  const chunk = 'chunk' in origin ? origin.chunk : null;
  const direction = await ctx.vectors.directionOf(chunk === null ? { filePath } : { chunkId: chunk.chunkId });
  if (direction === null) {
    throw new IndexerError('USAGE', `no chunk of ${filePath} is in the index`, {
      hint: 'give the path of an indexed file, relative to the project or the current folder',
    });
  }
  if (chunk === null)
    return nearestHits(ctx, direction, '', { ...options, except: [...(options.except ?? []), filePath] });
  const isOther = (row: NearestRow) => {
    if (row.filePath !== filePath) return true;
    const isOfIt = chunk.breadcrumb !== '' && row.kind === chunk.kind && row.breadcrumb === chunk.breadcrumb;
    return !isOfIt && (row.endLine < chunk.startLine || row.startLine > chunk.endLine);
  };
  return nearestHits(ctx, direction, '', options, isOther);
}

/** So many chunks are parts of one definition, or share a line with it. */
const MOST_OVERLAPPING = 20;

async function nearestHits(
  ctx: SearchContext,
  vector: Float32Array,
  query: string,
  { limit, threshold = 0, ...filter }: NarrowOptions,
  accepts: ((row: NearestRow) => boolean) | null = null,
): Promise<SearchHit[]> {
  const where = conditionOf(filter, await ctx.vectors.table.columns());
  const found = await nearestWithin(ctx.vectors, vector, {
    limit: accepts === null ? limit : limit + MOST_OVERLAPPING,
    where,
    ids: await idsBy(filter, ctx.chunks),
  });
  const rows = found.filter((row) => similarityOf(row) >= threshold && (accepts?.(row) ?? true));
  rows.sort((a, b) => a.distance - b.distance || compare(a.filePath, b.filePath) || a.startLine - b.startLine);
  rows.splice(limit);
  const compared = await compareWithFiles(rows, ctx);
  return rows.map((row, index) => toHit(query, row, similarityOf(row), compared[index]!, index + 1));
}

function similarityOf(row: NearestRow): number {
  return 1 - row.distance / 2;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function toHit(query: string, row: FoundRow, score: number, now: Comparison, rank: number): SearchHit {
  const { startLine, endLine, before, after } = now;
  return {
    chunk_id: row.chunkId,
    content: row.content,
    file_path: row.filePath,
    start_line: startLine,
    end_line: endLine,
    language: row.language,
    similarity_score: score,
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
