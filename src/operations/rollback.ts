// `tandem migrate --rollback`: the old table is the index again.
import type { Config } from '../config/schema.ts';
import { describeModel } from '../embedding/model/recipe.ts';
import { type RollbackReport, restoreOldTable } from '../migrate/rollback.ts';
import type { MigrateOptions } from '../migrate/to-dual-table.ts';
import { toStoredModel } from '../phase2-embed/checkpoint.ts';

export type { RollbackReport } from '../migrate/rollback.ts';

/** Makes the old table the index again; see `migrate/rollback.ts` for errors. */
export async function rollbackMigration(
  config: Config,
  options: Pick<MigrateOptions, 'observe' | 'lock'>,
): Promise<RollbackReport> {
  const { identity } = await describeModel(config.modelDir);
  const { root, indexDir } = config;
  return restoreOldTable({ root, indexDir, model: toStoredModel(identity) }, options);
}
