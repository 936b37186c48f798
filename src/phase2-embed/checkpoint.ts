// `checkpoint.json`: how far Phase 2 came, for people and for `verify`. The tables are the truth; losing this file costs
// no work.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import * as v from 'valibot';
import type { ModelIdentity } from '../embedding/embedder.ts';
import { writeFileAtomic } from '../store/files/atomic-file.ts';
import { type JsonFile, readJsonFile } from '../store/files/json-file.ts';
import { type StoredModel, storedModelSchema } from '../store/stored-model.ts';

const checkpointSchema = v.object({
  schema: v.literal(1),
  run_id: v.string(),
  last_batch_id: v.number(),
  /** Of this run. */
  batches_done: v.number(),
  chunks_done: v.number(),
  chunks_remaining: v.number(),
  model_id: v.string(),
  /** Says what the vectors were made with where run.json is lost; absent in files of earlier versions. */
  model: v.optional(storedModelSchema),
  recipe: v.string(),
  chunks_version: v.number(),
  vectors_version: v.number(),
  /** Data files of the vectors table that became durable with this checkpoint. */
  data_files: v.array(v.object({ name: v.string(), size: v.number(), sha256: v.string() })),
  saved_at: v.string(),
});

export type Checkpoint = v.InferOutput<typeof checkpointSchema>;

export function readCheckpoint(path: string): Promise<JsonFile<Checkpoint>> {
  return readJsonFile(path, checkpointSchema);
}

export function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  return writeFileAtomic(path, `${JSON.stringify(checkpoint, null, 2)}\n`);
}

export function toStoredModel(identity: ModelIdentity): StoredModel {
  return {
    model_id: identity.modelId,
    dimension: identity.dimension,
    pooling: identity.pooling,
    normalized: identity.normalized,
    tokenizer_sha256: identity.tokenizerSha256,
  };
}

/** Size and SHA-256 of files just written (their bytes are still in the page cache). */
export async function describeFiles(paths: readonly string[]): Promise<Checkpoint['data_files']> {
  const files: Checkpoint['data_files'] = [];
  for (const path of paths) {
    const bytes = await readFile(path);
    files.push({ name: basename(path), size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
  }
  return files;
}
