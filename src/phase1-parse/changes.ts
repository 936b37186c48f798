// Pure: what is on disk × what the ledger remembers → what there is to do.
import type { FileStamp, FileStatus } from '../core/chunk.ts';
import type { SourceFile } from '../discover/discover.ts';
import { sameStamp } from '../discover/stamp.ts';

/** What the ledger remembers of a file. */
export interface KnownFile {
  readonly stamp: FileStamp;
  /** 64 hex digits, or '' if the file could not be read. */
  readonly sha256: string;
  readonly status: FileStatus;
}

export interface FileToRead {
  readonly path: string;
  readonly stamp: FileStamp;
  /** If the bytes still have this hash nothing needs to be parsed; null: parse whatever they are. */
  readonly knownSha256: string | null;
}

export interface ChangePlan {
  /** In the order found. */
  readonly unchanged: readonly string[];
  /** In the order found. */
  readonly toRead: readonly FileToRead[];
  /** In the ledger's order. */
  readonly removed: readonly string[];
}

export interface PlanOptions<K extends KnownFile> {
  /** Wall clock at the start of the scan that the ledger comes from; null if unknown: then every file is read. */
  readonly previousScanStartNs: string | null;
  /** True if the table still holds exactly what the ledger says of this file. */
  readonly isIntact: (path: string, known: K) => boolean;
  /** Files and folders that could not be looked at (`Discovery.failed`): what lies there is not gone. */
  readonly unreachable?: readonly string[];
}

/** Clocks of file systems tick coarsely (FAT: two seconds); within one tick a second write leaves no trace. */
const GRANULARITY_NS = 2_000_000_000n;

export function planChanges<K extends KnownFile>(
  found: readonly SourceFile[],
  ledger: ReadonlyMap<string, K>,
  options: PlanOptions<K>,
): ChangePlan {
  const settledBeforeNs =
    options.previousScanStartNs === null ? null : BigInt(options.previousScanStartNs) - GRANULARITY_NS;
  const unchanged: string[] = [];
  const toRead: FileToRead[] = [];
  const present = new Set<string>();
  for (const { path, stamp } of found) {
    present.add(path);
    const known = ledger.get(path);
    const isUsable =
      known !== undefined && known.status !== 'unfinished' && known.sha256 !== '' && options.isIntact(path, known);
    if (isUsable && sameStamp(stamp, known.stamp) && isMarkedClean(stamp, settledBeforeNs)) unchanged.push(path);
    else toRead.push({ path, stamp, knownSha256: isUsable ? known.sha256 : null });
  }
  const unreachable = new Set(options.unreachable);
  const removed = [...ledger.keys()].filter((path) => !present.has(path) && !liesWithin(path, unreachable));
  return { unchanged, toRead, removed };
}

/**
 * False for a file written so late before the previous scan, during or after it, that its stamp may be older than its
 * bytes; a time in the future is such a one too. Both times count: mtime can be set back, ctime cannot.
 */
function isMarkedClean(stamp: FileStamp, settledBeforeNs: bigint | null): boolean {
  return settledBeforeNs !== null && BigInt(stamp.mtimeNs) < settledBeforeNs && BigInt(stamp.ctimeNs) < settledBeforeNs;
}

/** Whether a path is one of these places or below one. */
export function liesWithin(path: string, places: ReadonlySet<string>): boolean {
  if (places.size === 0) return false;
  if (places.has('') || places.has(path)) return true;
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    if (places.has(path.slice(0, slash))) return true;
  }
  return false;
}
