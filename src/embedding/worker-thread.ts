// One worker thread from its start to its end.
import { Worker } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import { type ModelToServe, parseReply, type Reply, type Request, type WorkerData } from './inference/messages.ts';
import { closeNative, newNativeSection, waitUntilOutside } from './inference/native-section.ts';

const WORKER_YOUNG_MB = 6;

export interface WorkerThreadOptions {
  readonly workerUrl: URL;
  readonly model: ModelToServe;
  /** Heap of the worker in MiB; beyond it the worker dies, not the process. */
  readonly workerHeapMb: number;
}

export interface WorkerThread {
  /** Resolves when the model is loaded; rejects with the reason if the worker ends before that. */
  readonly ready: Promise<void>;
  post(request: Request): void;
  /** Whether the thread keeps the process alive. */
  hold(isHeld: boolean): void;
  /** Lets the task at work finish, drops the others, and resolves when the thread is gone. */
  end(): Promise<void>;
  /** For a process that is about to exit: no further task begins. */
  closeNative(): void;
  /** Blocks until the task at work is finished; false if that took longer than `timeoutMs`. */
  waitUntilOutside(timeoutMs: number): boolean;
}

/** `ended` is called once, and only for a worker that had become ready, with the reason. */
export function startWorkerThread(
  { workerUrl, model, workerHeapMb }: WorkerThreadOptions,
  on: { answered(reply: Exclude<Reply, { type: 'ready' | 'broken' }>): void; ended(reason: string): void },
): WorkerThread {
  const section = newNativeSection();
  const workerData: WorkerData = { section, model };
  const worker = new Worker(workerUrl, {
    workerData,
    // A small young generation: a worker's garbage is short-lived lists of ids, and each isolate else keeps 48 MB for it.
    resourceLimits: { maxOldGenerationSizeMb: workerHeapMb, maxYoungGenerationSizeMb: WORKER_YOUNG_MB },
    execArgv: [],
  });
  const end = () => {
    closeNative(section);
    worker.postMessage({ type: 'end' } satisfies Request);
  };

  let reason = '';
  const gone = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
  });
  const ready = new Promise<void>((resolve, reject) => {
    let isReady = false;
    worker.on('message', (message: unknown) => {
      try {
        const reply = parseReply(message);
        if (reply.type === 'ready') {
          isReady = true;
          resolve();
        } else if (reply.type === 'broken') {
          reason = reply.reason;
        } else {
          on.answered(reply);
        }
      } catch (error) {
        reason = messageOf(error);
        end();
      }
    });
    worker.on('error', (error) => {
      reason = messageOf(error);
    });
    worker.on('exit', (code) => {
      const why = reason || `the worker ended with code ${code}`;
      if (isReady) on.ended(why);
      else reject(new Error(why));
    });
  });

  return {
    ready,
    post: (request) => worker.postMessage(request),
    hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
    end() {
      worker.ref();
      end();
      return gone;
    },
    closeNative: () => closeNative(section),
    waitUntilOutside: (timeoutMs) => waitUntilOutside(section, timeoutMs),
  };
}
