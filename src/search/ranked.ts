// A query → definitions, ranked by words and meaning, with what is shown of them.
import { CLASS_KINDS, FUNCTION_KINDS } from '../core/chunk.ts';
import type { ChunksStore } from '../store/tables/chunks.ts';
import { type ChunkDetails, readDetails } from '../store/tables/details.ts';
import type { FoundRow } from '../store/tables/vectors.ts';
import { acceptedBy, idsBy } from './accept.ts';
import { conditionOf, type NarrowFilter } from './filter.ts';
import { highlightsOf } from './highlights.ts';
import type { SearchMode } from './mode.ts';
import { confidenceOf } from './ranking/confidence.ts';
import { MOST_LINES, type Result, toResults } from './ranking/definitions.ts';
import type { Factors } from './ranking/factors.ts';
import { readQuery } from './ranking/query.ts';
import { evidenceOf, weigh } from './ranking/rank.ts';
import { retrieve, type Sources } from './retrieve.ts';

export interface RankedContext extends Sources {
  readonly chunks: ChunksStore;
}

/** A definition that was found, as the row of its text. */
export interface FoundDefinition {
  readonly row: FoundRow & { readonly fileHash: string };
  /** From 0 to 1, comparable between queries. */
  readonly score: number;
  readonly why: Readonly<Record<string, number>>;
  readonly docstring: string;
  readonly signature: string;
  readonly complexity: number;
  /** The part that matched. */
  readonly matched: { readonly startLine: number; readonly endLine: number };
}

export interface RankedOptions {
  readonly mode: SearchMode;
  readonly limit: number;
  readonly threshold: number;
  readonly filter: NarrowFilter;
  /** Others than the program's own, to measure what each is worth. */
  readonly factors?: Factors | undefined;
}

/** `vector` is the query's, of unit length; null where only words count. */
export async function findRanked(
  ctx: RankedContext,
  text: string,
  vector: Float32Array | null,
  { mode, limit, threshold, filter, factors }: RankedOptions,
): Promise<FoundDefinition[]> {
  const query = readQuery(text);
  const where = ctx.vectors === null ? undefined : conditionOf(filter, await ctx.vectors.table.columns());
  const narrowed = { accepts: await acceptedBy(filter, ctx.chunks), where, ids: await idsBy(filter, ctx.chunks) };
  const { candidates, weightOf } = await retrieve(ctx, query, vector, { mode, narrowed, limit });
  const ranked = weigh(query, evidenceOf(query, candidates, weightOf), factors);
  const results = toResults(ranked, limit, factors).filter((result) => confidenceOf(result.score) >= threshold);
  return describe(results, ctx.chunks, text);
}

async function describe(results: readonly Result[], chunks: ChunksStore, query: string): Promise<FoundDefinition[]> {
  const ids = results.flatMap(({ best, parts }) => [best.candidate.document, ...parts].map(({ chunkId }) => chunkId));
  const details = await readDetails(chunks.table, [...new Set(ids)]);
  return results.flatMap((result): FoundDefinition[] => {
    const { document } = result.best.candidate;
    const best = details.get(document.chunkId);
    if (best === undefined) return []; // the row has gone since
    const parts = result.parts.flatMap(({ chunkId }) => details.get(chunkId) ?? []);
    const shown = result.isWhole
      ? {
          content: parts.map(({ content }) => content).join('\n'),
          startLine: result.startLine,
          endLine: result.endLine,
        }
      : boundedPart(best, query);
    return [
      {
        row: {
          chunkId: best.chunkId,
          filePath: best.filePath,
          content: shown.content,
          language: best.language,
          startLine: shown.startLine,
          endLine: shown.endLine,
          kind: best.kind,
          name: best.name,
          functionName: FUNCTION_KINDS.has(best.kind) ? best.name : '',
          className: CLASS_KINDS.has(best.kind) ? best.name : best.parentName,
          breadcrumb: best.breadcrumb,
          fileHash: best.fileHash,
        },
        score: confidenceOf(result.score),
        why: result.best.why(),
        docstring: best.docstring,
        signature: best.signature,
        complexity: best.complexity,
        matched: result.isWhole ? { startLine: best.startLine, endLine: best.endLine } : shown,
      },
    ];
  });
}

/** Lines before the one that fits best, where a part has to be cut. */
const LINES_ABOVE = 20;

/** At most 100 lines of one chunk: around the line that shares the most words with the query, if there are more. */
function boundedPart({ content, startLine, endLine }: ChunkDetails, query: string) {
  const lines = content.split('\n');
  const isCut = lines.length > MOST_LINES;
  const [best] = isCut ? highlightsOf(content, query) : [];
  const at = best === undefined ? 0 : lines.findIndex((line) => line.trim() === best);
  const first = isCut ? Math.max(0, Math.min(at - LINES_ABOVE, lines.length - MOST_LINES)) : 0;
  // An outline has fewer lines than what it is of: then it begins where that begins.
  const isAligned = lines.length === endLine - startLine + 1;
  const start = isAligned ? startLine + first : startLine;
  return {
    content: lines.slice(first, first + MOST_LINES).join('\n'),
    startLine: start,
    endLine: Math.min(endLine, start + MOST_LINES - 1),
  };
}
