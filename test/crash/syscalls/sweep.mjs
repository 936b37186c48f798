// A sweep over the system calls that touch an index: each of them fails, or the program is killed in it, once in a run.
// Whatever that run says, the index must be undamaged, and the next run must make of it what an undisturbed one makes.
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { verifyIndex } from '../../../dist/index.js';
import { modelDir } from '../harness/fast-embedder.mjs';
import { run } from '../harness/program.mjs';
import { makeProject, rewriteAll } from '../harness/project.mjs';
import { randomFrom } from '../harness/random.mjs';
import { digest, snapshot } from '../harness/snapshot.mjs';
import { runTraced } from './strace.mjs';

/** What each call may answer on a machine that is full, worn out, or short of something. */
const ERRORS = {
  openat: ['EMFILE', 'EACCES', 'EIO'],
  write: ['ENOSPC', 'EIO'],
  fsync: ['EIO', 'ENOSPC'],
  mkdir: ['ENOSPC', 'EACCES'],
  rename: ['EIO', 'ENOSPC', 'EACCES'],
  renameat: ['EIO', 'ENOSPC', 'EACCES'],
  link: ['EIO', 'EPERM'],
  linkat: ['EIO', 'ENOSPC'],
  unlink: ['EACCES', 'EIO'],
  unlinkat: ['EACCES', 'EIO'],
  rmdir: ['EACCES', 'EIO'],
};
/** @typedef {keyof typeof ERRORS} CallName */
const NAMES = /** @type {CallName[]} */ (Object.keys(ERRORS));
/** These fail in other places than the index when they go on failing: in pipes, and in the program's own files. */
const ONCE_ONLY = new Set(['openat', 'write']);

/** Commands, and the index that each finds; afterwards it holds what a fresh index holds. */
const SCENARIOS = {
  'a first run': { args: ['index'], finds: null },
  'a run after edits': { args: ['index'], finds: 'edited' },
  'a run that goes on': { args: ['resume'], finds: 'parsed' },
  cleanup: { args: ['cleanup', '--now'], finds: 'whole' },
  verify: { args: ['verify'], finds: 'whole' },
};
/** @typedef {keyof typeof SCENARIOS} ScenarioName */

/** All but EIO, which is what a damaged disk says. */
const NO_DAMAGE = new Set(['EMFILE', 'EACCES', 'EPERM', 'ENOSPC']);
/** What the README says that the program may end with; 1 is a bug, and 2 a wrong usage. */
const DOCUMENTED = new Set([0, 3, 4, 10, 11, 12, 13, 14, 15]);

/**
 * @param {Place} place
 * @param {{ injections: number, seed: number, say?: (line: string) => void, program?: readonly string[],
 *   spoil?: (indexDir: string) => Promise<void>, fixed?: { name: ScenarioName, injection: Injection } }} options
 * `program` comes before the traced program, and `spoil` after it: both plant defects, to show that they are found;
 * `fixed` is injected instead of what is drawn
 */
export async function sweep(place, { injections, seed, say, program, spoil, fixed }) {
  const random = randomFrom(seed);
  const startedAt = performance.now();
  const plans = fixed ? [] : await planAll(place);
  const report = {
    kind: 'system calls',
    seed,
    seconds: 0,
    runs: 0,
    /** Calls that touch the index in an undisturbed run. */
    calls: Object.fromEntries(plans.map(({ name, targets }) => [name, targets.length])),
    /** Runs in which calls on the index were hit, and no others. */
    hits: /** @type {Record<string, number>} */ ({}),
    ended: /** @type {Record<string, number>} */ ({}),
    /** Runs in which other calls were hit too: the engine's temporary folder, pipes, the program's own modules. */
    elsewhere: 0,
    notReached: 0,
    faults: { undocumented: 0, falseAlarm: 0, silent: 0, hung: 0, damaged: 0, lost: 0, unequal: 0, failed: 0 },
    examples: /** @type {string[]} */ ([]),
  };
  for (let at = 0; at < injections; at++) {
    const { name, injection } = fixed ?? draw(/** @type {Plan} */ (plans[at % plans.length]), random);
    const { args, finds } = SCENARIOS[name];
    const indexDir = place.freshCopy(finds);
    const before = await snapshot(indexDir);
    const order = [...args, '-p', place.root, '--index-dir', indexDir];
    const ended = await runTraced(order, { names: NAMES, within: indexDir, env: place.env, injection, program });
    const outcome = ended.hung ? 'hung' : ended.killed ? 'killed' : `exit ${ended.code ?? 'by a signal'}`;
    const words = `${name}: ${injection.name} #${injection.when} ${injection.error ?? 'SIGKILL'}: ${outcome}`;
    const fault = (/** @type {keyof typeof report.faults} */ kind, /** @type {string} */ example) => {
      report.faults[kind]++;
      if (report.examples.length < 40) report.examples.push(`${words}: ${kind}: ${example}`.slice(0, 1500));
    };
    report.runs++;
    if (ended.hits.length === 0) report.notReached++;
    else if (!ended.onlyWithin) report.elsewhere++;
    else {
      count(report.hits, `${injection.name} ${injection.error ?? 'SIGKILL'}`);
      count(report.ended, outcome);
      const told = `${ended.hits[0]?.line}\n${ended.stderr}`;
      if (ended.hung) fault('hung', told);
      else if (!ended.killed && !DOCUMENTED.has(ended.code ?? -1)) fault('undocumented', told);
      else if (ended.code === 12 && NO_DAMAGE.has(injection.error ?? '')) fault('falseAlarm', told);
    }
    await spoil?.(indexDir);
    await judge({ place, indexDir, before, ended, fault });
    say?.(`${words}  ${ended.hits.map(({ line }) => nameIn(line, indexDir)).join(', ')}`);
  }
  report.seconds = Math.round((performance.now() - startedAt) / 1000);
  return report;
}

