// A disk that fills up: a small one of its own, of which so much is taken that a run fails at another place each time.
// To be run in a mount namespace (it mounts): node full-disk.mjs <empty folder> <moments>; prints what it saw as JSON.
import { appendFileSync, cpSync, realpathSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeFailure } from '../../dist/core/failures.js';
import { indexProject, verifyIndex } from '../../dist/index.js';
import { openForWriting } from '../../dist/run/open-index.js';
import { configOf, fastEmbedder, modelDir } from './harness/fast-embedder.mjs';
import { fill, makeDisk } from './harness/own-disk.mjs';
import { run } from './harness/program.mjs';
import { makeProject, sourceFiles } from './harness/project.mjs';
import { digest, snapshot } from './harness/snapshot.mjs';

/** So many groups that the next few make the tables due for a compaction. */
const FILES = 57;
const CHANGED = 6;

/** Mounts, runs, and returns how each run ended. @param {string} folder @param {number} moments */
export async function fillUp(folder, moments) {
  const [disk, shelf] = [makeDisk(folder, 'disk'), makeDisk(folder, 'shelf')];
  const [root, template, fresh] = [join(shelf, 'project'), join(shelf, 'template'), join(shelf, 'fresh')];
  makeProject(root, { files: FILES, functions: 3 });
  await attempt(root, template);
  for (const path of sourceFiles(root).slice(0, CHANGED))
    appendFileSync(join(root, path), `\n\ndef added():\n    return '${path}'\n`);
  await attempt(root, fresh);
  const place = { root, disk, template, fresh, indexDir: join(disk, 'index'), expected: await digest(fresh) };
  const need = await spaceNeeded(place);
  const report = {
    kind: 'full disks',
    /** Bytes that an undisturbed run takes. */
    need,
    runs: 0,
    /** How far the runs came that the full disk ended, and how many had room enough. */
    endedIn: /** @type {Record<string, number>} */ ({}),
    /** Of a vector that was taken away on purpose while the disk was full: how many faults were found. */
    planted: 0,
    faults: { runs: 0, program: 0 },
    examples: /** @type {string[]} */ ([]),
  };
  for (let moment = 0; moment < moments; moment++) {
    const free = Math.round((need * moment) / moments / 4096) * 4096;
    const { end, faults } = await tryWith(free, place);
    report.runs++;
    report.endedIn[end] = (report.endedIn[end] ?? 0) + 1;
    report.faults.runs += faults.length;
    report.examples.push(...faults.map((fault) => `${free} bytes free, ${end}: ${fault}`));
  }
  report.planted = (await tryWith(0, place, loseVector)).faults.length;
  const wrong = await tryProgram(place);
  report.faults.program = wrong.length;
  report.examples.push(...wrong);
  return report;
}

/** @typedef {{ root: string, disk: string, template: string, fresh: string, indexDir: string, expected: { sha256: string } }} Place */

/**
 * A run over an index of before the edits with so many bytes free, and another with space again.
 * @param {number} free @param {Place} place @param {(indexDir: string) => Promise<void>} [spoil] plants a defect in between
 */
async function tryWith(free, { root, disk, template, indexDir, expected }, spoil) {
  /** @type {string[]} */
  const faults = [];
  freshCopy(template, indexDir);
  const before = await snapshot(indexDir);
  const filler = fill(disk, free);
  const { error, reached } = await attempt(root, indexDir);
  if (error !== null) {
    const { exitCode, code, why } = describeFailure(error);
    if (exitCode !== 15 || code !== 'DISK_FULL') faults.push(`it ended with ${exitCode} ${code}: ${why}`);
  } else if ((await digest(indexDir)).sha256 !== expected.sha256) faults.push('it said that all is done');
  // While it is full the index can be read, and what was there before the run still is.
  if (spoil === undefined) faults.push(...(await damageIn(root, indexDir)));
  rmSync(filler);
  await spoil?.(indexDir);
  if (spoil !== undefined) faults.push(...(await damageIn(root, indexDir)));
  const again = await attempt(root, indexDir);
  if (again.error !== null) faults.push(`with space again: ${describeFailure(again.error).why}`);
  if ((await digest(indexDir)).sha256 !== expected.sha256)
    faults.push('with space again: not the rows of a fresh index');
  if (!(await verifyIndex({ root, indexDir, modelDir })).complete) faults.push('with space again: not complete');
  const { vectors } = await snapshot(indexDir);
  const remade = [...before.vectors].filter(([id, made]) => vectors.has(id) && vectors.get(id) !== made).length;
  if (remade > 0) faults.push(`${remade} stored vectors were made again`);
  return { end: error === null ? 'room enough' : reached, faults };
}

