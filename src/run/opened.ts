// An index as it is held open: what a caller sees of it, and what is behind.

import type { Config } from '../config/schema.ts';
import type { Observer } from '../core/events.ts';
import type { CachedEmbedderOptions } from '../embedding/cache/open.ts';
import type { Embedder } from '../embedding/embedder.ts';
import type { ModelDescription } from '../embedding/model/recipe.ts';
import type { SharedModels } from '../embedding/shared-models.ts';
import { keepDamaged } from '../store/files/json-file.ts';
import type { WritableStores } from '../store/open.ts';
import type { ReadableStores } from '../store/open-for-reading.ts';
import { type RunRecord, readRunFile } from '../store/run-file.ts';

/** An index opened for writing (under the lock, reconciled) or for reading. Closing it releases the lock. */
export interface Index extends AsyncDisposable {
  readonly config: Config;
}

export type OpenEmbedder = (options: CachedEmbedderOptions) => Promise<Embedder>;

/** What only tests give. */
export interface TestHooks {
  /** Called between every pair of writes; the crash tests end the process in it. */
  readonly fault?: ((name: string) => void) | undefined;
  /** Rows that close a group of Phase 1, which is what a kill there can cost; 10,240 by default. */
  readonly groupRows?: number | undefined;
  /** Replaces the engine; what it makes must be the configured model's, for identities are compared. */
  readonly openEmbedder?: OpenEmbedder | undefined;
}

export interface WritableIndex extends Index {
  /** The model that new vectors come from. */
  readonly model: ModelDescription;
  readonly stores: WritableStores;
  readonly observe: Observer;
  readonly fault: (name: string) => void;
  readonly groupRows: number;
  readonly openEmbedder: OpenEmbedder | undefined;
  run: RunRecord | null;
}

export interface ReadableIndex extends Index {
  readonly readable: ReadableStores;
  /** Set where it shares its model with others. */
  readonly models?: SharedModels | undefined;
}

/** The writing side of an index; to ask it of a reader is a mistake in the caller's program. */
export function writable(index: Index): WritableIndex {
  if (!('stores' in index)) throw new Error('this needs an index opened for writing');
  return index as WritableIndex;
}

/** The reading side, likewise. */
export function readable(index: Index): ReadableIndex {
  if (!('readable' in index)) throw new Error('this needs an index opened for reading');
  return index as ReadableIndex;
}

/** Null where there is none, or none that can be understood: then a copy is kept, and Phase 1 checks everything. */
export async function readRun(stores: WritableStores, observe: Observer): Promise<RunRecord | null> {
  const { runFile, quarantineDir } = stores.layout;
  const file = await readRunFile(runFile);
  if (file.state === 'read') return file.value;
  if (file.state === 'damaged') {
    const copy = await keepDamaged(runFile, quarantineDir);
    observe({
      type: 'warning',
      message: `run.json could not be read (${file.reason}); every file is checked again. A copy is in ${copy}`,
    });
  }
  return null;
}
