// A few worker threads and their jobs: starts them when needed, hands each two jobs at most, notices one that died or
// fell silent, replaces it, and says which job it died of. What to do about that is the caller's business.
import { Worker } from 'node:worker_threads';
import { adviceOnMemory } from '../../core/address-space.ts';
import { type ErrorCode, IndexerError, messageOf } from '../../core/errors.ts';
import type { ParseOutcome, ParseRequest } from './types.ts';

export type Job = {
  readonly requests: readonly ParseRequest[];
  /** To be done by a thread that has done nothing yet: then nothing but the files can be to blame. */
  readonly needsFresh?: boolean;
} & ({ readonly mode: 'parse' } | { readonly mode: 'fallback'; readonly reason: string });

/** What a worker says: once that it has loaded, then one answer or error per job, in the order of the jobs. */
export type WorkerMessage =
  | { readonly type: 'ready' }
  /** A sign of life, after each file and while one is parsed. */
  | { readonly type: 'alive' }
  /** The parser cannot be started in this thread, which ends. No file is to blame. */
  | { readonly type: 'unable'; readonly reason: string }
  /** Something was thrown over a file, and the thread ends. `byBytes`: it was not the machine that lacked something. */
  | { readonly type: 'broken'; readonly reason: string; readonly byBytes: boolean }
  | { readonly type: 'answer'; readonly outcomes: readonly ParseOutcome[] }
  /** An `IndexerError` in parts, for its class does not survive the crossing. Ends the job, not the worker. */
  | { readonly type: 'error'; readonly code: ErrorCode; readonly message: string; readonly hint: string };

export type Reply =
  | { readonly kind: 'answered'; readonly outcomes: readonly ParseOutcome[] }
  /** `byBytes`: the files of the job, and no shortage, made it throw. False for a thread that just ended or fell silent. */
  | { readonly kind: 'died'; readonly reason: string; readonly byBytes: boolean };

export interface Threads {
  /** Rejects with the worker's IndexerError, the signal's reason (before the job begins), or PLATFORM where no worker can be started. */
  run(job: Job, signal?: AbortSignal | undefined): Promise<Reply>;
  close(): Promise<void>;
}

export interface ThreadOptions {
  readonly url: URL;
  /** Cloned to each worker as its `workerData`. */
  readonly data: unknown;
  /** None where there is no room for any. */
  readonly count: number;
  /**
   * How long a worker with a job may compute, or idle, without a sign of life before it is taken for dead: of processor
   * time, so that a process that is stopped or held back by others loses nothing.
   */
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
  /** Was given a job. */
  isUsed: boolean;
  givenBytes: number;
  watch: NodeJS.Timeout | undefined;
  /** Milliseconds that it worked or idled since it last spoke. */
  silentMs: number;
  /** Why it is about to end, where that is known before its exit. */
  cause: string;
  /** The cause lies in the files. */
  byBytes: boolean;
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
  /** Fewer after one that could not be started beside others. */
  let mostThreads = options.count;
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
      isUsed: false,
      givenBytes: 0,
      watch: undefined,
      silentMs: 0,
      cause: '',
      byBytes: false,
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

  /** Undefined where the system gives no thread. */
  const tryToStart = (): Thread | undefined => {
    try {
      return start();
    } catch (error) {
      mostThreads = threads.size; // those that are there go on without it
      if (threads.size === 0) failAll(messageOf(error));
      return undefined;
    }
  };

  const failAll = (reason: string) => {
    const error = cannotStart(reason);
    for (const task of waiting.splice(0)) task.fail(error);
  };

  const end = (thread: Thread, cause: string) => {
    thread.cause ||= cause;
    void thread.worker.terminate(); // its exit is heard
  };

