// Starts the thread of a lock's heartbeat, and keeps what became of it.
import { Worker } from 'node:worker_threads';
import { adviceOnMemory, THREAD_BYTES, threadsThatFit } from '../../core/address-space.ts';
import { IndexerError, messageOf } from '../../core/errors.ts';
import type { HeartbeatOrder } from './heartbeat.ts';

const HEARTBEAT_URL = new URL('../../../dist/bundle/heartbeat.js', import.meta.url);

/** Never keeps the process alive; a run that ends before the delay starts no thread. */
export function startHeartbeat(order: HeartbeatOrder, delayMs: number) {
  let worker: Worker | undefined;
  let failure: unknown;
  const timer = setTimeout(() => {
    try {
      if (threadsThatFit(1, THREAD_BYTES) === 0) throw new Error('there is no room for its thread');
      worker = new Worker(HEARTBEAT_URL, {
        workerData: order,
        execArgv: [],
        env: {},
        resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
      });
      worker.on('error', (error) => {
        failure = error;
      });
      worker.unref();
    } catch (error) {
      const message = `the thread that shows this lock to be held cannot be started: ${messageOf(error)}`;
      failure = new IndexerError('PLATFORM', message, { hint: adviceOnMemory(), cause: error });
    }
  }, delayMs);
  timer.unref();
  return {
    failure: () => failure,
    async stop() {
      clearTimeout(timer);
      await worker?.terminate();
    },
  };
}
