// Everybody at once over one index, each a process of the built program with the real model: eight that index, two that
// ask, one that cleans up without waiting for anybody, while the project is edited. Whoever waits for the lock gets it,
// whoever asks gets whole answers, and at the end the index is that of a run that nobody disturbed.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { verifyIndex } from '../../dist/index.js';
import { run } from './harness/program.mjs';
import { edit, makeProject, sourceFiles } from './harness/project.mjs';
import { randomFrom } from './harness/random.mjs';
import { digest } from './harness/snapshot.mjs';

const modelDir = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url));

const SEARCHERS = 2;
const HITS = 5;
/** Longer than the whole run: who waits must get its turn. */
const WAIT = '--wait=600';
const QUERIES = ['read a value', 'where parts are counted', 'the separator of the system', 'close and hash'];

/** What those that write may be asked; without `--wait` they are refused while another is at work. */
const WRITING = [
  ['index', WAIT],
  ['index', WAIT],
  ['index', WAIT, '--checkpoint-interval=1'],
  ['index', '--phase=1', WAIT],
  ['index', '--phase=2', WAIT],
  ['resume', WAIT],
  ['index'],
];
/** Done; some files went while they were read; work is left to the others. */
const WELL = [0, 3, 4];
const LOCKED = 11;

/**
 * @typedef {object} Options
 * @property {number} seconds for which everybody begins anew
 * @property {number} seed
 * @property {string} folder scratch space
 * @property {number} [indexers]
 * @property {(line: string) => void} [say]
 * @property {(indexDir: string) => () => void} [spoil] plants a defect from the middle on, to show that it is noticed; returns
 *   what ends it, once everybody has ended
 */

/** @param {Options} options */
export async function concurrent({ seconds, seed, folder, indexers = 8, say, spoil }) {
  const random = randomFrom(seed);
  const root = join(folder, 'project');
  const indexDir = join(root, '.mcp-vector-search');
  const startedAt = performance.now();
  makeProject(root, { files: 6, functions: 20 });
  // Nobody edits these: whatever the others are at, so many chunks are always there to be found.
  for (let n = 0; n < 2 * HITS; n++) writeFileSync(join(root, `note${n}.md`), `# Note ${n}\n\nIt stays as it is.\n`);
  const history = openHistory(root);
  await mustEnd(['index', '-p', root]);

  const report = {
    kind: 'concurrent',
    seed,
    seconds: 0,
    ended: { indexers: 0, searchers: 0, cleanups: 0 },
    edits: 0,
    /** By what it was asked and how it ended. */
    answers: /** @type {Record<string, number>} */ ({}),
    faults: { refused: 0, strangeHit: 0, failed: 0, unequal: 0, damaged: 0 },
    examples: /** @type {string[]} */ ([]),
  };
  /** @param {keyof typeof report.faults} name @param {string} example */
  const fault = (name, example) => {
    report.faults[name]++;
    if (report.examples.length < 20) report.examples.push(`${name}: ${example.slice(0, 500)}`);
  };
  /** @param {string[]} args */
  const ask = async (args) => {
    const ended = await run([...args, '-p', root]);
    const what = `${args.filter((word) => !QUERIES.includes(word)).join(' ')}: ${ended.code}`;
    report.answers[what] = (report.answers[what] ?? 0) + 1;
    return ended;
  };

  const endsAt = performance.now() + seconds * 1000;
  const isOn = () => performance.now() < endsAt;
  const indexer = async () => {
    while (isOn()) {
      const args = random.pick(WRITING);
      const ended = await ask(args);
      report.ended.indexers++;
      if (!WELL.includes(ended.code ?? 1) && !(ended.code === LOCKED && !args.includes(WAIT)))
        fault('failed', `${args.join(' ')} ended with ${ended.code}: ${ended.stderr}`);
    }
  };
  let isSpoilt = spoil === undefined;
  /** @type {(() => void) | undefined} */
  let stopSpoiling;
  const searcher = async () => {
    for (let hasSeenAll = false; isOn() || !hasSeenAll; ) {
      hasSeenAll = isSpoilt;
      const ended = await ask(['search', random.pick(QUERIES), '--json', `--limit=${HITS}`]);
      report.ended.searchers++;
      if (ended.code !== 0) fault('refused', `search ended with ${ended.code}: ${ended.stderr}`);
      else for (const strange of strangeHits(ended.stdout, history)) fault('strangeHit', strange);
      const status = await ask(['status', '--json']);
      if (status.code !== 0) fault('refused', `status ended with ${status.code}: ${status.stderr}`);
      else if (!(JSON.parse(status.stdout).vectors > 0)) fault('strangeHit', `status says: ${status.stdout}`);
    }
  };
  const cleaner = async () => {
    while (isOn()) {
      const ended = await ask(['cleanup', '--now', WAIT]);
      report.ended.cleanups++;
      if (ended.code !== 0) fault('failed', `cleanup ended with ${ended.code}: ${ended.stderr}`);
    }
  };
  const editor = async () => {
    while (isOn()) {
      edit(root, random);
      history.look();
      report.edits++;
      await sleep(random.whole(100, 900));
    }
  };
  await Promise.all([
    ...Array.from({ length: indexers }, indexer),
    ...Array.from({ length: SEARCHERS }, searcher),
    cleaner(),
    editor(),
    sleep(seconds * 500).then(() => {
      stopSpoiling = spoil?.(indexDir);
      isSpoilt = true;
    }),
  ]);
  stopSpoiling?.();
  say?.(`all have ended: ${JSON.stringify(report.ended)}, ${report.edits} edits`);

  const last = await run(['index', '-p', root]);
  if (last.code !== 0) fault('failed', `the last run ended with ${last.code}: ${last.stderr}`);
  if (existsSync(join(indexDir, 'tandem', 'lock'))) fault('failed', 'a lock is left');
  const fresh = join(folder, 'fresh');
  rmSync(fresh, { recursive: true, force: true });
  await mustEnd(['index', '-p', root, '--index-dir', fresh]);
  try {
    const [mine, theirs] = [await digest(indexDir), await digest(fresh)];
    if (mine.sha256 !== theirs.sha256) fault('unequal', `${mine.rows} rows, ${theirs.rows} in the fresh index`);
  } catch (error) {
    fault('unequal', String(error));
  }
  const verified = await verifyIndex({ root, indexDir, modelDir });
  if (!verified.complete) fault('damaged', JSON.stringify(verified.findings));
  report.seconds = Math.round((performance.now() - startedAt) / 1000);
  return report;
}

