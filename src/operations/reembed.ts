// `tandem index --reembed`: every vector again, by today's model and recipe.
import type { Config } from '../config/schema.ts';
import type { OpenIndexOptions } from '../run/open-index.ts';
import { reembedIndex } from '../run/reembed.ts';
import type { RunReport } from '../run/report.ts';
import type { RunOptions } from './index.ts';

/**
 * Phase 1, then a new vector for every chunk by the present model and recipe, whatever made the old ones. The old vectors
 * stay in use until all new ones are durable; after an interruption the next call continues. Errors: as `openForWriting`.
 */
export function reembed(config: Config, options: OpenIndexOptions & RunOptions = {}): Promise<RunReport> {
  return reembedIndex(config, options);
}
