// `tandem search`: the nearest chunks to a query, with what the answer does not know.
import type { Config } from '../config/schema.ts';
import { IndexerError } from '../core/errors.ts';
import { describeModel } from '../embedding/recipe.ts';
import { loadOwnLanguages, withOwn } from '../languages/own.ts';
import { toStoredModel } from '../phase2-embed/checkpoint.ts';
import { refuseOtherModelThanIndexed } from '../run/model-of-index.ts';
import { type Index, type ReadableIndex, readable } from '../run/opened.ts';
import { isFileStale, type Staleness } from '../search/freshness.ts';
import { type AppliedFilters, findSimilarFile, type Narrowed, narrow } from '../search/narrow.ts';
import { type SearchHit, type SearchOptions, searchSimilar, searchVectors } from '../search/search.ts';
import { type IndexState, readState } from '../store/state.ts';

export type { FileChoice } from '../search/match-files.ts';
export type { AppliedFilters, LanguageChoice } from '../search/narrow.ts';
export type { SearchHit, SearchOptions } from '../search/search.ts';
export type { IndexState } from '../store/state.ts';

/** The object of `search --envelope`; additive changes only. */
export interface SearchAnswer {
  readonly schema: 1;
  /** What could be searched: chunks that are not embedded cannot be found. */
  readonly index: IndexState;
  /** How the filters were understood. */
  readonly filters: AppliedFilters;
  /** The file that others were compared with, and whether it is still what was compared; null for a query. */
  readonly similar_to: { readonly file_path: string; readonly stale: Staleness } | null;
  /** Best first. */
  readonly hits: readonly SearchHit[];
}

export interface SearchRequest extends SearchOptions {
  /** A file of the index: finds what is like it, and ignores the query. */
  readonly similarTo?: string | undefined;
  /** The folder in which relative paths of `files` and `similarTo` begin; the root if not given. */
  readonly from?: string | undefined;
}

/**
 * The nearest chunks to a query, best first; none where no chunk is embedded yet.
 * Errors: MODEL_MISSING, MODEL_DAMAGED, MODEL_CHANGED, NOTHING_MATCHES (a filter that no chunk can match), USAGE (the file
 * of `similarTo` is not in the index).
 */
export async function search(index: Index, query: string, request: SearchRequest): Promise<SearchAnswer> {
  const opened = readable(index);
  // First: vectors that are added meanwhile may be found, and not be counted.
  const state = await readState(opened.readable);
  const { similarTo, from = opened.config.root, limit, threshold, ...asked } = request;
  const place = { ...opened.readable, root: opened.config.root, from };
  const languageCalled = (name: string) => languageByName(opened.config, name);
  const narrowed = await narrow({ ...place, languageCalled }, asked).catch((error: unknown) => {
    throw state.phase1 === 'unfinished' ? asPartial(error) : error;
  });
  const file = similarTo === undefined ? undefined : await findSimilarFile(place, similarTo);
  const hits = await findHits(opened, query, { ...narrowed.filter, limit, threshold, file });
  const similar = file === undefined ? null : { file_path: file, stale: await isFileStale(file, place) };
  return { schema: 1, index: state, filters: narrowed.applied, similar_to: similar, hits };
}

async function findHits(
  { readable: stores, config }: ReadableIndex,
  query: string,
  { file, ...options }: Narrowed['filter'] & Pick<SearchOptions, 'limit' | 'threshold'> & { file: string | undefined },
): Promise<SearchHit[]> {
  if (stores.vectors === null) return [];
  const place = { vectors: stores.vectors, chunks: stores.chunks, root: config.root };
  if (file !== undefined) return searchSimilar(place, file, options);
  const model = await describeModel(config.modelDir, config.device);
  await refuseOtherModelThanIndexed(stores.layout, toStoredModel(model.identity), config.root);
  const { openEmbedder } = await import('../embedding/open.ts');
  const embedder = await openEmbedder({ model, workers: 1, purpose: 'query' });
  try {
    return await searchVectors({ ...place, embedder }, query, options);
  } finally {
    await embedder.close();
  }
}

/** `py`, `.py` and `python3` are python. */
function languageByName(config: Config, name: string): string | undefined {
  const languages = withOwn(loadOwnLanguages(config.languages ?? []));
  const extension = name.startsWith('.') ? name : `.${name}`;
  const isCalled = (words: readonly string[]) => words.includes(name) || words.includes(extension);
  return languages.find(({ extensions, shebangs }) => isCalled(extensions) || isCalled(shebangs))?.id;
}

function asPartial(error: unknown): unknown {
  if (!(error instanceof IndexerError) || error.code !== 'NOTHING_MATCHES') return error;
  const { code, message, hint } = error;
  return new IndexerError(code, `${message}, but not every file is parsed yet`, { hint, cause: error });
}