/** @param {string[]} args */
async function mustEnd(args) {
  const ended = await run(args);
  if (ended.code !== 0) throw new Error(`the undisturbed run failed: ${ended.stderr}`);
}

/** Every text that the project ever held. @param {string} root */
function openHistory(root) {
  /** @type {Set<string>} */
  const texts = new Set();
  const look = () => {
    const notes = readdirSync(root).filter((path) => path.endsWith('.md'));
    for (const path of [...sourceFiles(root), ...notes]) texts.add(readFileSync(join(root, path), 'utf8'));
  };
  look();
  return { look, /** @param {string} part */ held: (part) => [...texts].some((text) => holdsLines(text, part)) };
}

/** Whether the lines stand in the text, in this order; a class is stored without the bodies of its methods. @param {string} text @param {string} part */
function holdsLines(text, part) {
  const lines = text.split('\n')[Symbol.iterator]();
  return part.split('\n').every((wanted) => {
    for (let line = lines.next(); !line.done; line = lines.next()) if (line.value.trim() === wanted.trim()) return true;
    return false;
  });
}

/**
 * What is odd about an answer: there are always more rows than were asked for, each once, and each was written by somebody.
 * @param {string} json @param {ReturnType<typeof openHistory>} history
 */
function strangeHits(json, history) {
  const hits = /** @type {{ location: string, content: string }[]} */ (JSON.parse(json));
  const strange = [];
  if (hits.length !== HITS) strange.push(`${hits.length} hits instead of ${HITS}`);
  if (new Set(hits.map(({ location, content }) => `${location} ${content}`)).size !== hits.length)
    strange.push(`a hit is there twice: ${hits.map(({ location }) => location).join(', ')}`);
  for (const { location, content } of hits)
    if (content === '' || !history.held(content)) strange.push(`${location} was never written: ${content}`);
  return strange;
}
