// What draws a run.
import type { Observer } from '../../core/events.ts';

export interface Reporter {
  readonly observe: Observer;
  /** Says one line between the progress. */
  say(text: string): void;
  /** Ends the drawing and stops the timers; may be called twice. */
  close(): void;
}
