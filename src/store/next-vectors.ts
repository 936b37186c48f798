// A second vectors table, in the making: with it all vectors are made anew while search goes on with the old ones. When
// every chunk has its vector and all are durable, the two change places. docs/protocol.md has the table of kills.
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { exists, syncDirectory, writeFileAtomic } from './files/atomic-file.ts';
import { readJsonFile } from './files/json-file.ts';
import type { Layout } from './layout.ts';
import { recordMvsModel } from './mcp-vector-search/metadata-files.ts';
import { readRunFile, writeRunFile } from './run-file.ts';
import { type StoredModel, storedModelSchema } from './stored-model.ts';

const journalSchema = v.object({
  schema: v.literal(1),
  /** `building`: rows are added. `switching`: all are there and durable, the tables change places. */
  state: v.picklist(['building', 'switching']),
  model: storedModelSchema,
  recipe: v.string(),
  /** As in run.json. */
  device: v.optional(v.string()),
});

export type NextVectors = v.InferOutput<typeof journalSchema>;

/** What is in the making, or null; what cannot be understood counts as nothing, for it can be made again. */
export async function readNextVectors(layout: Layout): Promise<NextVectors | null> {
  const file = await readJsonFile(layout.nextVectorsFile, journalSchema);
  return file.state === 'read' ? file.value : null;
}

export function isOfModel(begun: NextVectors, model: StoredModel): boolean {
  return JSON.stringify(begun.model) === JSON.stringify(model);
}

/** Goes on with a table that was begun with this model and recipe; any other is removed. To be called under the lock. */
export async function beginNextVectors(
  layout: Layout,
  model: StoredModel,
  made: { readonly recipe: string; readonly device: string },
): Promise<void> {
  const begun = await readNextVectors(layout);
  if (begun !== null && begun.recipe === made.recipe && isOfModel(begun, model)) return;
  await rm(layout.nextVectorsTable, { recursive: true, force: true });
  await write(layout, { schema: 1, state: 'building', model, ...made });
}

/** To be called once the next table is whole, durable and closed. From here on there is no way back. */
export async function switchVectors(layout: Layout, fault: (name: string) => void): Promise<void> {
  const begun = await readNextVectors(layout);
  if (begun === null) throw new Error('there are no vectors to switch to');
  await rm(layout.retiredVectorsTable, { recursive: true, force: true });
  await write(layout, { ...begun, state: 'switching' });
  fault('reembed.decided');
  await finishVectorSwitch(layout, fault);
}

/** Carries a switch that was cut off to its end. To be called under the lock, before tables are opened. */
export async function finishVectorSwitch(
  layout: Layout,
  fault: (name: string) => void = () => undefined,
): Promise<void> {
  const begun = await readNextVectors(layout);
  if (begun?.state !== 'switching') return;
  if (await exists(layout.nextVectorsTable)) {
    if (await exists(layout.vectorsTable)) await rename(layout.vectorsTable, layout.retiredVectorsTable);
    fault('reembed.old-aside');
    await rename(layout.nextVectorsTable, layout.vectorsTable);
    await syncDirectory(dirname(layout.vectorsTable));
    await syncDirectory(dirname(layout.nextVectorsTable));
    fault('reembed.switched');
  }
  const run = await readRunFile(layout.runFile);
  if (run.state === 'read') {
    const now = new Date().toISOString();
    const phase2 = {
      started_at: run.value.phase2?.started_at ?? now,
      finished_at: now,
      recipe: begun.recipe,
      device: begun.device,
    };
    await writeRunFile(layout.runFile, { ...run.value, model: begun.model, phase2 });
  }
  await recordMvsModel(layout, begun.model);
  fault('reembed.model-recorded');
  await rm(layout.nextVectorsFile);
  await rm(layout.retiredVectorsTable, { recursive: true, force: true });
}

function write(layout: Layout, journal: NextVectors): Promise<void> {
  return writeFileAtomic(layout.nextVectorsFile, `${JSON.stringify(journal, null, 2)}\n`);
}
