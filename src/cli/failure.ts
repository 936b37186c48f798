// From what was thrown, or what a run left, to lines on stderr and an exit code. The table is the only such table.

import { type ErrorCode, IndexerError, messageOf } from '../core/errors.ts';
import type { Phase } from '../core/events.ts';
import { asSystemFailure, firstOf } from '../core/system-errors.ts';
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

/** Exit code, and what such a failure is called. */
const FAILURES: Readonly<Record<ErrorCode, readonly [exitCode: number, title: string]>> = {
  USAGE: [2, 'the command was not understood'],
  PATH_NOT_FOUND: [2, 'no such folder'],
  PATH_NOT_A_DIRECTORY: [2, 'not a folder'],
  NOTHING_TO_INDEX: [2, 'nothing to index'],
  CONFIG_INVALID: [2, 'a setting is wrong'],
  NOTHING_MATCHES: [5, 'a filter matches nothing in the index'],
  NO_INDEX: [10, 'no index here'],
  OTHER_PROJECT: [2, 'the index is of another project'],
  INDEX_LOCKED: [11, 'another indexer is at work'],
  LOCK_LOST: [11, 'the lock was lost'],
  INDEX_DAMAGED: [12, 'the index is damaged'],
  FORMAT_TOO_NEW: [13, 'the index was written by a newer version'],
  MIGRATION_NEEDED: [13, 'the index has an old format'],
  MIGRATION_REFUSED: [13, 'the layout of the index was left as it is'],
  MODEL_MISSING: [14, 'the model is missing'],
  MODEL_DAMAGED: [14, 'the model is damaged'],
  MODEL_CHANGED: [14, 'the index was made with another model'],
  DEVICE_UNAVAILABLE: [14, 'the device cannot be used'],
  GRAMMAR_DAMAGED: [14, 'a grammar is damaged'],
  DISK_FULL: [15, 'the disk is full'],
  NOT_WRITABLE: [15, 'no permission'],
  SYSTEM_FAILED: [15, 'the operating system reported an error'],
  PLATFORM: [15, 'this platform lacks something'],
  INTERRUPTED: [130, 'the run was stopped before its end'],
  TERMINATED: [143, 'the run was stopped before its end'],
};

export interface Failure {
  readonly exitCode: number;
  /** `error[E11]`, or a bare word where nothing went wrong. */
  readonly label: string;
  readonly code: ErrorCode | 'BUG';
  readonly what: string;
  readonly why: string;
  readonly how: string;
}

export interface Detail {
  /** Adds the messages of what caused it (the engine's words). */
  readonly verbose: boolean;
  /** Adds stacks. */
  readonly debug: boolean;
}

/** Anything that is neither an IndexerError nor the operating system's is our own mistake. */
export function describeFailure(thrown: unknown): Failure {
  const error = asSystemFailure(firstOf(thrown));
  if (!(error instanceof IndexerError)) {
    const exitCode = EXIT.unexpected;
    const how = 'please report it with the lines below and the command that led here';
    return { exitCode, label: 'error[E01]', code: 'BUG', what: 'this is a bug in tandem', why: messageOf(error), how };
  }
  const [exitCode, what] = FAILURES[error.code];
  const wasAsked = exitCode > 128;
  const label = wasAsked ? `${error.code.toLowerCase()}:` : `error[E${String(exitCode).padStart(2, '0')}]`;
  return { exitCode, label, code: error.code, what, why: error.message, how: error.hint };
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
