// `tandem search`: the nearest chunks to a query, with what the answer does not know.
import { describeModel } from '../embedding/recipe.ts';
import { toStoredModel } from '../phase2-embed/checkpoint.ts';
import { refuseOtherModelThanIndexed } from '../run/model-of-index.ts';
import { type Index, type ReadableIndex, readable } from '../run/opened.ts';
import { type SearchHit, type SearchOptions, searchSimilar, searchVectors } from '../search/search.ts';
import { type IndexState, readState } from '../store/state.ts';

/** The object of `search --envelope`; additive changes only. */
export interface SearchAnswer {
  readonly schema: 1;
  /** What could be searched: chunks that are not embedded cannot be found. */
  readonly index: IndexState;
  /** Best first. */
  readonly hits: readonly SearchHit[];
}

export interface SearchRequest extends SearchOptions {
  /** A path of the index: finds what is like that file, and ignores the query. */
  readonly similarTo?: string | undefined;
}

/**
 * The nearest chunks to a query, best first; none where no chunk is embedded yet.
 * Errors: MODEL_MISSING, MODEL_DAMAGED, MODEL_CHANGED, USAGE (nothing is known of the file of `similarTo`).
 */
export async function search(index: Index, query: string, request: SearchRequest): Promise<SearchAnswer> {
  const opened = readable(index);
  // First: vectors that are added meanwhile may be found, and not be counted.
  const state = await readState(opened.readable);
  return { schema: 1, index: state, hits: await findHits(opened, query, request) };
}

async function findHits(
  { readable: stores, config }: ReadableIndex,
  query: string,
  { similarTo, ...options }: SearchRequest,
): Promise<SearchHit[]> {
  if (stores.vectors === null) return [];
  const place = { vectors: stores.vectors, chunks: stores.chunks, root: config.root };
  if (similarTo !== undefined) return searchSimilar(place, similarTo, options);
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
