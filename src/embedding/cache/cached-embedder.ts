// An embedder that asks a cache first, and embeds no text twice.
import type { EmbeddedTexts, Embedder } from '../embedder.ts';
import { keyOf, type VectorCache } from './vector-cache.ts';

/** Closing it closes both. Vectors are the same bits with and without the cache. */
export function cachedEmbedder(embedder: Embedder, cache: VectorCache): Embedder {
  // Keys that an earlier, unfinished call is embedding: whoever needs them waits for it.
  const inFlight = new Map<string, Promise<unknown>>();

  return {
    identity: embedder.identity,
    recipe: embedder.recipe,
    async embed(texts, signal, onProgress) {
      const call = newCall(texts, embedder.identity.dimension);
      let reported = 0;
      const report = (count: number) => {
        reported += count;
        if (count > 0) onProgress?.(count);
      };
      const takeFromCache = () => {
        call.takeFrom(cache);
        report(call.done() - reported);
      };
      takeFromCache();
      for (;;) {
        const missing = call.missing();
        const awaited = missing.filter((key) => inFlight.has(key));
        const mine = missing.filter((key) => !inFlight.has(key));
        if (missing.length === 0 || signal?.aborted) return call.result();
        if (mine.length > 0) {
          const embedding = embedder.embed(
            mine.map((key) => call.textOf(key)),
            signal,
            report,
          );
          for (const key of mine) inFlight.set(key, embedding);
          try {
            const embedded = await embedding;
            cache.add(call.put(mine, embedded));
            report(call.done() - reported); // texts that repeat
          } finally {
            for (const key of mine) inFlight.delete(key);
          }
        }
        await Promise.allSettled(awaited.map((key) => inFlight.get(key)));
        takeFromCache();
      }
    },
    async close() {
      cache.close();
      await embedder.close();
    },
  };
}

/** One call's texts by key, and what is known of each so far. */
function newCall(texts: readonly string[], dimension: number) {
  const keys = texts.map((text) => keyOf(text));
  const names = keys.map((key) => key.toString('latin1'));
  const indexesOf = new Map<string, number[]>();
  for (const [index, name] of names.entries()) {
    const indexes = indexesOf.get(name);
    if (indexes) indexes.push(index);
    else indexesOf.set(name, [index]);
  }
  const open = new Set(indexesOf.keys());
  const vectors = new Float32Array(texts.length * dimension);
  const failures: { index: number; reason: string }[] = [];
  let tokens = 0;
  let reused = 0;

  const settle = (name: string, vector: Float32Array) => {
    for (const index of indexesOf.get(name)!) vectors.set(vector, index * dimension);
    open.delete(name);
  };

  const openIndexes = () => [...open].flatMap((name) => indexesOf.get(name)!);

  return {
    missing: () => [...open],
    done: () => texts.length - openIndexes().length,
    textOf: (name: string) => texts[indexesOf.get(name)![0]!]!,
    takeFrom(cache: VectorCache) {
      for (const name of [...open]) {
        const found = cache.get(keys[indexesOf.get(name)![0]!]!);
        if (found === null) continue;
        settle(name, found.vector);
        if (!found.isOwn) reused += indexesOf.get(name)!.length;
      }
    },
    /** Takes what was embedded, and returns what is worth keeping. */
    put(asked: readonly string[], embedded: EmbeddedTexts) {
      tokens += embedded.tokens;
      const reasons = new Map(embedded.failures.map(({ index, reason }) => [index, reason]));
      const unfinished = new Set(embedded.unfinished);
      return asked.flatMap((name, row) => {
        if (unfinished.has(row)) return [];
        const reason = reasons.get(row);
        if (reason !== undefined) {
          for (const index of indexesOf.get(name)!) failures.push({ index, reason });
          open.delete(name);
          return [];
        }
        const vector = embedded.vectors.subarray(row * dimension, (row + 1) * dimension);
        settle(name, vector);
        return [{ key: keys[indexesOf.get(name)![0]!]!, vector }];
      });
    },
    result: (): EmbeddedTexts => ({
      vectors,
      failures: failures.sort((a, b) => a.index - b.index),
      unfinished: openIndexes().sort((a, b) => a - b),
      tokens,
      reused,
    }),
  };
}
