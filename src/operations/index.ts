// `tandem index`: both phases, or one of them.
import type { Phase } from '../core/events.ts';
import { announceInterrupted } from '../run/interrupted.ts';
import { type Index, writable } from '../run/opened.ts';
import { embed, parse, timed } from '../run/phases.ts';
import { conclude, type RunReport } from '../run/report.ts';

export type { RunReport } from '../run/report.ts';

export interface RunOptions {
  /** Aborting stores what is parsed and embedded at that moment, writes a checkpoint and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Parses every file, whatever is known of it; chunks that come out as they were keep their vectors. */
  readonly force?: boolean | undefined;
}

/** Runs both phases or one. With 'all', goes on with whatever an interrupted run left. */
export async function indexProject(
  index: Index,
  options: RunOptions & { readonly phase: Phase | 'all' },
): Promise<RunReport> {
  const opened = writable(index);
  await announceInterrupted(opened, options.phase);
  const phase1 = options.phase === 2 ? null : await timed(opened, 1, () => parse(opened, options));
  const phase2 = options.phase === 1 ? null : await timed(opened, 2, () => embed(opened, options.signal));
  return conclude(opened, phase1, phase2);
}

/** Parses what changed; its chunks are pending afterwards. The same as `indexProject` with phase 1. */
export function runPhase1(index: Index, options: RunOptions = {}): Promise<RunReport> {
  return indexProject(index, { ...options, phase: 1 });
}

/** Embeds what is pending. The same as `indexProject` with phase 2. */
export function runPhase2(index: Index, options: RunOptions = {}): Promise<RunReport> {
  return indexProject(index, { ...options, phase: 2 });
}
