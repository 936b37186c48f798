// What each error code is called, and the exit code it ends a command with. The table is the only such table.
import { type ErrorCode, IndexerError, messageOf } from './errors.ts';
import { asSystemFailure, firstOf } from './system-errors.ts';

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

/** Anything that is neither an IndexerError nor the operating system's is our own mistake. */
export function describeFailure(thrown: unknown): Failure {
  const error = asSystemFailure(firstOf(thrown));
  if (!(error instanceof IndexerError)) {
    const exitCode = 1;
    const how = 'please report it with the lines below and the command that led here';
    return { exitCode, label: 'error[E01]', code: 'BUG', what: 'this is a bug in tandem', why: messageOf(error), how };
  }
  const [exitCode, what] = FAILURES[error.code];
  const wasAsked = exitCode > 128;
  const label = wasAsked ? `${error.code.toLowerCase()}:` : `error[E${String(exitCode).padStart(2, '0')}]`;
  return { exitCode, label, code: error.code, what, why: error.message, how: error.hint };
}
