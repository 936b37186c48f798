// One schema with every default, unit and range. The result is validated once and handed on, never imported.

/** What a run needs to know, after flags, environment, file and defaults were merged. Frozen. */
export interface Config {
  /** Absolute path of the tree to index. */
  readonly root: string;
  /** Absolute path of the index directory (`<root>/.mcp-vector-search` unless told otherwise). */
  readonly indexDir: string;
  /** Worker threads of either phase. */
  readonly workers: number;
  /** Batches of 512 rows between two checkpoints. */
  readonly checkpointInterval: number;
  /** Files above this many bytes are skipped (both limits of Phase 1 are capped by it). */
  readonly maxFileBytes: number;
  /** `full` fsyncs at every barrier; `fast` leaves that to the operating system. */
  readonly durability: 'full' | 'fast';
  /** Absolute path of the model's folder. */
  readonly modelDir: string;
}
