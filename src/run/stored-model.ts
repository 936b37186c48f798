// Which model made the vectors that are stored, and may this one be mixed with it?
import { IndexerError } from '../core/errors.ts';
import type { ModelIdentity } from '../embedding/embedder.ts';
import { readCheckpoint, toStoredModel } from '../phase2-embed/checkpoint.ts';
import type { Layout } from '../store/layout.ts';
import { isSameModel } from '../store/mcp-vector-search/adopt.ts';
import { peekVectors } from '../store/open-for-reading.ts';
import { readRunFile, type StoredModel } from '../store/run-file.ts';

/**
 * Compares a model with the stored vectors: as run.json describes theirs, else as the checkpoint does, and where both
 * are lost by what the rows themselves tell: their model's name and their length. Changes nothing, takes no lock.
 * Errors: MODEL_CHANGED.
 */
export async function refuseOtherModel(layout: Layout, identity: ModelIdentity, root: string): Promise<void> {
  const stored = await storedModel(layout);
  if (stored !== null) {
    if (JSON.stringify(stored) !== JSON.stringify(toStoredModel(identity)))
      throw changed(describe(stored), identity, root);
    return;
  }
  const rows = await peekVectors(layout);
  if (rows === null) return;
  if (rows.dimension !== identity.dimension) throw changed(`vectors of ${rows.dimension} dimensions`, identity, root);
  const other = rows.models.find((name) => name !== '' && name !== 'migrated' && !isSameModel(name, identity.modelId));
  if (other !== undefined) throw changed(other, identity, root);
}

async function storedModel(layout: Layout): Promise<StoredModel | null> {
  const run = await readRunFile(layout.runFile);
  if (run.state === 'read' && run.value.model !== null) return run.value.model;
  const checkpoint = await readCheckpoint(layout.checkpointFile);
  return checkpoint.state === 'read' ? (checkpoint.value.model ?? null) : null;
}

function describe({ model_id, dimension, pooling }: StoredModel): string {
  return `${model_id} (${dimension} dimensions, ${pooling} pooling)`;
}

function changed(found: string, identity: ModelIdentity, root: string): IndexerError {
  const { modelId, dimension, pooling } = identity;
  return new IndexerError(
    'MODEL_CHANGED',
    `the vectors of this index were made with ${found}; ${modelId} (${dimension} dimensions, ${pooling} pooling) cannot be mixed in`,
    {
      hint: `embed everything anew: tandem index ${root} --reembed; or use the model it was made with, or another index with --index-dir`,
    },
  );
}
