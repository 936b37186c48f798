// A few worker threads and their jobs: starts them when needed, hands each two jobs at most, notices one that died or
// fell silent, replaces it, and says which job it died of. What to do about that is the caller's business.
import { Worker } from 'node:worker_threads';
import { type ErrorCode, IndexerError, messageOf } from '../../core/errors.ts';
import type { ParseOutcome, ParseRequest } from './worker-pool.ts';

export type Job =
  | { readonly mode: 'parse'; readonly requests: readonly ParseRequest[] }
  | { readonly mode: 'fallback'; readonly reason: string; readonly requests: readonly ParseRequest[] };

/** What a worker says: once that it has loaded, then one answer or error per job, in the order of the jobs. */
export type WorkerMessage =
  | { readonly type: 'ready' }
  /** A sign of life, after each file. */
  | { readonly type: 'alive' }
  | { readonly type: 'answer'; readonly outcomes: readonly ParseOutcome[] }
  /** An `IndexerError` in parts, for its class does not survive the crossing. Ends the job, not the worker. */
  | { readonly type: 'error'; readonly code: ErrorCode; readonly message: string; readonly hint: string };

export type Reply =
  | { readonly kind: 'answered'; readonly outcomes: readonly ParseOutcome[] }
  | { readonly kind: 'died'; readonly reason: string };

export interface Threads {
  /** Rejects with the worker's IndexerError, the signal's reason (before the job begins), or an Error where no worker can be started. */
  run(job: Job, signal?: AbortSignal | undefined): Promise<Reply>;
  close(): Promise<void>;
}

export interface ThreadOptions {
  readonly url: URL;
  /** Cloned to each worker as its `workerData`. */
  readonly data: unknown;
  readonly count: number;
  /** How long a worker with a job may be silent before it is taken for dead. */
  readonly stallMs: number;
  /** A worker is replaced after having been given this much source. */
  readonly recycleAfterBytes: number;
}

interface Task {
  readonly job: Job;
  readonly settle: (reply: Reply) => void;
  readonly fail: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
}

interface Thread {
  readonly worker: Worker;
  /** At work on the first. */
  readonly tasks: Task[];
  isReady: boolean;
  givenBytes: number;
  watch: NodeJS.Timeout | undefined;
  /** Half stall times passed since it last spoke. */
  silences: number;
  /** Why it is about to end, where that is known before its exit. */
  cause: string;
}

/** One at work and one to go on with while the main thread is busy. */
const TASKS_PER_THREAD = 2;
const MAX_FAILED_STARTS = 3;
/** Of JavaScript's heap; WebAssembly's own memory is not in it. */
const HEAP_MB = 512;
/** Of what was made last. Left to itself it grows to several times this, in each thread, and is no faster for it. */
const YOUNG_MB = 4;

export function openThreads(options: ThreadOptions): Threads {
  const threads = new Set<Thread>();
  const waiting: Task[] = [];
  let failedStarts = 0;
  let isClosed = false;

  const start = (): Thread => {
    const worker = new Worker(options.url, {
      workerData: options.data,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB },
      execArgv: [],
    });
    const thread: Thread = {
      worker,
      tasks: [],
      isReady: false,
      givenBytes: 0,
      watch: undefined,
      silences: 0,
      cause: '',
    };
    worker.on('message', (message: WorkerMessage) => hear(thread, message));
    worker.on('messageerror', (error) => end(thread, messageOf(error)));
    worker.on('error', (error) => {
      thread.cause ||= messageOf(error);
    });
    worker.on('exit', (code) => bury(thread, code));
    threads.add(thread);
    return thread;
  };

  const end = (thread: Thread, cause: string) => {
    thread.cause ||= cause;
    void thread.worker.terminate(); // its exit is heard
  };

  // Two halves, so that after a pause of the main thread (or of the computer) what the worker said meanwhile counts.
  const watch = (thread: Thread) => {
    thread.silences = 0;
    thread.watch = setInterval(() => {
      if (++thread.silences >= 2) end(thread, `no sign of life within ${options.stallMs / 1000} s`);
    }, options.stallMs / 2);
  };

  const pump = () => {
    while (waiting.length > 0) {
      const { signal, fail } = waiting[0]!;
      if (signal?.aborted) {
        waiting.shift();
        fail(signal.reason);
        continue;
      }
      const thread = freeThread();
      if (thread === undefined) return;
      give(thread, waiting.shift()!);
    }
  };

  const freeThread = (): Thread | undefined => {
    const open = [...threads].filter((thread) => thread.cause === '' && thread.givenBytes < options.recycleAfterBytes);
    const idle = open.find((thread) => thread.tasks.length === 0);
    if (idle !== undefined) return idle;
    if (threads.size < options.count) return start();
    return open.find((thread) => thread.tasks.length < TASKS_PER_THREAD);
  };

  const give = (thread: Thread, task: Task) => {
    thread.tasks.push(task);
    thread.givenBytes += task.job.requests.reduce((bytes, { size }) => bytes + size, 0);
    thread.worker.ref();
    thread.worker.postMessage(task.job);
    if (thread.tasks.length === 1) watch(thread);
  };

  const hear = (thread: Thread, message: WorkerMessage) => {
    thread.silences = 0;
    if (message.type === 'alive') return;
    if (message.type === 'ready') {
      thread.isReady = true;
      failedStarts = 0;
      return;
    }
    const task = thread.tasks.shift();
    if (message.type === 'answer') task?.settle({ kind: 'answered', outcomes: message.outcomes });
    else task?.fail(new IndexerError(message.code, message.message, { hint: message.hint }));
    if (thread.tasks.length === 0) {
      clearInterval(thread.watch);
      if (thread.givenBytes >= options.recycleAfterBytes) end(thread, 'replaced');
      else thread.worker.unref(); // an idle worker keeps no process alive
    }
    pump();
  };

  const bury = (thread: Thread, code: number) => {
    clearInterval(thread.watch);
    threads.delete(thread);
    if (isClosed) return;
    const reason = thread.cause || `exit code ${code}`;
    if (thread.isReady) {
      thread.tasks.shift()?.settle({ kind: 'died', reason });
    } else if (++failedStarts >= MAX_FAILED_STARTS) {
      const error = new Error(`parser threads do not start: ${reason}`);
      for (const task of [...thread.tasks.splice(0), ...waiting.splice(0)]) task.fail(error);
    }
    waiting.unshift(...thread.tasks.splice(0));
    pump();
  };

  return {
    run(job, signal) {
      if (isClosed) return Promise.reject(new Error('the parse pool is closed'));
      if (signal?.aborted) return Promise.reject(signal.reason);
      return new Promise<Reply>((settle, fail) => {
        waiting.push({ job, settle, fail, signal });
        pump();
      });
    },
    async close() {
      isClosed = true;
      const error = new Error('the parse pool is closed');
      for (const task of [...waiting.splice(0), ...[...threads].flatMap((thread) => thread.tasks.splice(0))]) {
        task.fail(error);
      }
      await Promise.all([...threads].map((thread) => thread.worker.terminate()));
    },
  };
}
