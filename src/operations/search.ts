// `tandem search`: the best definitions for a query, with what the answer does not know.
import { childEnvironment } from '../config/child-environment.ts';
import type { Config } from '../config/schema.ts';
import { IndexerError } from '../core/errors.ts';
import { changedFilesSince } from '../discover/changed-files.ts';
import { languageCalled } from '../languages/names.ts';
import { loadOwnLanguages, withOwn } from '../languages/own.ts';
import { allowsSecrets } from '../run/allows-secrets.ts';
import { type Index, type ReadableIndex, readable } from '../run/opened.ts';
import { isFileStale, type Staleness } from '../search/freshness.ts';
import type { SearchMode } from '../search/mode.ts';
import { type AppliedFilters, findSimilarChunk, findSimilarFile, type Narrowed, narrow } from '../search/narrow.ts';
import {
  type SearchHit,
  type SearchOptions,
  type SimilarOrigin,
  searchRanked,
  searchSimilar,
  searchVectors,
} from '../search/search.ts';
import { type IndexState, readState } from '../store/state.ts';
import type { TextIndex } from '../text-index/open.ts';
import { SegmentDamaged } from '../text-index/segment.ts';
import { readChunk } from './read-chunk.ts';
import { warm } from './warm-search.ts';

export type { FileChoice } from '../search/match-files.ts';
export type { KindChoice, LanguageChoice } from '../search/match-kinds.ts';
export type { SearchMode } from '../search/mode.ts';
export type { AppliedFilters } from '../search/narrow.ts';
export type { SearchHit, SearchOptions } from '../search/search.ts';
export type { IndexState } from '../store/state.ts';

/** The object of `search --envelope`; additive changes only. */
export interface SearchAnswer {
  readonly schema: 1;
  /** What could be searched: chunks that are not embedded are found by their words only. */
  readonly index: IndexState;
  readonly how: SearchedHow;
  /** How the filters were understood. */
  readonly filters: AppliedFilters;
  /**
   * The file that others were compared with, and whether it is still what was compared; null for a query. `chunk_id`
   * where it was one chunk of the file.
   */
  readonly similar_to: { readonly file_path: string; readonly stale: Staleness; readonly chunk_id?: string } | null;
  /** Best first. */
  readonly hits: readonly SearchHit[];
}

/** How the answer was made. Keys as they are printed. */
export interface SearchedHow {
  /** The mode that was used: `lexical` in place of `hybrid` where the meaning could not be compared. */
  readonly mode: SearchMode | 'similar';
  /** Why it is another mode than was asked for; null if it is not. */
  readonly reason: string | null;
  /** Chunks that the text index did not hold yet, and that were read one by one. */
  readonly read_directly: number;
  /** Chunks whose words could not be searched, for they are too many without a text index. */
  readonly left_out: number;
}

export interface SearchRequest extends SearchOptions {
  /** `hybrid` by default. */
  readonly mode?: SearchMode | undefined;
  /** Whether each hit says what counted how much. */
  readonly why?: boolean | undefined;
  /** Aborting it rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** A file of the index: finds what is like it, and ignores the query. */
  readonly similarTo?: string | undefined;
  /** A chunk of the index by its id: finds what is like it, in its own file too, and ignores the query. */
  readonly similarToChunk?: string | undefined;
  /** A line of that file, 1-based: finds what is like the innermost chunk there, in the same file too. */
  readonly similarLine?: number | undefined;
  /** How many lines before and after each hit are given, 0 to 1,000; 3 by default. */
  readonly context?: number | undefined;
  /** The folder in which relative paths of `files` and `similarTo` begin; the root if not given. */
  readonly from?: string | undefined;
}

/**
 * The best definitions for a query, best first. What is opened for it stays open with the index, so that the next call
 * answers in milliseconds. Errors: NOTHING_MATCHES (a filter that no chunk can match, or no such chunk for
 * `similarToChunk`), USAGE (the file of `similarTo` is not in the index, or git does not know the revision of `changedSince`); in the mode `semantic` also MODEL_MISSING, MODEL_DAMAGED, MODEL_CHANGED, where `hybrid` answers by
 * words and says so.
 */
export async function search(index: Index, query: string, request: SearchRequest): Promise<SearchAnswer> {
  const opened = readable(index);
  // First: vectors that are added meanwhile may be found, and not be counted.
  const state = await readState(opened.readable);
  const {
    similarTo,
    similarToChunk,
    similarLine,
    context,
    from = opened.config.root,
    limit,
    threshold,
    mode,
    why,
    signal,
    ...asked
  } = request;
  const place = { ...opened.readable, root: opened.config.root, from };
  const narrowed = await narrow(
    {
      ...place,
      languageCalled: (name) => languageByName(opened.config, name),
      changedFiles: (revision) => changedFilesSince(opened.config.root, revision, { env: childEnvironment(), signal }),
    },
    asked,
  ).catch((error: unknown) => {
    throw state.phase1 === 'unfinished' ? asPartial(error) : error;
  });
  const origin = await findOrigin(index, place, { similarTo, similarToChunk, similarLine });
  const options = { ...narrowed.filter, limit, threshold, why: why ?? false, contextLines: context };
  const showsSecrets = await allowsSecrets(opened.readable.layout.runFile);
  const { how, hits } =
    origin === undefined
      ? await findHits(opened, query, { ...options, showsSecrets }, mode ?? 'hybrid', signal)
      : {
          how: { mode: 'similar' as const, ...EVERYTHING },
          hits: await findSimilar(opened, origin, { ...options, showsSecrets }),
        };
  const similar = origin && {
    file_path: origin.file,
    stale: await isFileStale(origin.file, place),
    ...('chunk' in origin ? { chunk_id: origin.chunk.chunkId } : {}),
  };
  return { schema: 1, index: state, how, filters: narrowed.applied, similar_to: similar ?? null, hits };
}

