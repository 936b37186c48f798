// The killer that knows nothing of the program's inside: it draws a command and a moment, kills the process group, and
// compares what is left with what it knew before. In between it lets a run come to its end and compares the index with
// one that nobody disturbed.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { verifyIndex } from '../../dist/index.js';
import { openAim } from './harness/aim.mjs';
import { run } from './harness/program.mjs';
import { edit, makeProject, rewriteEach } from './harness/project.mjs';
import { randomFrom } from './harness/random.mjs';
import { digest, snapshot } from './harness/snapshot.mjs';

const faultyRun = fileURLToPath(new URL('./faulty-run.mjs', import.meta.url));
const modelDir = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url));

/** Arguments of the commands that are killed. */
const COMMANDS = {
  index: ['index'],
  'phase 1': ['index', '--phase=1'],
  'phase 2': ['index', '--phase=2'],
  resume: ['resume'],
  cleanup: ['cleanup', '--now'],
};
/** @typedef {keyof typeof COMMANDS} CommandName */

/** What a tally counts that must stay zero. */
const FAULTS = [
  'lost',
  'doubled',
  'unopenable',
  'damaged',
  'unequal',
  'embeddedTwice',
  'parsedTwice',
  'embeddedInVain',
  'failed',
];
/** Chunks that a killed run may have handed to the model without a stored vector to show for it. */
const MOST_IN_VAIN = 1024;

/**
 * @typedef {object} Options
 * @property {number} rounds
 * @property {number} seed
 * @property {string} folder scratch space
 * @property {number} [roundsPerEnd] after so many a run is left to its end; after four times as many all begins anew
 * @property {{ files: number, functions: number }} [size]
 * @property {(line: string) => void} [say]
 * @property {(indexDir: string, round: number) => Promise<void>} [spoil] plants a defect after a kill, to show that it is found
 */

/** @param {Options} options */
export async function blackBox({
  rounds,
  seed,
  folder,
  roundsPerEnd = 10,
  size = { files: 20, functions: 60 },
  say,
  spoil,
}) {
  const random = randomFrom(seed);
  const root = join(folder, 'project');
  const indexDir = join(root, '.mcp-vector-search');
  const tally = emptyTally();
  const aim = openAim(indexDir, random);
  let before = await snapshot(indexDir);
  let isEdited = true;
  const startedAt = performance.now();

  for (let round = 0; round < rounds; round++) {
    if (round % (4 * roundsPerEnd) === 0) {
      rmSync(root, { recursive: true, force: true });
      makeProject(root, size);
      before = await snapshot(indexDir);
      isEdited = true;
    } else if (random.chance(isComplete(before) ? 0.95 : 0.15)) {
      if (random.chance(0.4)) rewriteEach(root, random);
      else edit(root, random);
      isEdited = true;
    }
    const isNew = !existsSync(join(indexDir, 'tandem', 'run.json'));
    const hasPending = !isComplete(before);
    const name = isNew
      ? 'index'
      : random.weighted(
          hasPending
            ? { index: 5, 'phase 1': isEdited ? 3 : 1, 'phase 2': 4, resume: 5, cleanup: 2 }
            : { index: 6, 'phase 1': 3, 'phase 2': 1, resume: 1, cleanup: 3 },
        );
    const interval = `--checkpoint-interval=${random.pick([1, 1, 2, 20])}`;
    const takesInterval = name !== 'cleanup' && name !== 'phase 1';
    const parses = name === 'index' || name === 'phase 1';
    const hasWork = hasPending || (parses && isEdited) || name === 'cleanup';
    const moment = aim.next(hasWork ? name : 'nothing to do');
    const { isTime } = moment;
    // Some rounds go through the library instead of the command line, to count what the model is given.
    const counted = name !== 'cleanup' && name !== 'phase 1' && random.chance(0.25) ? join(folder, 'handed') : null;
    const ended =
      counted === null
        ? await run([...COMMANDS[name], '-p', root, ...(takesInterval ? [interval] : [])], { isTime })
        : await run([root, indexDir, name, '--workers', String(random.pick([1, 2, 4])), counted], {
            isTime,
            command: [process.execPath, faultyRun],
          });
    moment.learn(ended.killed);
    const wasAtWork = ended.killed && moment.holdsLock();
    await spoil?.(indexDir, round);

    const after = await look(indexDir, tally, round);
    tally.commands[name] = (tally.commands[name] ?? 0) + 1;
    if (ended.killed) {
      tally.kills++;
      tally.killsByCommand[name] = (tally.killsByCommand[name] ?? 0) + 1;
      if (wasAtWork) tally.killsAtWork++;
      const state = wasAtWork
        ? describeState(name, indexDir, before, after)
        : 'before or after the work (no lock held)';
      tally.states[state] = (tally.states[state] ?? 0) + 1;
    } else {
      tally.endedFirst++;
      if (![0, 4].includes(ended.code ?? 1))
        fault(tally, 'failed', round, `${name} ended with ${ended.code}: ${ended.stderr}`);
      if (name === 'index' || name === 'phase 1') isEdited = false;
    }
    if (after === null) continue;
    compare(root, before, after, tally, round);
    if (counted !== null) countInVain(counted, before, after, tally, round);
    await verify(root, indexDir, tally, round);
    before = after;

    if (round % roundsPerEnd === roundsPerEnd - 1 || round === rounds - 1) {
      const wasParsed = !isEdited || phase1Finished(indexDir, before);
      before = await finish({ root, indexDir, fresh: join(folder, 'fresh') }, tally, round, wasParsed && !isEdited);
      isEdited = false;
    }
    if ((round + 1) % 50 === 0)
      say?.(`${round + 1} rounds, ${tally.kills} kills (${tally.killsAtWork} at work), ${faultCount(tally)} faults`);
  }
  return { kind: 'black box', seed, rounds, seconds: Math.round((performance.now() - startedAt) / 1000), ...tally };
}

