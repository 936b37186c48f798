// `tandem search`: the nearest chunks to a query.
import { describeModel } from '../embedding/recipe.ts';
import { type Index, readable } from '../run/opened.ts';
import { refuseOtherModel } from '../run/stored-model.ts';
import { type SearchHit, type SearchOptions, searchSimilar, searchVectors } from '../search/search.ts';

/**
 * The nearest chunks to a query, best first; with `similarTo`, a path of the index, those that are like that file, and the
 * query is passed over. Errors: MODEL_MISSING, MODEL_DAMAGED, MODEL_CHANGED, USAGE (nothing known of that file).
 */
export async function search(
  index: Index,
  query: string,
  { similarTo, ...options }: SearchOptions & { readonly similarTo?: string | undefined },
): Promise<SearchHit[]> {
  const { readable: stores, config } = readable(index);
  const place = { vectors: stores.vectors, root: config.root };
  if (similarTo !== undefined) return searchSimilar(place, similarTo, options);
  const { identity } = await describeModel(config.modelDir);
  await refuseOtherModel(stores.layout, identity, config.root);
  const { openEmbedder } = await import('../embedding/open.ts');
  const { modelDir, device } = config;
  const embedder = await openEmbedder({ modelDir, device, workers: 1, purpose: 'query' });
  try {
    return await searchVectors({ ...place, embedder }, query, options);
  } finally {
    await embedder.close();
  }
}
