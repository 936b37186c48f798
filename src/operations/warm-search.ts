// What searches of one open index share: the model and the text index, each opened once, when first needed.
import type { Embedder } from '../embedding/embedder.ts';
import { shareModels } from '../embedding/shared-models.ts';
import { toStoredModel } from '../phase2-embed/checkpoint.ts';
import { refuseOtherModelThanIndexed } from '../run/model-of-index.ts';
import type { ReadableIndex } from '../run/opened.ts';
import { readSteadily } from '../store/lance/read-steadily.ts';
import { openTextIndex, type TextIndex } from '../text-index/open.ts';

interface WarmSearch {
  /** Errors: MODEL_MISSING, MODEL_DAMAGED, MODEL_CHANGED, DEVICE_UNAVAILABLE, PLATFORM. */
  embedder(): Promise<Embedder>;
  text(): Promise<TextIndex>;
  /** All from the chunks, where the files of the text index turned out to be damaged; `text` gives the same from then on. */
  textWithoutFiles(): Promise<TextIndex>;
}

const opened = new WeakMap<ReadableIndex, WarmSearch>();

/** Both are closed with the index, but for a model that it shares. */
export function warm(index: ReadableIndex): WarmSearch {
  const known = opened.get(index);
  if (known !== undefined) return known;
  const { config, readable } = index;
  const models = index.models ?? shareModels();
  if (index.models === undefined) readable.whenClosed(() => Promise.resolve(models[Symbol.asyncDispose]()));
  const isOfIndex = once(async () => {
    const { model, embedder } = await models.of(config.modelDir, config.device);
    await refuseOtherModelThanIndexed(readable.layout, toStoredModel(model.identity), config.root);
    return embedder;
  });
  // Asked each time, for others may have let go of it since.
  const embedder = async () => (await isOfIndex())();
  const openText = (useFiles: boolean) => async () => {
    const { table } = readable.chunks;
    const open = await readSteadily([table], () => openTextIndex(readable.layout.textDir, table, { useFiles }));
    readable.whenClosed(async () => open.close());
    return open;
  };
  const fresh = {
    embedder,
    text: once(openText(true)),
    textWithoutFiles: () => {
      fresh.text = once(openText(false));
      return fresh.text();
    },
  };
  opened.set(index, fresh);
  return fresh;
}

/** One call for all who ask; after a failure the next who asks tries again. */
function once<T>(open: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | null = null;
  return () => {
    known ??= open().catch((error: unknown) => {
      known = null;
      throw error;
    });
    return known;
  };
}
