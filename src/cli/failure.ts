// From what was thrown, or what a run left, to lines on stderr and an exit code.
import { messageOf } from '../core/errors.ts';
import type { Phase } from '../core/events.ts';
import { describeFailure } from '../core/failures.ts';
import type { RunReport } from '../index.ts';
import type { Output } from './output.ts';
import { visible } from './visible.ts';

export const EXIT = {
  done: 0,
  unexpected: 1,
  usage: 2,
  someFailed: 3,
  incomplete: 4,
  nothingFound: 5,
  noIndex: 10,
  damaged: 12,
  environment: 15,
} as const;

export interface Detail {
  /** Adds the messages of what caused it (the engine's words). */
  readonly verbose: boolean;
  /** Adds stacks. */
  readonly debug: boolean;
}

/** `filled` writes the commands in a hint as they can be typed. Three lines: what, why, how; under them the causes and stacks that were asked for. Returns the exit code. */
export function printFailure(
  err: Output,
  error: unknown,
  detail: Detail,
  filled: (hint: string) => string = (hint) => hint,
): number {
  const { exitCode, label, code, what, why, how } = describeFailure(error);
  const paint = exitCode > 128 ? err.yellow : err.red;
  err.line(`${err.bold(paint(label))} ${what}`);
  err.line(`  ${visible(why)}`);
  if (how !== '') err.line(`  ${visible(filled(how))}`);
  if (detail.verbose || detail.debug) for (const cause of causesOf(error)) err.line(`  caused by: ${visible(cause)}`);
  if ((detail.debug || code === 'BUG') && error instanceof Error) err.line(err.dim(stackLines(error)));
  return exitCode;
}

/** The same as one JSON object on one line. Returns the exit code. */
export function printFailureAsJson(
  err: Output,
  error: unknown,
  detail: Detail,
  filled: (hint: string) => string = (hint) => hint,
): number {
  const { exitCode, code, what, why, how } = describeFailure(error);
  const stack = (detail.debug || code === 'BUG') && error instanceof Error ? error.stack : undefined;
  const causes = detail.verbose || detail.debug ? causesOf(error) : undefined;
  err.raw(
    `${JSON.stringify({ schema: 1, error: code, exit_code: exitCode, what, message: why, hint: filled(how), causes, stack })}\n`,
  );
  return exitCode;
}

/** The exit code of a run that ended by itself. Pending work counts before failures: it is what to do next. */
export function exitCodeOf(report: RunReport, phase: Phase | 'all'): number {
  const hasFailures = report.files.unfinished.length > 0 || report.chunks.error > 0;
  if (phase !== 1 && report.chunks.pending > 0) return EXIT.incomplete;
  if (hasFailures) return EXIT.someFailed;
  return phase === 1 || report.complete ? EXIT.done : EXIT.incomplete;
}

function causesOf(error: unknown): string[] {
  const causes: string[] = [];
  let at = error instanceof Error ? error.cause : undefined;
  while (at !== undefined && causes.length < 5) {
    causes.push(messageOf(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  return causes;
}

function stackLines(error: Error): string {
  const lines = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
  return lines.map(visible).join('\n');
}
