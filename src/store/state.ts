// How much of an index can answer, by counts alone: cheap enough for every search.
import { readSteadily } from './lance/read-steadily.ts';
import { readLockHolder } from './lock/lock.ts';
import type { ReadableStores } from './open-for-reading.ts';
import { hasBegunPhase1, readRunFile } from './run-file.ts';

/** Keys as they are printed. */
export interface IndexState {
  /** True if every file was parsed and every chunk has its vector. */
  readonly complete: boolean;
  /** Whether all files have been parsed; `not-started` where only mcp-vector-search has parsed them. */
  readonly phase1: 'finished' | 'unfinished' | 'not-started';
  /** `embedded` ones can be found; `pending` ones wait for phase 2; `error` ones could not be embedded. */
  readonly chunks: {
    readonly total: number;
    readonly embedded: number;
    readonly pending: number;
    readonly error: number;
  };
  /** Set while a writer holds the lock: the numbers grow meanwhile. */
  readonly locked_by: { readonly pid: number; readonly host: string; readonly command: string } | null;
}

/** Takes no lock. Counts prove less than `status` does, which compares the ids of both tables. */
export async function readState(stores: ReadableStores): Promise<IndexState> {
  const { layout } = stores;
  const holder = await readLockHolder(layout.lockFile);
  const file = await readRunFile(layout.runFile);
  const run = file.state === 'read' ? file.value : null;
  const begun = run !== null && hasBegunPhase1(run);
  const { total, complete, error, vectors } = await readSteadily([stores.chunks.table, stores.vectors?.table], () =>
    count(stores),
  );
  // Vectors are found before their chunks are marked.
  const embedded = Math.min(vectors, total - error);
  return {
    complete: run?.phase1.finished_at != null && complete === total && vectors === total,
    phase1: run?.phase1.finished_at != null ? 'finished' : begun ? 'unfinished' : 'not-started',
    chunks: { total, embedded, pending: total - embedded - error, error },
    locked_by: holder?.alive ? { pid: holder.pid, host: holder.host, command: holder.command } : null,
  };
}

type Counts = Readonly<Record<'total' | 'complete' | 'error' | 'vectors', number>>;

/** By the table of chunks: counts of a version of both tables, which does not change. */
const counted = new WeakMap<object, { readonly versions: string; readonly counts: Counts }>();

async function count({ chunks, vectors }: ReadableStores): Promise<Counts> {
  const versions = `${await chunks.table.version()} ${await vectors?.table.version()}`;
  const known = counted.get(chunks.table);
  if (known?.versions === versions) return known.counts;
  const of = (status: string) => chunks.table.count(`embedding_status = '${status}'`);
  const counts = {
    total: await chunks.table.count(),
    complete: await of('complete'),
    error: await of('error'),
    vectors: (await vectors?.count()) ?? 0,
  };
  counted.set(chunks.table, { versions, counts });
  return counts;
}
