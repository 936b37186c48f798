// Spoils the small files beside the tables and the tables' manifests, byte by byte. An index must then hold what it held,
// mend itself, or refuse in words: it may never call a part of itself the whole, and never end in a bug.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../dist/config/load.js';
import { IndexerError, status } from '../../dist/index.js';
import { describeSelf } from '../../dist/store/lock-holder.js';
import { runCommand } from './faulty-run.mjs';
import { configOf } from './harness/fast-embedder.mjs';
import { makeProject } from './harness/project.mjs';
import { randomFrom } from './harness/random.mjs';
import { digest, rowsOf } from './harness/snapshot.mjs';

const FILES = [
  'tandem/checkpoint.json',
  'tandem/run.json',
  'tandem/files.jsonl',
  'tandem/lock',
  'schema_version.json',
  'index_metadata.json',
  'config.json',
];
const MANIFESTS = ['lance/chunks.lance', 'lance/vectors.lance', 'tandem/lance/structure.lance'];

/** @typedef {'cut' | 'flip' | 'zeros' | 'byte order mark' | 'twice'} Mutation */

/**
 * @param {{ mutations: number, seed: number, folder: string, say?: (line: string) => void }} options
 */
export async function mutate({ mutations, seed, folder, say }) {
  const random = randomFrom(seed);
  const startedAt = performance.now();
  const root = join(folder, 'project');
  const whole = join(folder, 'whole');
  const indexDir = join(folder, 'index');
  makeProject(root, { files: 2, functions: 6 });
  await runCommand({ root, indexDir: whole, command: 'index' });
  writeFileSync(join(whole, 'tandem', 'lock'), await lockOfTheDead());
  const expected = { ...(await digest(whole)), chunks: (await rowsOf(whole, 'chunks', ['chunk_id'])).length };
  const files = [...FILES, ...MANIFESTS.map((table) => newestManifest(whole, table))];
  const report = {
    kind: 'mutations',
    seed,
    mutations: 0,
    seconds: 0,
    /** What the program made of it. */
    answers: /** @type {Record<string, number>} */ ({}),
    faults: { bug: 0, partCalledWhole: 0, otherRows: 0 },
    examples: /** @type {string[]} */ ([]),
  };
  for (let n = 0; n < mutations; n++) {
    const path = /** @type {string} */ (files[n % files.length]);
    rmSync(indexDir, { recursive: true, force: true });
    cpSync(whole, indexDir, { recursive: true });
    const before = readFileSync(join(whole, path));
    const round = Math.floor(n / files.length);
    // A flipped bit in a manifest makes the engine panic, or worse: those are for verify, which reads them by itself.
    const isManifest = path.endsWith('.manifest');
    const what =
      round % 2 === 0
        ? 'cut'
        : isManifest
          ? random.pick(/** @type {const} */ (['zeros', 'cut']))
          : random.weighted({ flip: 20, zeros: 1, 'byte order mark': 1, twice: 1 });
    // Every offset in turn, as far as the number of mutations goes.
    const at = what === 'cut' ? (round / 2) % before.length : random.whole(0, before.length - 1);
    const after = mutated(before, what, at, random.whole(1, 255));
    writeFileSync(join(indexDir, path), after);
    const answer = await ask(root, indexDir, expected);
    report.mutations++;
    report.answers[answer.word] = (report.answers[answer.word] ?? 0) + 1;
    if (answer.fault !== null) {
      report.faults[answer.fault]++;
      if (report.examples.length < 20)
        report.examples.push(`${path}, ${what} at ${at}: ${answer.fault}: ${answer.word}`);
    }
    if (report.mutations % 500 === 0) say?.(`${report.mutations} mutations`);
  }
  report.seconds = Math.round((performance.now() - startedAt) / 1000);
  return report;
}

/** @param {Buffer} before @param {Mutation} what @param {number} at @param {number} mask */
function mutated(before, what, at, mask) {
  if (what === 'cut') return before.subarray(0, at);
  if (what === 'zeros') return Buffer.alloc(before.length);
  if (what === 'twice') return Buffer.concat([before, before]);
  if (what === 'byte order mark') return Buffer.concat([Buffer.from('\u{feff}'), before]);
  const after = Buffer.from(before);
  after[at] = /** @type {number} */ (after[at]) ^ mask;
  return after;
}

/**
 * What `status` and `index` say, each as a user would ask it.
 * @param {string} root @param {string} indexDir @param {{ chunks: number, sha256: string }} expected
 * @returns {Promise<{ word: string, fault: 'bug' | 'partCalledWhole' | 'otherRows' | null }>}
 */
async function ask(root, indexDir, expected) {
  const questions = {
    status: async () => {
      const { complete, chunks } = await status(configOf(root, indexDir, 1));
      return { complete, rows: chunks.total };
    },
    index: async () => {
      loadConfig({ projectRoot: root, creates: true, flags: { indexDir }, env: {} });
      const { complete, chunks } = await runCommand({ root, indexDir, command: 'index' });
      return { complete, rows: chunks.total };
    },
  };
  /** @type {Record<string, string>} */
  const words = {};
  for (const [name, question] of Object.entries(questions)) {
    try {
      const { complete, rows } = await question();
      if (complete && rows < expected.chunks) return { word: `${name} says complete`, fault: 'partCalledWhole' };
      words[name] = complete ? 'complete' : 'incomplete';
    } catch (error) {
      const text = error instanceof Error ? String(error.stack) : String(error);
      if (!(error instanceof IndexerError)) return { word: `${name}: ${text}`.slice(0, 300), fault: 'bug' };
      words[name] = error.code;
    }
  }
  const word = `status ${words.status}, index ${words.index}`;
  if (words.index === 'complete' && (await digest(indexDir)).sha256 !== expected.sha256)
    return { word, fault: 'otherRows' };
  return { word, fault: null };
}

/** @param {string} indexDir @param {string} table */
function newestManifest(indexDir, table) {
  const names = readdirSync(join(indexDir, table, '_versions')).filter((name) => name.endsWith('.manifest'));
  return join(table, '_versions', /** @type {string} */ (names.sort()[0]));
}

/** A lock as a killed run leaves it. */
async function lockOfTheDead() {
  return JSON.stringify({ ...(await describeSelf('f00d')), pid: 2 ** 22 + 1 }); // above what the system gives
}
