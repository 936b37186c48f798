// Every mistake a user can make or meet has a code here; anything else that is thrown is our own bug.

export type ErrorCode =
  | 'USAGE'
  | 'PATH_NOT_FOUND'
  | 'PATH_NOT_A_DIRECTORY'
  | 'NOTHING_TO_INDEX'
  | 'CONFIG_INVALID'
  | 'NO_INDEX'
  | 'NOTHING_MATCHES'
  | 'OTHER_PROJECT'
  | 'INDEX_LOCKED'
  | 'LOCK_LOST'
  | 'INDEX_DAMAGED'
  | 'FORMAT_TOO_NEW'
  | 'MIGRATION_NEEDED'
  | 'MIGRATION_REFUSED'
  | 'MODEL_MISSING'
  | 'MODEL_DAMAGED'
  | 'MODEL_CHANGED'
  | 'DEVICE_UNAVAILABLE'
  | 'GRAMMAR_DAMAGED'
  | 'DISK_FULL'
  | 'NOT_WRITABLE'
  | 'SYSTEM_FAILED'
  | 'PLATFORM'
  | 'INTERRUPTED'
  | 'TERMINATED';

/** An expected failure. `message` says what happened with the path or number; `hint` what to do next. */
export class IndexerError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: { hint: string; cause?: unknown }) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'IndexerError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** Node's error code (`ENOENT`, …) of a thrown value, or ''. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The message of anything that was thrown, never empty. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
