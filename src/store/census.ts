// What the chunks table holds per file, as far as Phase 1 has to know it: counted once by reconcile, then kept true.

export interface Census {
  /** Rows stored for a path. */
  rowsOf(path: string): number;
  /** Whether all rows of a path carry this hash and are this many. */
  holds(path: string, sha256: string, rows: number): boolean;
  set(path: string, sha256: string, rows: number): void;
  /** The path's rows cannot be trusted: whatever its hash, the file is parsed again. */
  distrust(path: string): void;
  paths(): Iterable<string>;
  /** Highest batch id of ours in both tables; the next one is higher. */
  lastBatchId: number;
}

/** A path whose rows carry more than one hash is no file's state. */
const MIXED = 'mixed';

export function emptyCensus(): Census {
  const files = new Map<string, { sha256: string; rows: number }>();
  return {
    lastBatchId: 0,
    rowsOf: (path) => files.get(path)?.rows ?? 0,
    holds(path, sha256, rows) {
      const file = files.get(path);
      return file === undefined ? rows === 0 : file.rows === rows && file.sha256 === sha256;
    },
    set(path, sha256, rows) {
      if (rows === 0) files.delete(path);
      else files.set(path, { sha256, rows });
    },
    distrust(path) {
      files.set(path, { sha256: MIXED, rows: files.get(path)?.rows ?? 0 });
    },
    paths: () => files.keys(),
  };
}

/** Counts one more row of a path. */
export function countRow(census: Census, path: string, sha256: string): void {
  const rows = census.rowsOf(path);
  const same = rows === 0 || census.holds(path, sha256, rows);
  census.set(path, same ? sha256 : MIXED, rows + 1);
}
