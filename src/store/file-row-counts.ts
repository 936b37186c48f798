// What the chunks table holds per file, as far as Phase 1 has to know it: counted once by reconcile, then kept true.

export interface FileRowCounts {
  /** Rows stored for a path. */
  rowsOf(path: string): number;
  /** Whether all rows of a path carry this hash and are this many. */
  holds(path: string, sha256: string, rows: number): boolean;
  set(path: string, sha256: string, rows: number): void;
  /** One more row of a path. */
  count(path: string, sha256: string): void;
  /** The path's rows cannot be trusted: whatever its hash, the file is parsed again. */
  distrust(path: string): void;
  paths(): Iterable<string>;
  /** Highest batch id of ours in both tables; the next one is higher. */
  lastBatchId: number;
}

/** A path whose rows carry more than one hash is no file's state. */
const MIXED = 'mixed';

export function noFileRows(): FileRowCounts {
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
    count(path, sha256) {
      const file = files.get(path);
      if (file === undefined) {
        files.set(path, { sha256, rows: 1 });
        return;
      }
      file.rows += 1;
      if (file.sha256 !== sha256) file.sha256 = MIXED;
    },
    distrust(path) {
      files.set(path, { sha256: MIXED, rows: files.get(path)?.rows ?? 0 });
    },
    paths: () => files.keys(),
  };
}
