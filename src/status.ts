// What the index holds, as data. STUB while the parts are written.
import type { Config } from './config/schema.ts';

/** The object of `status --json`; additive changes only. */
export interface StatusReport {
  readonly schema: 1;
  readonly root: string;
  readonly index_dir: string;
  readonly layout: 'none' | 'code_search' | 'dual-table';
  readonly complete: boolean;
  readonly files: { readonly indexed: number; readonly skipped: number; readonly failed: number };
  readonly chunks: {
    readonly total: number;
    readonly pending: number;
    readonly processing: number;
    readonly complete: number;
    readonly error: number;
  };
  readonly vectors: number;
  readonly model: { readonly id: string; readonly dimension: number; readonly recipes: Readonly<Record<string, number>> } | null;
  readonly checkpoint: {
    readonly run_id: string;
    readonly batch_id: number;
    readonly chunks_done: number;
    readonly chunks_remaining: number;
    readonly saved_at: string;
  } | null;
  readonly last_run: {
    readonly run_id: string;
    readonly phase1: 'finished' | 'unfinished';
    readonly phase2: 'finished' | 'unfinished' | 'not-started';
    readonly started_at: string;
    readonly finished_at: string | null;
  } | null;
  /** Set while a writer holds the lock. */
  readonly locked_by: { readonly pid: number; readonly host: string; readonly command: string; readonly started_at: string } | null;
}

/** Reads without a lock; an absent index is a report with layout `none`, not an error. */
export declare function status(config: Config): Promise<StatusReport>;
