// Runs that are watched while they write, each with what it had promised at every moment.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { indexProject } from '../../../dist/index.js';
import { openForWriting } from '../../../dist/run/open-index.js';
import { configOf, fastEmbedder } from '../harness/fast-embedder.mjs';
import { edit, makeProject } from '../harness/project.mjs';
import { digest, snapshot } from '../harness/snapshot.mjs';
import { record } from './record.mjs';

const NAME = '.mcp-vector-search';
class Killed extends Error {}

/**
 * @typedef {{ chunksDone: number, isParsed: boolean }} Promised chunks that a checkpoint has reported, and whether
 *   Phase 1 was said to be finished
 * @typedef {Awaited<ReturnType<typeof play>>} Recording
 */

/** What each does before it is watched, and while it is. */
const SCENARIOS = {
  'a first run': { files: 6, functions: 30, groupRows: 60, checkpointInterval: 2, before: 'nothing' },
  'a run after edits': { files: 6, functions: 30, groupRows: 60, checkpointInterval: 1, before: 'a whole index' },
  'a run that goes on after a kill': {
    files: 6,
    functions: 30,
    groupRows: 60,
    checkpointInterval: 2,
    before: 'a killed run',
  },
  'a run that ends with a compaction': {
    files: 70,
    functions: 3,
    groupRows: 3,
    checkpointInterval: 20,
    before: 'nothing',
  },
};
export const SCENARIO_NAMES = /** @type {(keyof typeof SCENARIOS)[]} */ (Object.keys(SCENARIOS));

/** @param {keyof typeof SCENARIOS} name @param {string} folder @param {import('../harness/random.mjs').Random} random @param {RegExp} [leaveOut] */
export async function play(name, folder, random, leaveOut) {
  const { files, functions, groupRows, checkpointInterval, before } = SCENARIOS[name];
  const root = join(folder, 'project');
  const parent = join(folder, 'disk');
  const shelf = join(folder, 'shelf');
  const indexDir = join(parent, NAME);
  const embedder = await fastEmbedder();
  for (const each of [root, parent]) mkdirSync(each, { recursive: true });
  makeProject(root, { files, functions });
  /** @param {import('../../../dist/run/opened.js').TestHooks} hooks */
  const index = async (hooks) => {
    const config = configOf(root, indexDir, checkpointInterval);
    const opened = await openForWriting(config, {}, { groupRows, openEmbedder: embedder.open, ...hooks });
    try {
      return await indexProject(opened, { phase: 'all' });
    } finally {
      await opened[Symbol.asyncDispose]();
    }
  };

  if (before === 'a whole index') {
    await index({});
    edit(root, random);
  }
  const kept = before === 'a whole index' ? new Set((await snapshot(indexDir)).vectors.keys()) : new Set();
  const recording = await record(parent, NAME, shelf, leaveOut);
  /** @type {Promised} */
  let promised = { chunksDone: 0, isParsed: false };
  const promise = (/** @type {Partial<Promised>} */ more) => {
    promised = { ...promised, ...more };
    recording.promise(promised);
  };
  promise({});
  if (before === 'a killed run') {
    let hits = 0;
    const fault = (/** @type {string} */ point) => {
      if (point === 'phase2.vectors-added' && ++hits === 2) throw new Killed();
    };
    await index({ fault }).catch((error) => {
      if (!(error instanceof Killed)) throw error;
    });
    promise({ isParsed: true });
  }
  const report = await index({
    fault(point) {
      if (point === 'phase1.finished') promise({ isParsed: true });
      recording.cut(point);
    },
    observe(event) {
      if (event.type === 'checkpoint-saved') promise({ chunksDone: event.chunksDone });
    },
  });
  recording.cut('the end');
  recording.stop();
  const whole = await snapshot(indexDir);
  return {
    name,
    root,
    place: { parent, name: NAME, shelf },
    cuts: recording.cuts,
    report,
    expected: await digest(indexDir),
    total: whole.chunks.size,
    /** Vectors that were there and durable before. */
    kept: [...whole.chunks.keys()].filter((id) => kept.has(id)).length,
    options: { groupRows, checkpointInterval },
  };
}
