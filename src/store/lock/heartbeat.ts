// The thread that shows that a lock's holder lives: it sets the lock file's time of change, whatever keeps the main
// thread busy. It holds the file open, so after a take-over it touches what nobody reads any more.
import { closeSync, futimesSync, openSync, readFileSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { errnoOf } from '../../core/errors.ts';

export interface HeartbeatOrder {
  readonly path: string;
  readonly nonce: string;
  readonly intervalMs: number;
}

/** So many beats in a row may fail (a network disk that hangs) before the holder is told. */
const MOST_MISSED = 6;

const { path, nonce, intervalMs } = workerData as HeartbeatOrder;
const file = openOurs();
if (file !== null) {
  let missed = 0;
  const beat = () => {
    try {
      const now = new Date();
      futimesSync(file, now, now);
      missed = 0;
    } catch (error) {
      if (++missed === MOST_MISSED) throw error;
    }
  };
  beat();
  setInterval(beat, intervalMs);
}

/** Null if the lock is gone or another's; the assertLocked before the next commit says so. */
function openOurs(): number | null {
  try {
    const descriptor = openSync(path, 'r+');
    if (readFileSync(descriptor, 'utf8').includes(nonce)) return descriptor;
    closeSync(descriptor);
    return null;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}
