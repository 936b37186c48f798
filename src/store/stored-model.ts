// The model behind stored vectors: how it is recorded, and the one comparison that keeps two models apart.
import * as v from 'valibot';
import { IndexerError } from '../core/errors.ts';

/** What two vectors must share to be comparable, as it is kept on disk. */
export const storedModelSchema = v.object({
  model_id: v.string(),
  dimension: v.number(),
  pooling: v.picklist(['mean', 'cls']),
  normalized: v.boolean(),
  tokenizer_sha256: v.string(),
});

export type StoredModel = v.InferOutput<typeof storedModelSchema>;

/** What is known of the model that made some vectors; each part may be missing. */
export interface ModelTraces {
  /** Tandem's own record of it. */
  readonly record?: StoredModel | null;
  /** The length of the vectors. */
  readonly dimension?: number | null;
  /** Names in rows or settings; '' and `migrated` name no model. */
  readonly names?: readonly string[];
}

/**
 * Errors: MODEL_CHANGED if the traces belong to another model than `model`. `subject` begins the message and ends before
 * the name of the model that was found.
 */
export function refuseOtherModel(
  traces: ModelTraces,
  model: StoredModel,
  { subject, hint }: { readonly subject: string; readonly hint: string },
): void {
  const found = otherModelIn(traces, model);
  if (found === null) return;
  const message = `${subject} ${found}; this program uses ${describeStoredModel(model)}, and vectors of two models cannot be mixed`;
  throw new IndexerError('MODEL_CHANGED', message, { hint });
}

function otherModelIn({ record, dimension, names = [] }: ModelTraces, model: StoredModel): string | null {
  if (record && JSON.stringify(record) !== JSON.stringify(model)) return describeStoredModel(record);
  if (dimension && dimension !== model.dimension) return `vectors of ${dimension} dimensions`;
  return names.find((name) => name !== '' && name !== 'migrated' && !isSameModel(name, model.model_id)) ?? null;
}

function describeStoredModel({ model_id, dimension, pooling }: StoredModel): string {
  return `${model_id} (${dimension} dimensions, ${pooling} pooling)`;
}

/** Names with and without their publisher. */
function isSameModel(a: string, b: string): boolean {
  const short = (name: string) => name.toLowerCase().replace(/^sentence-transformers\//, '');
  return short(a) === short(b);
}
