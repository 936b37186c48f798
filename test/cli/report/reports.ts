import type { RunReport } from '../../../src/index.ts';

export interface ReportPart {
  readonly unfinished?: RunReport['files']['unfinished'];
  readonly skipped?: RunReport['files']['skipped'];
  readonly phases?: RunReport['phases'];
  readonly pending?: number;
  readonly error?: number;
  readonly complete?: boolean;
}

/** What a run of both phases over ten files and a hundred chunks might report; complete unless told otherwise. */
export function report({
  unfinished = [],
  skipped = {},
  phases = [1, 2],
  pending = 0,
  error = 0,
  complete = true,
}: ReportPart = {}): RunReport {
  const done = 100 - pending - error;
  return {
    phases,
    files: {
      discovered: 10,
      found_by: 'git',
      added: 8,
      changed: 0,
      removed: 1,
      unchanged: 2,
      parsed: 8,
      skipped,
      unfinished,
    },
    phase1: phases.includes(1) ? { seconds: 0.5, chunks: 100, bytes: 250_000 } : null,
    phase2: phases.includes(2)
      ? { seconds: 20, embedded: done, failed: error, tokens: 9_000, reused: 0, checkpoints: 1, device: 'cpu' }
      : null,
    chunks: { total: 100, pending, complete: done, error },
    complete,
  };
}
