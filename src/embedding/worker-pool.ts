// Keeps worker threads at work and alive: hands out tasks in the order they came, replaces a worker that dies, and says
// of every task whether it was done or lost. What to do about a lost task is decided elsewhere.
import { IndexerError, messageOf } from '../core/errors.ts';
import type { Reply, Request, Result } from './inference/messages.ts';
import { startWorkerThread, type WorkerThread, type WorkerThreadOptions } from './worker-thread.ts';

export type Work =
  | Omit<Extract<Request, { type: 'tokenize' }>, 'task'>
  | Omit<Extract<Request, { type: 'run' }>, 'task'>;

/** `lost`: the task threw, or its worker died while it had this task. */
export type Outcome =
  | { readonly type: 'done'; readonly result: Result }
  | { readonly type: 'lost'; readonly reason: string };

export interface SubmitOptions {
  /** The worker gets nothing else meanwhile: if it dies, this task is to blame. */
  readonly alone: boolean;
  /** Tasks submitted under one owner can be cancelled together. */
  readonly owner: object;
}

export interface WorkerPool {
  /** Rejects if cancelled, if the pool is closed, or if tasks are lost over and over and none is done. */
  submit(work: Work, options: SubmitOptions): Promise<Outcome>;
  /** Rejects the owner's open tasks with `reason`; workers finish what they have begun and stay usable. */
  cancel(owner: object, reason: unknown): void;
  close(): Promise<void>;
}

interface Task extends SubmitOptions {
  readonly id: number;
  readonly work: Work;
  // Only the first call of either has an effect: a cancelled task stays with its worker, but nobody listens any more.
  resolve(outcome: Outcome): void;
  reject(reason: unknown): void;
}

interface Slot {
  thread: WorkerThread | null;
  isReady: boolean;
  /** Handed over and not answered yet, by id. */
  readonly tasks: Map<number, Task>;
}

// One at work and one waiting, so that a worker need not wait for the main thread between tasks.
const TASKS_PER_WORKER = 2;
/** Tasks or workers lost in a row, with nothing done in between, after which the pool gives up. */
const MAX_LOSSES_IN_A_ROW = 10;
// A task takes some 50 ms, loading the model less than a second.
const EXIT_WAIT_MS = 3000;

/** Starts the workers and waits for all of them. Errors: PLATFORM if one cannot load the model. */
export async function startWorkerPool(count: number, options: WorkerThreadOptions): Promise<WorkerPool> {
  const slots: Slot[] = [];
  const queue: Task[] = [];
  const suspects: Task[] = []; // the tasks that wait for a worker of their own; served first
  let nextId = 0;
  let lossesInARow = 0;
  let closed: { readonly reason: unknown } | null = null;

  const openTasks = () => [...suspects, ...queue, ...slots.flatMap((slot) => [...slot.tasks.values()])];

  function spawn(slot: Slot): Promise<void> {
    slot.isReady = false;
    const thread = startWorkerThread(options, {
      answered: (reply) => answered(slot, reply),
      ended: (reason) => {
        const tasks = [...slot.tasks.values()];
        slot.tasks.clear();
        if (closed === null) replace(slot, tasks, reason);
      },
    });
    slot.thread = thread;
    return thread.ready.then(() => {
      slot.isReady = true;
      handOut();
    });
  }

  /** A replacement that dies while it loads the model counts as a loss too, so this ends. */
  function replace(slot: Slot, tasks: readonly Task[], reason: string): void {
    lose(tasks, reason);
    if (closed !== null) return;
    spawn(slot).catch((error) => {
      if (closed === null) replace(slot, [], messageOf(error));
    });
    handOut();
  }

  function answered(slot: Slot, reply: Exclude<Reply, { type: 'ready' | 'broken' }>): void {
    const task = slot.tasks.get(reply.task);
    slot.tasks.delete(reply.task);
    if (task !== undefined && reply.type === 'failed') {
      lose([task], reply.reason);
    } else if (task !== undefined && reply.type !== 'failed') {
      lossesInARow = 0;
      task.resolve({ type: 'done', result: reply });
    }
    handOut();
  }

  function lose(tasks: readonly Task[], reason: string): void {
    lossesInARow += 1;
    if (lossesInARow < MAX_LOSSES_IN_A_ROW) {
      for (const task of tasks) task.resolve({ type: 'lost', reason });
    } else {
      const error = gaveUp(reason);
      for (const task of tasks) task.reject(error);
      void shut(error);
    }
  }

  function handOut(): void {
    for (let held = 0; held < TASKS_PER_WORKER; held += 1) {
      for (const slot of slots) {
        if (!slot.isReady || slot.tasks.size !== held) continue;
        const task = nextFor(slot);
        if (task === undefined) continue;
        slot.tasks.set(task.id, task);
        const request: Request = { ...task.work, task: task.id };
        slot.thread?.post(request);
      }
    }
    holdProcess();
  }

  function nextFor(slot: Slot): Task | undefined {
    if (slot.tasks.size === 0) return suspects.shift() ?? queue.shift();
    // No second task beside a suspect, nor while suspects wait for a worker to become free.
    if (suspects.length > 0 || [...slot.tasks.values()].some((task) => task.alone)) return undefined;
    return queue.shift();
  }

  /** Workers keep the process alive while there is work, not while they idle. */
  function holdProcess(): void {
    if (closed !== null) return;
    const isBusy = openTasks().length > 0;
    for (const { thread, isReady } of slots) thread?.hold(isBusy || !isReady);
  }

  async function shut(reason: unknown): Promise<void> {
    if (closed === null) {
      closed = { reason };
      for (const task of openTasks()) task.reject(reason);
      queue.length = 0;
      suspects.length = 0;
    }
    await Promise.all(slots.map((slot) => slot.thread?.end()));
    process.off('exit', beforeExit);
  }

  // `process.exit` stops threads wherever they are, which the runtime does not survive; but it asks these listeners first.
  function beforeExit(): void {
    for (const { thread } of slots) thread?.closeNative();
    for (const { thread } of slots) thread?.waitUntilOutside(EXIT_WAIT_MS);
  }
  process.on('exit', beforeExit);

  try {
    for (let index = 0; index < count; index += 1) {
      slots.push({ thread: null, isReady: false, tasks: new Map() });
    }
    await Promise.all(slots.map(spawn));
  } catch (error) {
    await shut(error);
    throw cannotStart(error);
  }

  return {
    submit(work, { alone, owner }) {
      if (closed !== null) return Promise.reject(closed.reason);
      return new Promise((resolve, reject) => {
        (alone ? suspects : queue).push({ id: nextId++, work, alone, owner, resolve, reject });
        handOut();
      });
    },
    cancel(owner, reason) {
      for (const task of openTasks()) if (task.owner === owner) task.reject(reason);
      for (const waiting of [queue, suspects]) {
        const others = waiting.filter((task) => task.owner !== owner);
        waiting.splice(0, waiting.length, ...others);
      }
      handOut();
    },
    close: () => shut(new Error('the embedder is closed')),
  };
}

function cannotStart(cause: unknown): IndexerError {
  return new IndexerError('PLATFORM', `the embedding model cannot be loaded here: ${messageOf(cause)}`, {
    hint: `install onnxruntime-node beside tandem-index, if it supports ${process.platform} on ${process.arch}`,
    cause,
  });
}

function gaveUp(reason: string): IndexerError {
  return new IndexerError('PLATFORM', `embedding failed ${MAX_LOSSES_IN_A_ROW} times in a row, last: ${reason}`, {
    hint: 'if memory is short, use fewer workers; what is embedded so far is kept',
  });
}
