// Whether a model may add vectors to an index, or ask it.
import type { Config } from '../config/schema.ts';
import { readCheckpoint } from '../phase2-embed/checkpoint.ts';
import type { Layout } from '../store/layout.ts';
import { peekVectors } from '../store/open-for-reading.ts';
import { readRunFile } from '../store/run-file.ts';
import { type ModelTraces, refuseOtherModel, type StoredModel } from '../store/stored-model.ts';

/** Compares a model with the vectors of an index. Changes nothing, takes no lock. Errors: MODEL_CHANGED. */
export async function refuseOtherModelThanIndexed(layout: Layout, model: StoredModel, root: string): Promise<void> {
  refuseOtherModel(await tracesIn(layout), model, {
    subject: 'the vectors of this index were made with',
    hint: `nothing was changed; embed everything again: \`tandem index ${root} --reembed\`; or use the model it was made with, or another index with --index-dir`,
  });
}

/** The model as run.json records it, else the checkpoint; where both are lost, or the table is not ours, what its rows say. */
async function tracesIn(layout: Layout): Promise<ModelTraces> {
  const run = await readRunFile(layout.runFile);
  const checkpoint = await readCheckpoint(layout.checkpointFile);
  const ofRun = run.state === 'read' ? run.value.model : null;
  const record = ofRun ?? (checkpoint.state === 'read' ? (checkpoint.value.model ?? null) : null);
  const rows = await peekVectors(layout);
  if (rows === null) return { record };
  return { record, dimension: rows.dimension, names: record === null || !rows.isOurs ? await rows.names() : [] };
}

/** Errors: MODEL_CHANGED if mcp-vector-search is configured to use another model in this index. */
export function refuseOtherModelThanConfigured({ mvsModel, indexDir }: Config, model: StoredModel): void {
  if (!mvsModel) return;
  refuseOtherModel({ names: [mvsModel] }, model, {
    subject: 'mcp-vector-search is configured to use',
    hint: `nothing was changed; set embedding_model in ${indexDir}/config.json (or MCP_VECTOR_SEARCH_EMBEDDING_MODEL) to ${model.model_id}, embed everything again with --reembed, or make an index beside it with --index-dir`,
  });
}
