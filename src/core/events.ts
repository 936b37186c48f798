// What happens during a run, as data. `cli/report` draws it; the library never prints.

export type Phase = 1 | 2;

export type IndexEvent =
  | { readonly type: 'notice'; readonly message: string }
  | { readonly type: 'warning'; readonly message: string; readonly path?: string }
  /** An interrupted run was found; said before its work goes on. */
  | {
      readonly type: 'resuming';
      readonly phase: Phase;
      readonly checkpoint: { readonly batchId: number; readonly chunksDone: number; readonly savedAt: string } | null;
      /** The first batch that Phase 2 will embed, where known. */
      readonly nextBatchId: number | null;
      readonly chunksRemaining: number;
    }
  /** Reconcile changed something; counts by name of the repair, zeros left out. */
  | {
      readonly type: 'reconciled';
      /** `unknown`: no run was cut off; mcp-vector-search wrote since, a cleanup was killed, or rows were lost. */
      readonly cause: 'interruption' | 'another-program' | 'unknown';
      readonly repairs: Readonly<Record<string, number>>;
    }
  | { readonly type: 'phase-started'; readonly phase: Phase; readonly total: number; readonly unit: 'files' | 'chunks' }
  | {
      readonly type: 'progress';
      readonly phase: Phase;
      readonly done: number;
      readonly total: number;
      readonly tokens?: number;
    }
  | {
      readonly type: 'checkpoint-saved';
      readonly batchId: number;
      readonly chunksDone: number;
      readonly chunksRemaining: number;
    }
  | { readonly type: 'phase-finished'; readonly phase: Phase; readonly seconds: number };

export type Observer = (event: IndexEvent) => void;
