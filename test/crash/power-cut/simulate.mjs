// Cuts the power at moments drawn from a recorded run, and lets the program go on from the worst disk that may be left.
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { indexProject, verifyIndex } from '../../../dist/index.js';
import { openForWriting } from '../../../dist/run/open-index.js';
import { configOf, fastEmbedder, modelDir } from '../harness/fast-embedder.mjs';
import { randomFrom } from '../harness/random.mjs';
import { digest } from '../harness/snapshot.mjs';
import { makeImage, VARIANTS } from './image.mjs';
import { play, SCENARIO_NAMES } from './scenarios.mjs';

/** @param {{ images: number, seed: number, folder: string, say?: (line: string) => void, leaveOut?: RegExp }} options
 * `leaveOut`: flushes of these paths are forgotten, to show that this is found
 */
export async function powerCuts({ images, seed, folder, say, leaveOut }) {
  const random = randomFrom(seed);
  const startedAt = performance.now();
  const report = {
    kind: 'power cuts',
    seed,
    images: 0,
    seconds: 0,
    moments: /** @type {Record<string, number>} */ ({}),
    byScenario: /** @type {Record<string, number>} */ ({}),
    setAside: 0,
    begunAnew: 0,
    faults: { unopened: 0, damaged: 0, unequal: 0, lostMoreThanACheckpoint: 0, parsedAgain: 0 },
    examples: /** @type {string[]} */ ([]),
  };
  const recordings = [];
  for (const name of SCENARIO_NAMES) {
    const scratch = join(folder, `scenario-${recordings.length}`);
    recordings.push(await play(name, scratch, random, leaveOut));
    report.moments[name] = /** @type {import('./scenarios.mjs').Recording} */ (recordings.at(-1)).cuts.length;
  }
  for (let image = 0; image < images; image++) {
    const recording = /** @type {import('./scenarios.mjs').Recording} */ (recordings[image % recordings.length]);
    const variant = VARIANTS[Math.floor(image / recordings.length) % VARIANTS.length] ?? 'mixed';
    // The end of a run is short, and dangerous: compaction and the last checkpoint are there.
    const cut = random.pick(random.chance(0.5) ? recording.cuts : recording.cuts.slice(-60));
    const indexDir = join(folder, 'images', String(image));
    mkdirSync(join(folder, 'images'), { recursive: true });
    makeImage(cut, recording.place, indexDir, variant, random);
    if (existsSync(indexDir)) cpSync(indexDir, `${indexDir}.before`, { recursive: true });
    else report.begunAnew++;
    const problems = await goOn(recording, cut, indexDir, report);
    for (const [kind, example] of problems) {
      report.faults[kind]++;
      if (report.examples.length < 40)
        report.examples.push(
          `image ${image} (${recording.name}, ${cut.at}, ${variant}): ${kind}: ${example.slice(0, 260)}`,
        );
    }
    report.images++;
    report.byScenario[recording.name] = (report.byScenario[recording.name] ?? 0) + 1;
    if (problems.length === 0)
      for (const each of [indexDir, `${indexDir}.before`]) rmSync(each, { recursive: true, force: true });
    if (report.images % 50 === 0) say?.(`${report.images} images`);
  }
  report.seconds = Math.round((performance.now() - startedAt) / 1000);
  return report;
}

/**
 * @param {import('./scenarios.mjs').Recording} recording @param {import('./record.mjs').Cut} cut @param {string} indexDir
 * @param {{ setAside: number }} tally
 * @returns {Promise<['unopened' | 'damaged' | 'unequal' | 'lostMoreThanACheckpoint' | 'parsedAgain', string][]>}
 */
async function goOn({ root, total, kept, expected, options: { groupRows, checkpointInterval } }, cut, indexDir, tally) {
  const promised = /** @type {import('./scenarios.mjs').Promised} */ (cut.promised);
  const embedder = await fastEmbedder();
  /** @type {Awaited<ReturnType<typeof goOn>>} */
  const problems = [];
  let report;
  try {
    /** @param {import('../../../dist/index.js').IndexEvent} event */
    const observe = (event) => {
      if (event.type === 'warning' && event.message.includes('set aside')) tally.setAside++;
    };
    const config = configOf(root, indexDir, checkpointInterval);
    const index = await openForWriting(config, { observe }, { groupRows, openEmbedder: embedder.open });
    try {
      report = await indexProject(index, { phase: 'all' });
    } finally {
      await index[Symbol.asyncDispose]();
    }
  } catch (error) {
    return [['unopened', error instanceof Error ? (error.stack ?? error.message) : String(error)]];
  }
  const again = embedder.counter.texts;
  const allowed = total - kept - promised.chunksDone;
  if (again > allowed)
    problems.push(['lostMoreThanACheckpoint', `${again} embedded again, ${allowed} were not yet promised`]);
  if (promised.isParsed && report.files.parsed > 0) problems.push(['parsedAgain', `${report.files.parsed} files`]);
  const { complete, findings } = await verifyIndex({ root, indexDir, modelDir });
  if (!complete) problems.push(['damaged', JSON.stringify(findings)]);
  if ((await digest(indexDir)).sha256 !== expected.sha256)
    problems.push(['unequal', 'the rows are not those of the recorded run']);
  return problems;
}
