// Frees what an index keeps without needing it. Looks first, then removes, kind by kind, under the lock.
import { exists } from '../store/files/atomic-file.ts';
import { giveToOwner } from '../store/files/give-to-owner.ts';
import { type Layout, layoutOf } from '../store/layout.ts';
import { acquireLock, type LockOptions } from '../store/lock/lock.ts';
import { type OpenForWritingOptions, openForWriting, type WritableStores } from '../store/open.ts';
import { detectLayout, indexMissing } from '../store/open-for-reading.ts';
import { findBackups } from './backups.ts';
import { findNextVectors } from './next-vectors.ts';
import { findOldVersions } from './old-versions.ts';
import { findQuarantine } from './quarantine.ts';
import { findTemporaryFiles } from './temporary-files.ts';
import { findVanishedFiles } from './vanished-files.ts';
import type { FindWaste, Place, Waste } from './waste.ts';

/** In this order: what is removed from a table first makes one more old version of it. */
const FINDERS: readonly FindWaste[] = [
  findVanishedFiles,
  findOldVersions,
  findTemporaryFiles,
  findNextVectors,
  findBackups,
  findQuarantine,
];

/** As long as a reader may hold on to a version that was replaced, and a writer to a file that it has not named yet. */
const KEEP_VERSIONS_MS = 10 * 60_000;
const KEEP_STRAYS_MS = 60 * 60_000;

export interface CleanupOptions {
  /** Only looks; takes no lock. */
  readonly dryRun?: boolean | undefined;
  /** Removes also what is so young that a reader or mcp-vector-search may be using it. */
  readonly now?: boolean | undefined;
  /** Checked between kinds of waste. */
  readonly signal?: AbortSignal | undefined;
}

export interface RemoveOptions extends CleanupOptions {
  /** See `Place`; without it what was begun stays. */
  readonly futureOf?: Place['futureOf'] | undefined;
  readonly lock?: LockOptions | undefined;
  readonly fault?: ((name: string) => void) | undefined;
}

export interface CleanupReport {
  readonly schema: 1;
  readonly root: string;
  readonly index_dir: string;
  readonly dry_run: boolean;
  readonly freed: readonly { readonly kind: Waste['kind']; readonly what: string; readonly bytes: number }[];
  /** What could go but stays, and why. */
  readonly kept: readonly { readonly kind: Waste['kind']; readonly what: string; readonly why: string }[];
  /** Of all that is freed. */
  readonly bytes: number;
}

/** Errors: NO_INDEX, INDEX_DAMAGED, INDEX_LOCKED, and those of opening an index for writing. A kill at any moment loses no row. */
export async function removeWaste(
  target: Pick<OpenForWritingOptions, 'root' | 'indexDir' | 'durability'>,
  model: { readonly dimension: number },
  options: RemoveOptions = {},
): Promise<CleanupReport> {
  const layout = layoutOf(target.indexDir);
  const found = await detectLayout(target.indexDir);
  if (found === 'none') throw await indexMissing(layout, target.root);
  const look = (stores: WritableStores | null): Place => ({
    root: target.root,
    layout,
    keepVersionsFromMs: Date.now() - (options.now ? -1_000 : KEEP_VERSIONS_MS),
    keepStraysFromMs: Date.now() - (options.now ? -1_000 : KEEP_STRAYS_MS),
    stores,
    isNow: options.now === true,
    futureOf: options.futureOf ?? (() => 'this-model'),
    fault: options.fault ?? (() => undefined),
  });
  const freed: Waste[] = [];
  const kept: CleanupReport['kept'][number][] = [];
  const work = async (stores: WritableStores | null) => {
    for (const find of FINDERS) {
      options.signal?.throwIfAborted();
      for (const waste of await find(look(stores))) {
        if (waste.kept !== undefined) {
          kept.push({ kind: waste.kind, what: waste.what, why: waste.kept });
          continue;
        }
        if (!options.dryRun) await waste.remove();
        freed.push(waste);
      }
    }
  };
  if (options.dryRun) await work(null);
  else if (found === 'dual-table') {
    await using stores = await openForWriting({ ...target, dimension: model.dimension, lock: options.lock });
    await work(stores);
  } else await underLock(layout, options.lock, () => work(null));
  return {
    schema: 1,
    root: target.root,
    index_dir: layout.indexDir,
    dry_run: options.dryRun === true,
    freed: freed.map(({ kind, what, bytes }) => ({ kind, what, bytes })),
    kept,
    bytes: freed.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** An old layout without `tandem/` has nothing of ours to clean. */
async function underLock(layout: Layout, options: LockOptions | undefined, work: () => Promise<void>): Promise<void> {
  if (!(await exists(layout.tandemDir))) return;
  const lock = await acquireLock(layout.lockFile, options);
  try {
    await work();
  } finally {
    await giveToOwner(layout.indexDir);
    await lock.release();
  }
}
