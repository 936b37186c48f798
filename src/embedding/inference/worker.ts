// The entry of an embedding worker thread.
import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerData } from './messages.ts';
import { serve } from './serve.ts';

const { section, model }: WorkerData = workerData;
if (parentPort === null) throw new Error('this file is the entry of a worker thread');

await serve(parentPort, {
  section,
  maxTokens: model.maxTokens,
  // Imported here, so that a runtime that does not load on this platform is reported like a model that does not.
  load: async () => (await import('./local-model.ts')).loadLocalModel(model),
});
