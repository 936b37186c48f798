// `tandem index --reembed`: a new vector for every chunk, by the present model and recipe.
import type { Config } from '../config/schema.ts';
import { embedAll } from '../run/embed-all.ts';
import { type OpenIndexOptions, openForReembed, openForWriting } from '../run/open-index.ts';
import type { TestHooks } from '../run/opened.ts';
import { embed, parse, timed } from '../run/phases.ts';
import { conclude, type RunReport } from '../run/report.ts';
import type { RunOptions } from './index.ts';

/**
 * Phase 1, then a new vector for every chunk by the present model and recipe, whatever made the old ones. The old vectors
 * stay in use until all new ones are durable; after an interruption the next call continues. Errors: as `openForWriting`.
 */
export function reembed(config: Config, options: OpenIndexOptions & RunOptions = {}): Promise<RunReport> {
  return reembedWith(config, options, {});
}

/** With what only tests give. */
export async function reembedWith(
  config: Config,
  options: OpenIndexOptions & RunOptions,
  hooks: TestHooks,
): Promise<RunReport> {
  const { phase1, phase2 } = await replaceVectors(config, options, hooks);
  // The switch has written the new model into mcp-vector-search's settings, which this configuration was read before.
  await using index = await openForWriting({ ...config, mvsModel: null }, options, hooks);
  const rest = await embed(index, options.signal); // what could not be embedded is tried again, and set aside
  const embedded = phase2.embedded + (rest?.embedded ?? 0);
  return await conclude(index, phase1, { ...phase2, embedded, failed: rest?.failed ?? 0 });
}

async function replaceVectors(config: Config, options: OpenIndexOptions & RunOptions, hooks: TestHooks) {
  await using index = await openForReembed(config, options, hooks);
  const phase1 = await timed(index, 1, () => parse(index, options));
  const phase2 = await timed(index, 2, () => embedAll(index, options.signal));
  if (phase2 === null) throw new Error('nothing was embedded');
  return { phase1, phase2 };
}
