// `run.json`: how far the last run came. Phase 1 unfinished here means that the chunk table may not be all there is.
import * as v from 'valibot';
import { writeFileAtomic } from './files/atomic-file.ts';
import { type JsonFile, readJsonFile } from './files/json-file.ts';
import { TAKEN_OVER } from './mcp-vector-search/chunker-marks.ts';
import { storedModelSchema } from './stored-model.ts';

const runSchema = v.object({
  schema: v.literal(1),
  run_id: v.string(),
  started_at: v.string(),
  finished_at: v.nullable(v.string()),
  phase1: v.object({
    started_at: v.string(),
    finished_at: v.nullable(v.string()),
    /** When discovery began, in nanoseconds of the file system's clock: files touched since are read again. */
    scan_started_ns: v.pipe(v.string(), v.regex(/^\d{1,30}$/)),
    discovered: v.number(),
    /** Files left out by policy before they were read, by reason. */
    skipped: v.record(v.string(), v.number()),
    /** Files and folders that could not be looked at ('' is the root); absent where an older version wrote this. */
    unreachable: v.optional(v.array(v.object({ path: v.string(), reason: v.string() }))),
    chunker: v.string(),
    /** What the user chose of the tree; absent where an older version wrote this. */
    selection: v.optional(
      v.object({ include: v.array(v.string()), exclude: v.array(v.string()), allow_secrets: v.boolean() }),
    ),
  }),
  phase2: v.nullable(
    v.object({
      started_at: v.string(),
      finished_at: v.nullable(v.string()),
      recipe: v.string(),
      /** What the vectors were made on; absent where an older version wrote this: the CPU. */
      device: v.optional(v.string()),
    }),
  ),
  /** The model of the stored vectors; null until there are any. */
  model: v.nullable(storedModelSchema),
});

export type RunRecord = v.InferOutput<typeof runSchema>;

export function readRunFile(path: string): Promise<JsonFile<RunRecord>> {
  return readJsonFile(path, runSchema);
}

export function writeRunFile(path: string, run: RunRecord): Promise<void> {
  return writeFileAtomic(path, `${JSON.stringify(run, null, 2)}\n`);
}

/** False where Phase 1 has not looked at the tree: after a migration, or where only mcp-vector-search's chunks were embedded. */
export function hasBegunPhase1({ phase1 }: RunRecord): boolean {
  return phase1.chunker !== TAKEN_OVER && phase1.chunker !== '';
}
