// Opening an index for what the other operations do with it.
import type { Config } from '../config/schema.ts';
import * as run from '../run/open-index.ts';
import type { Index } from '../run/opened.ts';

export { type SharedModels, shareModels } from '../embedding/shared-models.ts';
export type { OpenIndexOptions, ReadingOptions } from '../run/open-index.ts';
export type { Index } from '../run/opened.ts';
export { openSessions, type Sessions } from '../run/sessions.ts';
export type { Wait } from '../store/lock/lock.ts';

/** For `search`. Takes no lock and needs no model. Errors: NO_INDEX, MIGRATION_NEEDED, INDEX_DAMAGED. */
export function openForReading(config: Config, options: run.ReadingOptions = {}): Promise<Index> {
  return run.openForReading(config, options);
}

/**
 * For everything that writes: takes the lock, converts an old layout, reconciles the tables; makes an index if there is
 * none. Errors: NO_INDEX, INDEX_LOCKED, MIGRATION_NEEDED, INDEX_DAMAGED, NOT_WRITABLE, MODEL_MISSING, DEVICE_UNAVAILABLE,
 * MODEL_CHANGED (before a row is changed).
 */
export function openForWriting(config: Config, options: run.OpenIndexOptions = {}): Promise<Index> {
  return run.openForWriting(config, options);
}
