import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allEnded, batched, mapConcurrent } from '../../src/core/iterate.ts';

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** Calls that end only when told to, in any order. */
function gate() {
  const open = new Map<number, () => void>();
  const started: number[] = [];
  return {
    started,
    call: (item: number) =>
      new Promise<number>((resolve) => {
        started.push(item);
        open.set(item, () => resolve(item));
      }),
    finish: (item: number) => open.get(item)!(),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('mapConcurrent', () => {
  test('results come in input order whatever order the calls end in, and no more than allowed are at work', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3), { maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        async (delays, concurrency) => {
          let atWork = 0;
          let most = 0;
          const results = await collect(
            mapConcurrent(delays.entries(), concurrency, async ([index, turns]) => {
              most = Math.max(most, ++atWork);
              for (let left = turns; left > 0; left--) await turn();
              atWork--;
              return index;
            }),
          );
          expect(results).toEqual(delays.map((_, index) => index));
          expect(most).toBeLessThanOrEqual(concurrency);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('a consumer that takes nothing more holds the source back', async () => {
    let taken = 0;
    function* numbers() {
      for (;;) yield taken++;
    }
    const results = mapConcurrent(numbers(), 3, async (item) => item);
    expect((await results.next()).value).toBe(0);
    await turn();
    expect(taken).toBe(3);
    await results.next();
    expect(taken).toBe(4);
    await results.return();
  });

  test('stopping early closes the source and waits for the calls at work', async () => {
    let isClosed = false;
    function* numbers() {
      try {
        for (let item = 0; ; item++) yield item;
      } finally {
        isClosed = true;
      }
    }
    const calls = gate();
    const results = mapConcurrent(numbers(), 3, calls.call);
    const first = results.next();
    await turn();
    calls.finish(0);
    await first;
    let hasStopped = false;
    const stop = results.return().then(() => {
      hasStopped = true;
    });
    await turn();
    expect(hasStopped).toBe(false);
    for (const item of calls.started.slice(1)) calls.finish(item);
    await stop;
    expect(isClosed).toBe(true);
  });

  test('the first error surfaces after the results before it, and later ones are not left unhandled', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const seen: number[] = [];
    const run = async () => {
      for await (const item of mapConcurrent([1, 2, 3, 4], 4, async (item) => {
        if (item >= 3) throw new Error(`no ${item}`);
        await turn();
        return item;
      })) {
        seen.push(item);
      }
    };
    await expect(run()).rejects.toThrow('no 3');
    await turn();
    process.off('unhandledRejection', note);
    expect(seen).toEqual([1, 2]);
    expect(unhandled).toEqual([]);
  });

  test('a source that fails does so after the results of what it gave before', async () => {
    async function* source() {
      yield 1;
      yield 2;
      throw new Error('the source broke');
    }
    const seen: number[] = [];
    const run = async () => {
      for await (const item of mapConcurrent(source(), 8, async (item) => item)) seen.push(item);
    };
    await expect(run()).rejects.toThrow('the source broke');
    expect(seen).toEqual([1, 2]);
  });
});

describe('batched', () => {
  test('loses nothing, keeps the order and closes a batch as soon as it is full', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer()), fc.integer({ min: 1, max: 7 }), async (items, size) => {
        const batches = await collect(batched(items, (batch) => batch.length >= size));
        expect(batches.flat()).toEqual(items);
        expect(batches.slice(0, -1).every((batch) => batch.length === size)).toBe(true);
        expect(batches.every((batch) => batch.length > 0)).toBe(true);
      }),
    );
  });

  test('a batch that was given is not changed afterwards', async () => {
    const batches = batched([1, 2, 3], (batch) => batch.length === 2);
    const first = (await batches.next()).value!;
    await batches.next();
    expect(first).toEqual([1, 2]);
  });
});

describe('allEnded', () => {
  test('an error surfaces only when no other call is at work any more', async () => {
    const { call, finish } = gate();
    const events: string[] = [];
    const slow = call(1).then(() => events.push('slow ended'));
    const all = allEnded([Promise.reject(new Error('full')), slow]).catch((error: Error) => events.push(error.message));
    await turn();
    expect(events).toEqual([]);
    finish(1);
    await all;
    expect(events).toEqual(['slow ended', 'full']);
  });

  test('of several errors the first in their order surfaces', async () => {
    await expect(
      allEnded([turn().then(() => Promise.reject(new Error('a'))), Promise.reject(new Error('b'))]),
    ).rejects.toThrow('a');
  });
});