/** @param {string} root @param {string} indexDir */
async function damageIn(root, indexDir) {
  const { findings } = await verifyIndex({ root, indexDir, modelDir });
  return findings
    .filter(({ severity }) => severity === 'damage')
    .map(({ code, examples }) => `damage, ${code}: ${examples.join(', ')}`);
}

/**
 * The program as a user has it, with not a byte left: first for the index, then for the cache of vectors alone.
 * Returns what was not as it should be.
 * @param {Place} place
 */
async function tryProgram({ root, disk, template, indexDir, fresh }) {
  freshCopy(template, indexDir);
  /** @type {string[]} */
  const wrong = [];
  /** @param {string} what @param {string[]} args @param {RegExp} words @param {number} code @param {NodeJS.ProcessEnv} [env] */
  const expectEnd = async (what, args, code, words, env) => {
    const ended = await run(args, env === undefined ? {} : { env: { ...process.env, ...env } });
    if (ended.code !== code || !words.test(ended.stdout + ended.stderr))
      wrong.push(`${what} ended with ${ended.code}: ${ended.stdout}${ended.stderr}`);
  };
  const place = ['-p', root, '--index-dir', indexDir];
  const filler = fill(disk, 0);
  await expectEnd('index', ['index', ...place], 15, /the disk is full[\s\S]*no space left[\s\S]*free some space/);
  await expectEnd('resume', ['resume', ...place], 15, /the disk is full/);
  await expectEnd('status', ['status', ...place], 0, /chunks/);
  await expectEnd('search', ['search', 'where are things merged', ...place], 0, /module/);
  await expectEnd('verify', ['verify', ...place], 0, /clean/);
  rmSync(filler);

  // The cache is an aid: where nothing can be kept, the run is as good as without it, and says so.
  const apart = join(fresh, '..', 'apart');
  cpSync(fresh, apart, { recursive: true });
  writeFileSync(join(root, 'one-more.py'), 'def one_more(value):\n    return value + 1\n');
  const cache = { TANDEM_CACHE: 'on', TANDEM_CACHE_DIR: join(disk, 'cache') };
  const full = fill(disk, 0);
  await expectEnd(
    'cache',
    ['index', '-p', root, '--index-dir', apart],
    0,
    /Complete[\s\S]*nothing more is kept in the cache/,
    cache,
  );
  rmSync(full);
  return wrong;
}

/**
 * A run of both phases in small groups and batches, so that it ends with a compaction; how far it came, and what ended it.
 * @param {string} root @param {string} indexDir
 */
async function attempt(root, indexDir) {
  const { open } = await fastEmbedder();
  let reached = 'opening';
  let hasCompacted = false;
  /** What comes after a point; the edits are one batch, so that its checkpoint is the last. */
  const fault = (/** @type {string} */ point) => {
    if (point.startsWith('phase1')) reached = 'phase 1';
    if (point.startsWith('phase2')) reached = 'phase 2';
    if (point === 'phase2.marks-durable') reached = 'the checkpoint';
    if (point === 'phase2.checkpoint-saved') reached = 'the end (compaction)';
    if (point.startsWith('compaction')) hasCompacted = true;
  };
  try {
    const hooks = { groupRows: 3, openEmbedder: open, fault };
    const index = await openForWriting(configOf(root, indexDir, 1), {}, hooks);
    try {
      await indexProject(index, { phase: 'all' });
    } finally {
      await index[Symbol.asyncDispose]();
    }
    return { error: null, reached, hasCompacted };
  } catch (error) {
    return { error, reached, hasCompacted };
  }
}

/** What an undisturbed run takes beyond the index that it finds, at its most. @param {Place} place */
async function spaceNeeded({ root, disk, template, indexDir }) {
  freshCopy(template, indexDir);
  const before = statfsSync(disk);
  let least = before.bavail;
  const look = () => {
    least = Math.min(least, statfsSync(disk).bavail);
  };
  const watch = setInterval(look, 5);
  const { error, hasCompacted } = await attempt(root, indexDir);
  clearInterval(watch);
  look();
  if (error !== null) throw error;
  if (!hasCompacted) throw new Error('the run was to end in a compaction');
  return (before.bavail - least) * before.bsize;
}

/** @param {string} template @param {string} indexDir */
function freshCopy(template, indexDir) {
  rmSync(indexDir, { recursive: true, force: true });
  cpSync(template, indexDir, { recursive: true });
}

/** @param {string} indexDir */
async function loseVector(indexDir) {
  const { connect } = await import('@lancedb/lancedb');
  const connection = await connect(join(indexDir, 'lance'));
  const table = await connection.openTable('vectors');
  const [row] = await table.query().select(['chunk_id']).limit(1).toArray();
  await table.delete(`chunk_id = '${row.chunk_id}'`);
  table.close();
  connection.close();
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [folder = '', moments = '8'] = process.argv.slice(2);
  console.log(JSON.stringify(await fillUp(folder, Number(moments)), null, 2));
}