function emptyTally() {
  return {
    kills: 0,
    /** Kills that left the lock behind: inside the work. */
    killsAtWork: 0,
    endedFirst: 0,
    /** Rounds in which it was counted what the model was given, and the most that came to nothing in one of them. */
    countedRounds: 0,
    mostInVain: 0,
    comparisons: 0,
    /** @type {Partial<Record<CommandName, number>>} */
    commands: {},
    /** @type {Partial<Record<CommandName, number>>} */
    killsByCommand: {},
    /** @type {Record<string, number>} */
    states: {},
    /** @type {Record<string, number>} */
    faults: Object.fromEntries(FAULTS.map((name) => [name, 0])),
    /** @type {string[]} */
    examples: [],
  };
}

/** @typedef {ReturnType<typeof emptyTally>} Tally */

/** @param {Tally} tally */
export function faultCount(tally) {
  return Object.values(tally.faults).reduce((sum, count) => sum + count, 0);
}

/** @param {Tally} tally @param {string} name @param {number} round @param {string} example */
function fault(tally, name, round, example, count = 1) {
  tally.faults[name] = (tally.faults[name] ?? 0) + count;
  if (tally.examples.length < 20) tally.examples.push(`round ${round}: ${name}: ${example.slice(0, 500)}`);
}

/** @param {string} indexDir @param {Tally} tally @param {number} round */
async function look(indexDir, tally, round) {
  try {
    const seen = await snapshot(indexDir);
    if (seen.doubled > 0) fault(tally, 'doubled', round, `${seen.doubled} ids`, seen.doubled);
    return seen;
  } catch (error) {
    fault(tally, 'unopenable', round, String(error));
    return null;
  }
}

/**
 * A kill may cost what was not stored yet, never what was: chunks of files as they are, and vectors of chunks that are.
 * @param {string} root @param {import('./harness/snapshot.mjs').Snapshot} before
 * @param {import('./harness/snapshot.mjs').Snapshot} after @param {Tally} tally @param {number} round
 */
function compare(root, before, after, tally, round) {
  const hashes = new Map();
  const hashOf = (/** @type {string} */ path) => {
    if (!hashes.has(path)) hashes.set(path, existsSync(join(root, path)) ? sha256(readFileSync(join(root, path))) : '');
    return hashes.get(path);
  };
  for (const [id, { path, hash }] of before.chunks) {
    if (!after.chunks.has(id) && hashOf(path) === hash) fault(tally, 'lost', round, `chunk ${id} of ${path}`);
  }
  for (const [id, madeAt] of before.vectors) {
    const now = after.vectors.get(id);
    if (now === undefined && after.chunks.has(id)) fault(tally, 'lost', round, `the vector of ${id}`);
    if (now !== undefined && now !== madeAt) fault(tally, 'embeddedTwice', round, id);
  }
}

