// `tandem resume`: finishes what an interrupted run left.
import type { Selection } from '../discover/selection.ts';
import { announceInterrupted } from '../run/interrupted.ts';
import { type Index, type WritableIndex, writable } from '../run/opened.ts';
import { embed, parse, timed } from '../run/phases.ts';
import { conclude, type RunReport, report } from '../run/report.ts';
import type { RunOptions } from './index.ts';

/** Finishes what an interrupted run left; nothing to do → a report without phases. */
export async function resume(index: Index, options: RunOptions): Promise<RunReport> {
  const opened = writable(index);
  const phase = await announceInterrupted(opened, 'all');
  if (phase === null) return report(opened, null, null);
  const phase1 = phase === 1 ? await timed(opened, 1, () => parse(opened, options, begunSelection(opened))) : null;
  const phase2 = await timed(opened, 2, () => embed(opened, options.signal));
  return conclude(opened, phase1, phase2);
}

/** What an unfinished Phase 1 was told to index: to go on with less or more would not be to finish it. */
function begunSelection({ run, config }: WritableIndex): Selection {
  const begun = run?.phase1.finished_at === null ? run.phase1.selection : undefined;
  return begun ? { ...begun, allowSecrets: begun.allow_secrets } : config;
}
