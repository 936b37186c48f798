// `tandem index --reembed`: every vector again, by today's model and recipe.
import type { Config } from '../config/schema.ts';
import { type OpenIndexOptions, openIndex } from '../run/open-index.ts';
import { writable } from '../run/opened.ts';
import { embed, parse, timed } from '../run/phases.ts';
import { embedAllAnew } from '../run/reembed.ts';
import { conclude, type RunReport } from '../run/report.ts';
import type { RunOptions } from './index.ts';

/**
 * Phase 1, then every chunk's vector anew by the model and recipe of now, whatever made the old ones. Those stay in use
 * until all new ones are durable; interrupted, it goes on where it stopped. Errors: as `openIndex`.
 */
export async function reembed(config: Config, open: OpenIndexOptions, options: RunOptions): Promise<RunReport> {
  const made = await remake(config, open, options);
  // What mcp-vector-search was told before has been changed with the vectors.
  await using index = await openIndex({ ...config, peerModel: null }, { ...open, mode: 'write' });
  const opened = writable(index);
  const rest = await embed(opened, options.signal); // what could not be embedded is tried again, and set aside
  const { phase1, phase2 } = made;
  const embedded = phase2.embedded + (rest?.embedded ?? 0);
  return await conclude(opened, phase1, { ...phase2, embedded, failed: rest?.failed ?? 0 });
}

async function remake(config: Config, open: OpenIndexOptions, options: RunOptions) {
  await using index = await openIndex(config, { ...open, mode: 'write', anyModel: true });
  const opened = writable(index);
  const phase1 = await timed(opened, 1, () => parse(opened, options));
  const phase2 = await timed(opened, 2, () => embedAllAnew(opened, options.signal));
  if (phase2 === null) throw new Error('nothing was embedded');
  return { phase1, phase2 };
}
