// What a signal does: the first lets work in hand come to a safe end, the second leaves at once.
import { IndexerError } from '../core/errors.ts';

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface Shutdown {
  /** Aborted by the first signal, with an INTERRUPTED or TERMINATED error as reason. */
  readonly signal: AbortSignal;
  /** Work has begun that must not be cut off; `hint` says how to go on with it later. */
  begin(hint: string): void;
  receive(name: StopSignal): void;
}

export interface ShutdownEdges {
  exit(code: number): void;
  /** Tells the user that the stop is under way. */
  announce(text: string): void;
  /** Monotonic milliseconds. */
  now(): number;
  /** Signals that follow the first within this time are its echo. */
  readonly echoMs: number;
}

export function createShutdown({ exit, announce, now, echoMs }: ShutdownEdges): Shutdown {
  const controller = new AbortController();
  let firstAt: number | undefined;
  let hint: string | undefined;
  return {
    signal: controller.signal,
    begin: (how) => {
      hint = how;
    },
    receive: (name) => {
      if (firstAt !== undefined && now() - firstAt < echoMs) return;
      const code = name === 'SIGINT' ? 130 : 143;
      if (hint === undefined || firstAt !== undefined) {
        exit(code);
        return;
      }
      firstAt = now();
      announce('stopping: saving what is done so far… (press again to stop at once)');
      controller.abort(
        new IndexerError(
          name === 'SIGINT' ? 'INTERRUPTED' : 'TERMINATED',
          `stopped by ${name}; what was done so far is saved`,
          { hint },
        ),
      );
    },
  };
}
