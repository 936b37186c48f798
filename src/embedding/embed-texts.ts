// One `embed` call: texts → ids → distinct ids → groups of equal length → vectors, each back at its text's place.
// A text that cannot be embedded is found and named; it never takes others with it.
import { isUnitNorm, normOf } from '../core/unit-vector.ts';
import type { EmbeddedTexts } from './embedder.ts';
import { distinct, groupsOf } from './groups.ts';
import type { Result } from './inference/messages.ts';
import type { Outcome, Work, WorkerPool } from './worker-pool.ts';

// Small enough to be spread over the workers and to lose little with a worker that dies.
const TEXTS_PER_SLICE = 32;

/** Sends the work for some items; `alone` after they were lost once. */
type Send = (work: Work, alone: boolean) => Promise<Outcome>;

/** As `Embedder.embed`. Calls may overlap: their work is done in the order of the calls. */
export async function embedTexts(
  pool: WorkerPool,
  dimension: number,
  texts: readonly string[],
  signal?: AbortSignal | undefined,
  onProgress?: ((texts: number) => void) | undefined,
): Promise<EmbeddedTexts> {
  const owner = {};
  const call = newCall(texts.length, dimension, onProgress);
  const abort = () => pool.cancel(owner, signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    if (!signal?.aborted) await embedAll((work, alone) => pool.submit(work, { alone, owner }), dimension, texts, call);
  } catch (error) {
    pool.cancel(owner, error);
    if (!signal?.aborted) throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  return call.result();
}

/** One call's texts by index, and what is known of each so far. */
type Call = ReturnType<typeof newCall>;

function newCall(count: number, dimension: number, onProgress: ((texts: number) => void) | undefined) {
  const vectors = new Float32Array(count * dimension);
  const reasons = new Map<number, string>();
  const open = new Set(Array.from({ length: count }, (_, index) => index));
  let tokens = 0;
  const close = (indexes: readonly number[]) => {
    for (const index of indexes) open.delete(index);
    onProgress?.(indexes.length);
  };
  return {
    embedded(indexes: readonly number[], vector: Float32Array, length: number) {
      for (const index of indexes) vectors.set(vector, index * dimension);
      tokens += length;
      close(indexes);
    },
    failed(indexes: readonly number[], reason: string, length: number) {
      for (const index of indexes) reasons.set(index, reason);
      tokens += length;
      close(indexes);
    },
    result: (): EmbeddedTexts => ({
      vectors,
      failures: [...reasons].map(([index, reason]) => ({ index, reason })).sort((a, b) => a.index - b.index),
      unfinished: [...open],
      tokens,
      reused: 0,
    }),
  };
}

async function embedAll(send: Send, dimension: number, texts: readonly string[], call: Call): Promise<void> {
  const sequences = await tokenize(send, texts, (index, reason) => call.failed([index], reason, 0));
  const indexes = [...sequences.keys()];
  const { unique, placeOf } = distinct([...sequences.values()]);
  const indexesOf = unique.map((): number[] => []);
  placeOf.forEach((place, position) => {
    indexesOf[place]!.push(indexes[position]!);
  });
  await runAll(send, dimension, unique, {
    embedded: (place, vector) => call.embedded(indexesOf[place]!, vector, unique[place]!.length),
    failed: (place, reason) => call.failed(indexesOf[place]!, reason, unique[place]!.length),
  });
}

/** Ids by the text's index, in the order of the texts; failed ones are left out. */
async function tokenize(
  send: Send,
  texts: readonly string[],
  failed: (index: number, reason: string) => void,
): Promise<Map<number, Int32Array>> {
  const slices: number[][] = [];
  for (let from = 0; from < texts.length; from += TEXTS_PER_SLICE) {
    const length = Math.min(TEXTS_PER_SLICE, texts.length - from);
    slices.push(Array.from({ length }, (_, offset) => from + offset));
  }

  const found = new Map<number, Int32Array>();
  await Promise.all(
    slices.map((slice) =>
      trying(send, slice, {
        workFor: (indexes) => ({ type: 'tokenize', texts: indexes.map((index) => texts[index]!) }),
        done: (indexes, result) => {
          if (result.type !== 'tokenized') throw new Error('a worker answered something else than it was asked');
          indexes.forEach((index, position) => {
            found.set(index, result.ids.subarray(result.ends[position - 1] ?? 0, result.ends[position]));
          });
        },
        failed,
      }),
    ),
  );
  return new Map([...found].sort(([a], [b]) => a - b));
}

async function runAll(
  send: Send,
  dimension: number,
  sequences: readonly Int32Array[],
  on: { embedded(place: number, vector: Float32Array): void; failed(place: number, reason: string): void },
): Promise<void> {
  await Promise.all(
    groupsOf(sequences.map((ids) => ids.length)).map((group) =>
      trying(send, group.members, {
        workFor: (places) => ({ type: 'run', ids: concatenated(places, sequences, group.length), rows: places.length }),
        done: (places, result) => {
          if (result.type !== 'vectors') throw new Error('a worker answered something else than it was asked');
          places.forEach((place, row) => {
            const vector = result.vectors.subarray(row * dimension, (row + 1) * dimension);
            const flaw = flawOf(vector, dimension);
            if (flaw === '') on.embedded(place, vector);
            else on.failed(place, flaw);
          });
        },
        failed: on.failed,
      }),
    ),
  );
}

interface Attempt {
  workFor(items: readonly number[]): Work;
  done(items: readonly number[], result: Result): void;
  failed(item: number, reason: string): void;
}

/** Lost work is repeated once with a worker of its own, then item by item, until only the items to blame are left. */
async function trying(send: Send, items: readonly number[], attempt: Attempt, alone = false): Promise<void> {
  const outcome = await send(attempt.workFor(items), alone);
  if (outcome.type === 'done') attempt.done(items, outcome.result);
  else if (!alone) await trying(send, items, attempt, true);
  else if (items.length === 1) attempt.failed(items[0]!, outcome.reason);
  else await Promise.all(items.map((item) => trying(send, [item], attempt, true)));
}

function concatenated(places: readonly number[], sequences: readonly Int32Array[], length: number): Int32Array {
  const ids = new Int32Array(places.length * length);
  places.forEach((place, row) => {
    ids.set(sequences[place]!, row * length);
  });
  return ids;
}

/** What is wrong with a vector that the model returned, or ''. */
function flawOf(vector: Float32Array, dimension: number): string {
  if (vector.length !== dimension) return `the model returned ${vector.length} numbers where ${dimension} are expected`;
  const norm = normOf(vector);
  if (!Number.isFinite(norm)) return 'the model returned a number that is not finite';
  return isUnitNorm(norm) ? '' : `the model returned a vector of norm ${norm}`;
}