/**
 * @param {{ place: Place, indexDir: string, before: import('../harness/snapshot.mjs').Snapshot,
 *   ended: { code: number | null, stderr: string },
 *   fault: (kind: 'silent' | 'damaged' | 'lost' | 'unequal' | 'failed', example: string) => void }} order
 */
async function judge({ place, indexDir, before, ended, fault }) {
  const { root, env, expected } = place;
  const left = existsSync(join(indexDir, 'tandem', 'run.json'))
    ? await verifyIndex({ root, indexDir, modelDir })
    : null;
  const damage = left?.findings.filter(({ severity }) => severity === 'damage') ?? [];
  if (damage.length > 0) fault('damaged', JSON.stringify(damage));
  if (ended.code === 0 && (!left?.complete || (await digest(indexDir)).sha256 !== expected.sha256))
    fault('silent', `it said that all is done, but: ${JSON.stringify(left)}`);
  const again = await run(['index', '-p', root, '--index-dir', indexDir], { env });
  if (again.code !== 0) fault('failed', `the next run ended with ${again.code}: ${again.stderr}`);
  const after = await verifyIndex({ root, indexDir, modelDir });
  if (!after.complete) fault('damaged', `after the next run: ${JSON.stringify(after.findings)}`);
  const { vectors } = await snapshot(indexDir);
  const remade = [...before.vectors].filter(([id, made]) => vectors.has(id) && vectors.get(id) !== made);
  if (remade.length > 0) fault('lost', `${remade.length} stored vectors were made again`);
  if ((await digest(indexDir)).sha256 !== expected.sha256) fault('unequal', 'the rows are not those of a fresh index');
}

/** @typedef {Awaited<ReturnType<typeof prepare>>} Place */

/**
 * The project, the indexes that the scenarios find, and what all must hold in the end. All vectors are in the cache, so
 * that no run starts the model unless a fault takes the cache from it.
 * @param {string} folder scratch space
 */
export async function prepare(folder) {
  const env = { ...process.env, TANDEM_CACHE: 'on', TANDEM_CACHE_DIR: join(folder, 'cache') };
  const root = join(folder, 'project');
  const template = (/** @type {string} */ name) => join(folder, 'templates', name);
  const index = async (/** @type {string} */ name, /** @type {string[]} */ ...more) => {
    const { code, stderr } = await run(['index', '-p', root, '--index-dir', template(name), ...more], { env });
    if (code !== 0 && code !== 4) throw new Error(`an undisturbed run ended with ${code}: ${stderr}`);
  };
  makeProject(root, { files: 4, functions: 8 });
  await index('edited');
  rewriteAll(root);
  for (const name of ['parsed', 'whole']) cpSync(template('edited'), template(name), { recursive: true });
  await index('parsed', '--phase=1');
  await index('whole');
  await index('fresh');
  const indexDir = join(folder, 'run', '.mcp-vector-search');
  return {
    root,
    env,
    expected: await digest(template('fresh')),
    /** @param {string | null} name */
    freshCopy(name) {
      rmSync(indexDir, { recursive: true, force: true });
      mkdirSync(join(folder, 'run'), { recursive: true });
      if (name !== null) cpSync(template(name), indexDir, { recursive: true });
      return indexDir;
    },
  };
}

/** @typedef {import('./strace.mjs').Injection} Injection */
/** @typedef {{ name: ScenarioName, targets: string[] }} Plan */

/** The calls of undisturbed runs that touch the index. @param {Place} place */
async function planAll(place) {
  /** @type {Plan[]} */
  const plans = [];
  for (const name of /** @type {ScenarioName[]} */ (Object.keys(SCENARIOS))) {
    const { args, finds } = SCENARIOS[name];
    const indexDir = place.freshCopy(finds);
    const order = [...args, '-p', place.root, '--index-dir', indexDir];
    const { code, stderr, calls } = await runTraced(order, { names: NAMES, within: indexDir, env: place.env });
    if (code !== 0) throw new Error(`${name} ended with ${code} though nothing was injected: ${stderr}`);
    plans.push({ name, targets: [...new Set(calls.map(({ name: call, nth }) => `${call} ${nth}`))] });
  }
  return plans;
}

/**
 * Every kind of call as likely as any other, then every one of its calls.
 * @param {Plan} plan @param {import('../harness/random.mjs').Random} random
 * @returns {{ name: ScenarioName, injection: Injection }}
 */
function draw({ name, targets }, random) {
  const kinds = [...new Set(targets.map((target) => target.split(' ')[0] ?? ''))];
  const call = /** @type {CallName} */ (random.pick(kinds));
  const nth = random.pick(targets.filter((target) => target.startsWith(`${call} `))).split(' ')[1] ?? '1';
  if (random.chance(0.35)) return { name, injection: { name: call, when: nth } };
  const stays = !ONCE_ONLY.has(call) && random.chance(0.3);
  return { name, injection: { name: call, when: stays ? `${nth}+` : nth, error: random.pick(ERRORS[call]) } };
}

/** @param {Record<string, number>} counts @param {string} key */
function count(counts, key) {
  counts[key] = (counts[key] ?? 0) + 1;
}

/** Where in the index a call went. @param {string} line @param {string} indexDir */
function nameIn(line, indexDir) {
  if (!line.includes(indexDir)) return '(elsewhere)';
  const from = line.indexOf(indexDir) + indexDir.length;
  return /^[^">,]*/.exec(line.slice(from))?.[0] || '/';
}
