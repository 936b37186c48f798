// The table of contents: what an index can be asked to do. STUB while the parts are written.
import type { Config } from './config/schema.ts';
import type { Observer, Phase } from './core/events.ts';

export interface Index extends AsyncDisposable {
  readonly config: Config;
}

/** What a run did and what it left. */
export interface RunReport {
  /** Phases that had something to do, in order; empty if there was nothing to do. */
  readonly phases: readonly Phase[];
  readonly files: {
    readonly discovered: number;
    readonly added: number;
    readonly changed: number;
    readonly removed: number;
    readonly unchanged: number;
    /** Files that were run through a parser or the line fallback. */
    readonly parsed: number;
    /** Policy skips by reason; these are no failures. */
    readonly skipped: Readonly<Record<string, number>>;
    readonly failed: readonly { readonly path: string; readonly reason: string }[];
  };
  /** Null where the phase did not run. */
  readonly phase1: { readonly seconds: number; readonly chunks: number; readonly bytes: number } | null;
  readonly phase2: {
    readonly seconds: number;
    readonly embedded: number;
    readonly failed: number;
    readonly tokens: number;
    readonly checkpoints: number;
  } | null;
  /** Chunks in the table at the end, by status. */
  readonly chunks: { readonly total: number; readonly pending: number; readonly complete: number; readonly error: number };
  /** As in `status`. */
  readonly complete: boolean;
}

/** Opens an index. `write` takes the lock and reconciles; `read` takes none. Errors: NO_INDEX (read), INDEX_LOCKED, … */
export declare function openIndex(
  config: Config,
  options: { readonly mode: 'read' | 'write'; readonly observe?: Observer },
): Promise<Index>;

/** Runs both phases or one. With 'all', goes on with whatever an interrupted run left. */
export declare function indexProject(
  index: Index,
  options: { readonly phase: Phase | 'all'; readonly signal?: AbortSignal | undefined },
): Promise<RunReport>;

/** Finishes what an interrupted run left; nothing to do → an empty report. */
export declare function resume(index: Index, options: { readonly signal?: AbortSignal | undefined }): Promise<RunReport>;