/**
 * @param {string} file how many texts were handed to the model at a time; gone afterwards
 * @param {import('./harness/snapshot.mjs').Snapshot} before
 * @param {import('./harness/snapshot.mjs').Snapshot} after @param {Tally} tally @param {number} round
 */
function countInVain(file, before, after, tally, round) {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  rmSync(file, { force: true });
  const handed = lines.reduce((sum, line) => sum + Number(line), 0);
  const inVain = handed - [...after.vectors.keys()].filter((id) => !before.vectors.has(id)).length;
  tally.countedRounds++;
  tally.mostInVain = Math.max(tally.mostInVain, inVain);
  if (inVain > MOST_IN_VAIN) fault(tally, 'embeddedInVain', round, `${inVain} chunks`);
}

/** @param {string} root @param {string} indexDir @param {Tally} tally @param {number} round */
async function verify(root, indexDir, tally, round) {
  if (!existsSync(join(indexDir, 'tandem', 'run.json'))) return; // nothing was promised yet
  const { findings } = await verifyIndex({ root, indexDir, modelDir });
  for (const { severity, code, examples } of findings) {
    if (severity === 'damage') fault(tally, 'damaged', round, `${code}: ${examples.join(', ')}`);
  }
}

/**
 * Lets a run come to its end and compares with a fresh index of the same tree.
 * @param {{ root: string, indexDir: string, fresh: string }} places @param {Tally} tally @param {number} round
 * @param {boolean} wasParsed nothing may be parsed any more
 */
async function finish({ root, indexDir, fresh }, tally, round, wasParsed) {
  const ended = await run(['index', '-p', root, '--json']);
  if (ended.code !== 0) fault(tally, 'failed', round, `the last run ended with ${ended.code}: ${ended.stderr}`);
  else {
    const parsed = Number(JSON.parse(ended.stdout).files.parsed);
    if (wasParsed && parsed > 0) fault(tally, 'parsedTwice', round, `${parsed} files`, parsed);
  }
  rmSync(fresh, { recursive: true, force: true });
  const other = await run(['index', '-p', root, '--index-dir', fresh]);
  if (other.code !== 0) throw new Error(`the undisturbed run failed: ${other.stderr}`);
  const [mine, theirs] = [await digest(indexDir), await digest(fresh)];
  tally.comparisons++;
  if (mine.sha256 !== theirs.sha256)
    fault(tally, 'unequal', round, `${mine.rows} rows, ${theirs.rows} in the fresh index`);
  const verified = await verifyIndex({ root, indexDir, modelDir });
  if (!verified.complete) fault(tally, 'damaged', round, `after the last run: ${JSON.stringify(verified.findings)}`);
  return await snapshot(indexDir);
}

/** @param {import('./harness/snapshot.mjs').Snapshot} seen */
function isComplete({ chunks, vectors }) {
  return chunks.size > 0 && [...chunks].every(([id, { status }]) => status === 'complete' && vectors.has(id));
}

/** @param {string} indexDir @param {import('./harness/snapshot.mjs').Snapshot} seen */
function phase1Finished(indexDir, { chunks }) {
  const run = runRecord(indexDir);
  return chunks.size > 0 && run?.phase1?.finished_at != null;
}

/** @param {string} indexDir */
function runRecord(indexDir) {
  const path = join(indexDir, 'tandem', 'run.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}

/**
 * How far the work had come when it was killed, in words that can be counted.
 * @param {CommandName} name @param {string} indexDir @param {import('./harness/snapshot.mjs').Snapshot} before
 * @param {import('./harness/snapshot.mjs').Snapshot | null} after
 */
function describeState(name, indexDir, before, after) {
  if (after === null) return 'unopenable';
  if (name === 'cleanup') return 'cleanup';
  const record = runRecord(indexDir);
  if (record === null) return 'opening a new index';
  const stored = [...after.vectors.keys()].filter((id) => !before.vectors.has(id)).length;
  const unclaimed = [...after.vectors.keys()].filter((id) => after.chunks.get(id)?.status !== 'complete').length;
  if (record.phase1.finished_at === null) return 'phase 1';
  if (unclaimed > 0) return 'phase 2, vectors stored and not yet marked';
  if (record.phase2 !== null && record.phase2.finished_at === null)
    return stored > 0 ? 'phase 2, between batches' : 'phase 2, before its first batch';
  return isComplete(after) ? 'nothing pending (opening, compacting, ending)' : 'between the phases, or opening';
}

/** @param {Buffer} bytes */
function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
