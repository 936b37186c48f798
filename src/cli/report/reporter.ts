// Chooses who draws a run: a live line on a terminal, plain lines elsewhere, nothing if quiet.
import type { Observer } from '../../core/events.ts';
import type { Output } from '../output.ts';

export interface Reporter {
  readonly observe: Observer;
  /** Says one line between the progress. */
  say(text: string): void;
  /** Ends the drawing and stops the timers; may be called twice. */
  close(): void;
}

export interface ReporterChoice {
  readonly quiet: boolean;
  readonly progress: boolean;
  readonly canRedraw: boolean;
  /** Says how many tokens a second, too. */
  readonly verbose?: boolean;
}

export async function createReporter(
  err: Output,
  { quiet, progress, canRedraw, verbose = false }: ReporterChoice,
): Promise<Reporter> {
  if (quiet) return { observe: () => undefined, say: () => undefined, close: () => undefined };
  if (progress && canRedraw && err.isTTY) {
    const { liveReporter } = await import('./live.ts');
    return liveReporter(err, verbose);
  }
  const { plainReporter } = await import('./plain.ts');
  return plainReporter(err, { progress, verbose });
}
