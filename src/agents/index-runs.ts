// Runs of `index` that agents asked for. A client may give up waiting long before a large project is done, so a question
// waits for a while and the run goes on without it; who asks again joins it.
import { setTimeout as delay } from 'node:timers/promises';
import { IndexerError } from '../core/errors.ts';
import type { Config, IndexEvent, Observer, RunReport } from '../index.ts';

export interface Progress {
  readonly phase: 1 | 2;
  /** Files in phase 1, chunks in phase 2. */
  readonly done: number;
  readonly total: number;
}

export interface AskedRun {
  /** Null while it goes on. */
  readonly report: RunReport | null;
  readonly progress: Progress | null;
  readonly notices: readonly string[];
}

export interface IndexRuns {
  /**
   * Begins a run, or joins the one that is at work, and waits for its end, at most `seconds`. Aborting the signal stops
   * the run: what is parsed and embedded by then is kept. Errors: those of indexing.
   */
  run(
    config: Config,
    options: {
      readonly force: boolean;
      readonly seconds: number;
      readonly signal: AbortSignal;
      readonly observe: Observer;
    },
  ): Promise<AskedRun>;
  /** Of a run that is at work. */
  progressOf(config: Config): Progress | null;
  readonly active: number;
  /** Stops all of them, and waits until what they did is stored. */
  stop(): Promise<void>;
}

type Work = (
  config: Config,
  options: { readonly force: boolean; readonly signal: AbortSignal; readonly observe: Observer },
) => Promise<RunReport>;

interface Active {
  readonly ended: Promise<RunReport>;
  readonly stop: AbortController;
  readonly observers: Set<Observer>;
  readonly notices: string[];
  progress: Progress | null;
}

const STOPPED = () =>
  new IndexerError('INTERRUPTED', 'the run was stopped; what was done so far is saved', {
    hint: 'index goes on with it',
  });

export function askForRuns(work: Work): IndexRuns {
  const runs = new Map<string, Active>();
  const begin = (config: Config, force: boolean): Active => {
    const stop = new AbortController();
    const observe = (event: IndexEvent) => {
      if (event.type === 'phase-started') run.progress = { phase: event.phase, done: 0, total: event.total };
      if (event.type === 'progress') run.progress = { phase: event.phase, done: event.done, total: event.total };
      if (event.type === 'notice' || event.type === 'warning') run.notices.push(event.message);
      for (const each of run.observers) each(event);
    };
    const ended = work(config, { force, signal: stop.signal, observe }).finally(() => runs.delete(config.indexDir));
    const run: Active = { ended, stop, observers: new Set(), notices: [], progress: null };
    ended.catch(() => undefined); // whoever waits gets it; nobody may be waiting
    runs.set(config.indexDir, run);
    return run;
  };
  return {
    async run(config, { force, seconds, signal, observe }) {
      signal.throwIfAborted();
      // One that was told to stop still stores what it has; nobody joins it.
      const stopping = runs.get(config.indexDir);
      if (stopping?.stop.signal.aborted) await stopping.ended.catch(() => undefined);
      const run = runs.get(config.indexDir) ?? begin(config, force);
      const abort = () => run.stop.abort(STOPPED());
      signal.addEventListener('abort', abort, { once: true });
      run.observers.add(observe);
      try {
        const report = await Promise.race([run.ended, delay(seconds * 1000, null, { ref: false })]);
        return { report, progress: run.progress, notices: run.notices.slice(0, 20) };
      } finally {
        run.observers.delete(observe);
        signal.removeEventListener('abort', abort);
      }
    },
    progressOf: (config) => runs.get(config.indexDir)?.progress ?? null,
    get active() {
      return runs.size;
    },
    async stop() {
      const all = [...runs.values()];
      for (const { stop } of all) stop.abort(STOPPED());
      await Promise.allSettled(all.map(({ ended }) => ended));
    },
  };
}
