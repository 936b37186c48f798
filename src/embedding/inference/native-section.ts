// A thread that ends while it is inside the native runtime takes the whole process down (abort, not an exit code).
// So whoever ends threads, or the process, first closes the door to the runtime and waits until nobody is inside.

const CLOSED = 0;
const INSIDE = 1;

/** The door of one worker thread, shared with the main thread. */
export type NativeSection = Int32Array<SharedArrayBuffer>;

export function newNativeSection(): NativeSection {
  return new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
}

/** Worker side: calls into the runtime, or throws if the door is closed. */
export async function insideNative<T>(section: NativeSection, work: () => Promise<T>): Promise<T> {
  Atomics.store(section, INSIDE, 1); // first announced, then asked: the other side does it the other way round
  try {
    if (Atomics.load(section, CLOSED) === 1) throw new Error('the worker was told to end');
    return await work();
  } finally {
    Atomics.store(section, INSIDE, 0);
    Atomics.notify(section, INSIDE);
  }
}

/** From now on no call begins; one that has begun goes on. */
export function closeNative(section: NativeSection): void {
  Atomics.store(section, CLOSED, 1);
}

/** Blocks this thread until nobody is inside; false if that took longer than `timeoutMs`. */
export function waitUntilOutside(section: NativeSection, timeoutMs: number): boolean {
  return Atomics.wait(section, INSIDE, 1, timeoutMs) !== 'timed-out';
}
