// Chooses who draws a run: a live line on a terminal with a width, plain lines elsewhere, nothing if quiet.

import type { Output } from '../output.ts';
import type { Reporter } from './types.ts';

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
  if (progress && canRedraw && err.isTTY && err.hasWidth()) {
    const { liveReporter } = await import('./live.ts');
    return liveReporter(err, verbose);
  }
  const { plainReporter } = await import('./plain.ts');
  return plainReporter(err, { progress, verbose });
}