/** What others are compared with; undefined where a query is asked. */
async function findOrigin(
  index: Index,
  place: ReadableIndex['readable'] & { readonly root: string; readonly from: string },
  { similarTo, similarToChunk, similarLine }: Pick<SearchRequest, 'similarTo' | 'similarToChunk' | 'similarLine'>,
): Promise<SimilarOrigin | undefined> {
  if (similarToChunk !== undefined) return findSimilarChunk(place, similarToChunk);
  if (similarTo === undefined) return undefined;
  const file = await findSimilarFile(place, similarTo);
  if (similarLine === undefined) return { file };
  const { chunk } = await readChunk(index, { file, line: similarLine });
  return findSimilarChunk(place, chunk.chunk_id);
}

type Options = Narrowed['filter'] &
  Pick<SearchOptions, 'limit' | 'threshold'> & {
    readonly why: boolean;
    readonly showsSecrets: boolean;
    readonly contextLines: number | undefined;
  };

const EVERYTHING = { reason: null, read_directly: 0, left_out: 0 };

async function findSimilar(
  { readable: stores, config }: ReadableIndex,
  origin: SimilarOrigin,
  { showsSecrets, contextLines, ...options }: Options,
) {
  const { vectors, chunks } = stores;
  if (vectors === null) return [];
  return searchSimilar({ vectors, chunks, root: config.root, showsSecrets, contextLines }, origin, options);
}

async function findHits(
  index: ReadableIndex,
  query: string,
  { showsSecrets, contextLines, ...options }: Options,
  mode: SearchMode,
  signal: AbortSignal | undefined,
): Promise<{ how: SearchedHow; hits: SearchHit[] }> {
  const { vectors, chunks } = index.readable;
  const place = { chunks, root: index.config.root, showsSecrets, contextLines };
  signal?.throwIfAborted();
  const { vector, reason } = await vectorOf(index, query, mode, signal);
  signal?.throwIfAborted();
  if (mode === 'semantic') {
    const isEmpty = vectors === null || vector === null;
    const hits = isEmpty ? [] : await searchVectors({ ...place, vectors }, query, vector, options);
    return { how: { mode, ...EVERYTHING }, hits };
  }
  const used = mode === 'hybrid' && vector === null ? 'lexical' : mode;
  const ask = async (text: TextIndex) => {
    signal?.throwIfAborted();
    const ctx = { ...place, text, vectors: vector === null ? null : vectors };
    const hits = await searchRanked(ctx, query, vector, { ...options, mode: used });
    return { how: { mode: used, reason, read_directly: text.readDirectly, left_out: text.leftOut }, hits };
  };
  try {
    return await ask(await warm(index).text());
  } catch (error) {
    if (!(error instanceof SegmentDamaged)) throw error;
    return ask(await warm(index).textWithoutFiles());
  }
}

/** The query's vector, or why there is none. */
async function vectorOf(
  index: ReadableIndex,
  query: string,
  mode: SearchMode,
  signal: AbortSignal | undefined,
): Promise<{ vector: Float32Array | null; reason: string | null }> {
  if (mode === 'lexical' || mode === 'symbol') return { vector: null, reason: null };
  const { vectors } = index.readable;
  if (vectors === null || (await vectors.count()) === 0) return { vector: null, reason: 'no chunk is embedded yet' };
  try {
    const embedder = await warm(index).embedder();
    const embedded = await embedder.embed([query], signal);
    if (embedded.failures[0]) throw new Error(`the query could not be embedded: ${embedded.failures[0].reason}`);
    return { vector: embedded.vectors, reason: null };
  } catch (error) {
    if (mode === 'semantic' || !isOfTheModel(error)) throw error;
    return { vector: null, reason: error.message };
  }
}

function isOfTheModel(error: unknown): error is IndexerError {
  const codes = ['MODEL_MISSING', 'MODEL_DAMAGED', 'MODEL_CHANGED', 'DEVICE_UNAVAILABLE', 'PLATFORM'];
  return error instanceof IndexerError && codes.includes(error.code);
}

/** `py`, `.py` and `python3` are python, `terraform` and `tf` are hcl. */
function languageByName(config: Config, name: string): string | undefined {
  const languages = withOwn(loadOwnLanguages(config.languages ?? []));
  const extension = name.startsWith('.') ? name : `.${name}`;
  const isCalled = (words: readonly string[]) => words.includes(name) || words.includes(extension);
  return (
    languages.find(({ extensions, shebangs }) => isCalled(extensions) || isCalled(shebangs))?.id ??
    languageCalled(name) ??
    undefined
  );
}

function asPartial(error: unknown): unknown {
  if (!(error instanceof IndexerError) || error.code !== 'NOTHING_MATCHES') return error;
  const { code, message, hint } = error;
  return new IndexerError(code, `${message}, but not every file is parsed yet`, { hint, cause: error });
}
