// Runs parse requests on worker threads and gives the outcomes back in the order asked. A file may cost its worker (the
// parser is native code that can abort): then the files of its batch are tried one by one. One that makes the parser
// throw when it is alone, and again in a fresh thread, is cut into lines without the parser, for that is what its bytes do.
// One whose thread ended otherwise is unfinished: that may be the machine's doing, and is no property of the file.

import { parsersThatFit } from '../../core/address-space.ts';
import type { FileStamp } from '../../core/chunk.ts';
import { batched, mapConcurrent } from '../../core/iterate.ts';
import type { Language } from '../../languages/load.ts';
import { openThreads, type Threads } from './threads.ts';
import type { ParseOutcome, ParseRequest } from './types.ts';

export interface ParsePool {
  /**
   * One outcome per request, in the order of the requests, which are taken as needed: a slow consumer holds them back.
   * Throws the signal's reason at once on abort, GRAMMAR_DAMAGED or CONFIG_INVALID if a worker says so, and PLATFORM where
   * no parser can be started; what is at work then is forgotten. Stopping early waits for what is at work.
   */
  outcomes(requests: Iterable<ParseRequest>, signal?: AbortSignal | undefined): AsyncIterable<ParseOutcome>;
  /** Ends all workers, at work or not. */
  close(): Promise<void>;
}

/** What a worker is told at its start. */
export interface WorkerData {
  /** Absolute path of the tree. */
  readonly root: string;
  readonly maxFileBytes: number;
  /** Credentials in files are left as they are. */
  readonly allowSecrets: boolean;
  /** Languages of the user's own. */
  readonly languages?: readonly Language[] | undefined;
}

export interface ParsePoolOptions extends WorkerData {
  /** At most this many threads; they start when there is a batch for them. */
  readonly workers: number;
  /** Tests only. */
  readonly workerUrl?: URL;
  /** Tests only: how long a worker may be silent before it is taken for dead. */
  readonly stallMs?: number;
}

const BATCH_FILES = 32;
const BATCH_BYTES = 512 * 1024;
/** Batches asked for and not yet taken, per worker: two at the worker, two waiting for a slower one before them. */
const BATCHES_AHEAD = 4;
/** The parser counts its own steps and gives signs of life; this is for what that cannot stop. */
const STALL_MS = 30_000;
/** Memory of WebAssembly never shrinks, so a thread is replaced after this much source. */
const RECYCLE_AFTER_BYTES = 256 * 1024 * 1024;

const UNKNOWN: Omit<FileStamp, 'size'> = { mtimeNs: '0', ctimeNs: '0', ino: '0' };

export function openParsePool(options: ParsePoolOptions): ParsePool {
  const { root, maxFileBytes, allowSecrets, languages = [] } = options;
  const data: WorkerData = { root, maxFileBytes, allowSecrets, languages };
  const threads = openThreads({
    url: options.workerUrl ?? new URL('../../../dist/bundle/parse-worker.js', import.meta.url),
    data,
    count: parsersThatFit(Math.max(1, options.workers)),
    stallMs: options.stallMs ?? STALL_MS,
    recycleAfterBytes: RECYCLE_AFTER_BYTES,
  });
  return {
    outcomes: (requests, signal) => outcomesOf(threads, requests, BATCHES_AHEAD * Math.max(1, options.workers), signal),
    close: () => threads.close(),
  };
}

async function* outcomesOf(
  threads: Threads,
  requests: Iterable<ParseRequest>,
  ahead: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ParseOutcome, void, undefined> {
  signal?.throwIfAborted();
  using abort = abortGate(signal);
  const parse = (batch: readonly ParseRequest[]) => abort.race(parseBatch(threads, batch, signal));
  for await (const batch of mapConcurrent(batched(requests, isFull), ahead, parse)) {
    for (const outcome of batch) {
      yield outcome;
      signal?.throwIfAborted();
    }
  }
}

/** Lets any number of promises lose against one signal with a single listener, and forgets each once it has settled. */
function abortGate(signal: AbortSignal | undefined): Disposable & { race<T>(work: Promise<T>): Promise<T> } {
  const rejecters = new Set<(reason: unknown) => void>();
  const abort = () => {
    for (const reject of rejecters) reject(signal!.reason);
  };
  signal?.addEventListener('abort', abort, { once: true });
  return {
    race: (work) =>
      new Promise((resolve, reject) => {
        rejecters.add(reject);
        work.then(resolve, reject).finally(() => rejecters.delete(reject));
      }),
    [Symbol.dispose]: () => signal?.removeEventListener('abort', abort),
  };
}

function isFull(batch: readonly ParseRequest[]): boolean {
  return batch.length >= BATCH_FILES || batch.reduce((bytes, { size }) => bytes + size, 0) >= BATCH_BYTES;
}

async function parseBatch(
  threads: Threads,
  requests: readonly ParseRequest[],
  signal: AbortSignal | undefined,
): Promise<readonly ParseOutcome[]> {
  const reply = await threads.run({ mode: 'parse', requests }, signal);
  if (reply.kind === 'answered') return reply.outcomes;
  const outcomes: ParseOutcome[] = [];
  for (const request of requests) outcomes.push(await parseAlone(threads, request, signal));
  return outcomes;
}

async function parseAlone(
  threads: Threads,
  request: ParseRequest,
  signal: AbortSignal | undefined,
): Promise<ParseOutcome> {
  const requests = [request];
  // The worker may have died of what an earlier file left behind, or of another thread's hunger for memory.
  const alone = await threads.run({ mode: 'parse', requests }, signal);
  if (alone.kind === 'answered') return alone.outcomes[0]!;
  const fresh = await threads.run({ mode: 'parse', requests, needsFresh: true }, signal);
  if (fresh.kind === 'answered') return fresh.outcomes[0]!;
  const reason = `the parser died on this file (${fresh.reason})`;
  if (!alone.byBytes || !fresh.byBytes) return unfinished(request, reason);
  const cut = await threads.run(
    { mode: 'fallback', reason: `its bytes stop the parser (${fresh.reason})`, requests },
    signal,
  );
  return cut.kind === 'answered'
    ? cut.outcomes[0]!
    : unfinished(request, `it could not be cut into lines (${cut.reason})`);
}

function unfinished({ path, size }: ParseRequest, reason: string): ParseOutcome {
  const stamp = { size, ...UNKNOWN };
  return { kind: 'parsed', file: { path, stamp, sha256: '', status: 'unfinished', reason, chunks: [] } };
}
