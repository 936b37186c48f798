// Helpers for what is at work side by side, and for streams: bounded concurrency in order, and batching.

/**
 * Maps items with at most `concurrency` at work or finished-but-not-taken, and yields results in input order.
 * A slow consumer therefore holds the source back. Stopping early closes the source; the first error, of a call or of
 * the source, surfaces at its place in the order and the calls already started are awaited, so that no rejection is
 * left unhandled.
 */
export async function* mapConcurrent<T, R>(
  source: AsyncIterable<T> | Iterable<T>,
  concurrency: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const queue: Promise<R>[] = [];
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let exhausted = false;
  try {
    for (;;) {
      while (!exhausted && queue.length < concurrency) {
        let result: Promise<R> | undefined;
        try {
          const next = await iterator.next();
          if (next.done) exhausted = true;
          else result = map(next.value);
        } catch (error) {
          result = Promise.reject(error); // what came before it is still wanted, so it takes its place in the order
        }
        if (result === undefined) break;
        result.catch(() => undefined); // observed below, in order
        queue.push(result);
      }
      const first = queue.shift();
      if (first === undefined) return;
      yield await first;
    }
  } finally {
    await Promise.allSettled(queue);
    if (!exhausted) await iterator.return?.();
  }
}

/** Waits until none is at work any more, also when one fails; then the first error in their order surfaces. */
export async function allEnded(calls: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(calls);
  await Promise.all(calls);
}

/** Collects items into arrays that close once `isFull` says so of what they hold; the last may be smaller. */
export async function* batched<T>(
  source: AsyncIterable<T> | Iterable<T>,
  isFull: (items: readonly T[]) => boolean,
): AsyncGenerator<T[], void, undefined> {
  let items: T[] = [];
  for await (const item of source) {
    items.push(item);
    if (isFull(items)) {
      yield items;
      items = [];
    }
  }
  if (items.length > 0) yield items;
}
