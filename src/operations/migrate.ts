// `tandem migrate --to-dual-table`: converts an index of an old layout.
import type { Config } from '../config/schema.ts';
import { describeModel } from '../embedding/model/recipe.ts';
import type { MigrationReport } from '../migrate/report.ts';
import { convertToDualTable, type MigrateOptions } from '../migrate/to-dual-table.ts';
import { toStoredModel } from '../phase2-embed/checkpoint.ts';

export type { MigrationReport } from '../migrate/report.ts';
export type { MigrateOptions } from '../migrate/to-dual-table.ts';

/** Converts an index of an old layout; see `migrate/to-dual-table.ts` for errors. */
export async function migrateToDualTable(config: Config, options: MigrateOptions): Promise<MigrationReport> {
  const { identity } = await describeModel(config.modelDir);
  const { root, indexDir } = config;
  return convertToDualTable({ root, indexDir, model: toStoredModel(identity) }, options);
}