  // In quarters, so that after a pause of the main thread (or of the computer) what the worker said meanwhile counts.
  const watch = (thread: Thread) => {
    thread.silentMs = 0;
    const everyMs = options.stallMs / 4;
    const clock = openClock(thread.worker);
    thread.watch = setInterval(() => {
      const busy = [...threads].filter(({ tasks }) => tasks.length > 0).length;
      thread.silentMs += Math.min(clock.spentMs(busy), everyMs);
      if (thread.silentMs >= options.stallMs * 0.99) end(thread, `no sign of life within ${options.stallMs / 1000} s`);
    }, everyMs);
  };

  const pump = () => {
    while (waiting.length > 0) {
      const { signal, fail } = waiting[0]!;
      if (signal?.aborted) {
        waiting.shift();
        fail(signal.reason);
        continue;
      }
      const thread = threadFor(waiting[0]!);
      if (thread === undefined) return;
      give(thread, waiting.shift()!);
    }
  };

  /** For a task that needs a fresh one, an idle thread makes room for it: it is at hand when that one has ended. */
  const threadFor = ({ job }: Task): Thread | undefined => {
    const open = [...threads].filter((thread) => thread.cause === '' && thread.givenBytes < options.recycleAfterBytes);
    const idle = open.filter((thread) => thread.tasks.length === 0);
    const fit = job.needsFresh ? idle.find((thread) => !thread.isUsed) : idle[0];
    if (fit !== undefined) return fit;
    if (threads.size < mostThreads) return tryToStart();
    if (!job.needsFresh) return open.find((thread) => thread.tasks.length < TASKS_PER_THREAD);
    if (idle[0] !== undefined) end(idle[0], 'replaced');
    return undefined;
  };

  const give = (thread: Thread, task: Task) => {
    thread.tasks.push(task);
    thread.isUsed = true;
    thread.givenBytes += task.job.requests.reduce((bytes, { size }) => bytes + size, 0);
    thread.worker.ref();
    thread.worker.postMessage(task.job);
    if (thread.tasks.length === 1) watch(thread);
  };

  const hear = (thread: Thread, message: WorkerMessage) => {
    if (thread.cause !== '') return; // it is ending; what it says now may be of a later job
    thread.silentMs = 0;
    if (message.type === 'alive') return;
    if (message.type === 'ready') {
      thread.isReady = true;
      return;
    }
    if (message.type === 'unable' || message.type === 'broken') {
      thread.isReady &&= message.type !== 'unable';
      thread.byBytes = message.type === 'broken' && message.byBytes;
      end(thread, message.reason);
      return;
    }
    failedStarts = 0;
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
    const { byBytes } = thread;
    const reason = thread.cause || `exit code ${code}`;
    if (thread.isReady) {
      thread.tasks.shift()?.settle({ kind: 'died', reason, byBytes });
    } else if (threads.size > 0) {
      mostThreads = threads.size;
    } else {
      failedStarts++;
    }
    waiting.unshift(...thread.tasks.splice(0));
    if (failedStarts >= MAX_FAILED_STARTS) failAll(reason);
    pump();
  };

  return {
    run(job, signal) {
      if (isClosed) return Promise.reject(new Error('the parse pool is closed'));
      if (signal?.aborted) return Promise.reject(signal.reason);
      if (options.count === 0) return Promise.reject(cannotStart('there is no room for one'));
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

/** What a worker spent since it was last asked: its share of the process's processor time, and what it idled. */
function openClock(worker: Worker): { spentMs(busyThreads: number): number } {
  let cpu = process.cpuUsage();
  let { idle } = worker.performance.eventLoopUtilization();
  return {
    spentMs(busyThreads) {
      const { user, system } = process.cpuUsage(cpu);
      const idled = worker.performance.eventLoopUtilization().idle - idle;
      cpu = process.cpuUsage();
      idle += idled;
      return (user + system) / 1000 / Math.max(1, busyThreads) + Math.max(0, idled);
    },
  };
}

function cannotStart(reason: string): IndexerError {
  const hint = reason === 'EAGAIN' ? 'allow more processes and threads: ulimit -u' : adviceOnMemory();
  return new IndexerError('PLATFORM', `parser threads do not start: ${reason}`, { hint });
}
