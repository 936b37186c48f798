// How the tree differs from what the last run saw, for those who only ask: found as a run finds files, judged by stamps.
import { hash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import { IndexerError } from '../core/errors.ts';
import type { Discovery } from '../discover/discover.ts';
import { readSource } from '../discover/read-source.ts';
import { sameStamp } from '../discover/stamp.ts';
import { liesWithin } from '../phase1-parse/changes.ts';
import type { FileRecord } from '../store/ledger.ts';
import type { RunRecord } from '../store/run-file.ts';
import { discoverFiles, phase1Inputs } from './phase1-inputs.ts';

/** Numbers of files. Keys as they are printed. */
export interface ChangesSince {
  /** Not seen by the last run. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** Touched since, but not compared: they could not be read, or too many were touched. */
  readonly unknown: number;
}

/** A touched file of the same size has to be read to know whether it changed; so many are. */
const MOST_READ = 500;

/**
 * With what the last run was told to index. Null where the files cannot be listed, as where the root is gone.
 * Writes nothing.
 */
export async function changesSince(
  config: Config,
  ledger: ReadonlyMap<string, FileRecord>,
  run: RunRecord,
): Promise<ChangesSince | null> {
  const { selection } = run.phase1;
  const told = selection && { ...selection, allowSecrets: selection.allow_secrets };
  try {
    return compare(await discoverFiles(phase1Inputs(config, told), { indexed: ledger.keys() }), ledger, config);
  } catch (error) {
    if (error instanceof IndexerError) return null;
    throw error;
  }
}

function compare(
  { files, failed }: Discovery,
  ledger: ReadonlyMap<string, FileRecord>,
  { root, maxFileBytes }: Config,
): ChangesSince {
  const realRoot = realpathSync.native(root);
  const count = { added: 0, changed: 0, removed: 0, unknown: 0 };
  let read = 0;
  for (const { path, stamp } of files) {
    const known = ledger.get(path);
    if (known === undefined) count.added++;
    else if (known.sha256 === '' || sameStamp(known.stamp, stamp)) continue;
    else if (known.stamp.size !== stamp.size) count.changed++;
    else if (++read > MOST_READ) count.unknown++;
    else {
      const now = readSource(realRoot, path, maxFileBytes);
      if (now.kind === 'failed') count.unknown++;
      else if (now.kind !== 'read' || hash('sha256', now.bytes, 'hex') !== known.sha256) count.changed++;
    }
  }
  const found = new Set(files.map(({ path }) => path));
  const unreachable = new Set(failed.map(({ path }) => path));
  for (const path of ledger.keys()) {
    if (found.has(path)) continue;
    if (liesWithin(path, unreachable)) count.unknown++;
    else count.removed++;
  }
  return count;
}
