// Spoils the small files beside the tables, the tables' manifests and the seals on these, byte by byte. An index must then hold what it held,
// mend itself, or refuse in words: it may never call a part of itself the whole, and never end in a bug.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { loadConfig } from '../../dist/config/load.js';
import { IndexerError, status } from '../../dist/index.js';
import { describeSelf } from '../../dist/store/lock/holder.js';
import { runCommand } from './faulty-run.mjs';
import { configOf } from './harness/fast-embedder.mjs';
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
/** Questions that are out at the same time: most of one is waiting for git and for the disk. */
const AT_ONCE = 3;
const TABLES = ['lance/chunks.lance', 'lance/vectors.lance', 'tandem/lance/structure.lance'];

/** @param {string} table */
const sealOf = (table) => join(table, 'tandem.seal');

/** @typedef {'cut' | 'flip' | 'zeros' | 'byte order mark' | 'twice'} Mutation */

/** @type {Record<Mutation, number>} */
const TEXT_MUTATIONS = { cut: 0, flip: 20, zeros: 1, 'byte order mark': 1, twice: 1 };
/** @type {Record<Mutation, number>} */
const BYTE_MUTATIONS = { cut: 2, flip: 20, zeros: 2, 'byte order mark': 0, twice: 1 };

/**
 * @typedef {object} Options
 * @property {number} mutations
 * @property {number} seed
 * @property {string} folder scratch space
 * @property {(line: string) => void} [say]
 * @property {(indexDir: string) => Promise<void>} [spoil] plants a defect beside each mutation, to show that it is noticed
 */

/** @param {Options} options */
export async function mutate({ mutations, seed, folder, say, spoil }) {
  const random = randomFrom(seed);
  const startedAt = performance.now();
  const root = join(folder, 'project');
  const whole = join(folder, 'whole');
  // Text without a grammar: files are parsed again in a good part of the mutations, and grammars take longest.
  mkdirSync(root);
  for (let file = 0; file < 3; file++) writeFileSync(join(root, `notes${file}.txt`), notes(file));
  await runCommand({ root, indexDir: whole, command: 'index' });
  writeFileSync(join(whole, 'tandem', 'lock'), await lockOfTheDead());
  const expected = { ...(await digest(whole)), chunks: (await rowsOf(whole, 'chunks', ['chunk_id'])).length };
  const files = [...FILES, ...TABLES.map((table) => newestManifest(whole, table)), ...TABLES.map(sealOf)];
  const report = {
    kind: 'mutations',
    seed,
    mutations: 0,
    seconds: 0,
    /** By kind of file and mutation. */
    asked: /** @type {Record<string, number>} */ ({}),
    /** What the program made of it. */
    answers: /** @type {Record<string, number>} */ ({}),
    faults: { bug: 0, partCalledWhole: 0, otherRows: 0 },
    examples: /** @type {string[]} */ ([]),
  };
  const contents = new Map(filesIn(whole).map((path) => [path, readFileSync(join(whole, path))]));
  let n = 0;
  const next = () => {
    if (n >= mutations) return null;
    const path = /** @type {string} */ (files[n % files.length]);
    const round = Math.floor(n++ / files.length);
    const before = readFileSync(join(whole, path));
    const what = round % 2 === 0 ? 'cut' : random.weighted(isOfText(path) ? TEXT_MUTATIONS : BYTE_MUTATIONS);
    // Every offset in turn, as far as the number of mutations goes.
    const at = what === 'cut' ? (round / 2) % before.length : random.whole(0, before.length - 1);
    return { path, what, at, after: mutated(before, what, at, random.whole(1, 255)) };
  };
  /** @param {string} indexDir */
  const work = async (indexDir) => {
    cpSync(whole, indexDir, { recursive: true });
    for (let mutation = next(); mutation !== null; mutation = next()) {
      const { path, what, at, after } = mutation;
      restore(indexDir, contents);
      writeFileSync(join(indexDir, path), after);
      await spoil?.(indexDir);
      const answer = await ask({ root, indexDir, whole }, expected);
      count(report.asked, `${path.endsWith('.manifest') ? 'a manifest' : path}: ${what}`);
      count(report.answers, answer.word);
      if (answer.fault !== null) {
        report.faults[answer.fault]++;
        if (report.examples.length < 20)
          report.examples.push(`${path}, ${what} at ${at}: ${answer.fault}: ${answer.word}`);
      }
      if (++report.mutations % 500 === 0) say?.(`${report.mutations} mutations`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, each) => work(join(folder, `index${each}`))));
  report.seconds = Math.round((performance.now() - startedAt) / 1000);
  return report;
}

/** Some chunks of lines. @param {number} file */
function notes(file) {
  return Array.from({ length: 200 }, (_, line) => `note ${line} of file ${file}, about nothing\n`).join('');
}

/** @param {string} folder relative paths */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** Makes an index again what it was; what is as it was stays, for removing and copying all of it takes most of the time. @param {string} indexDir @param {ReadonlyMap<string, Buffer>} contents */
function restore(indexDir, contents) {
  for (const path of filesIn(indexDir)) if (!contents.has(path)) rmSync(join(indexDir, path));
  for (const [path, bytes] of contents) {
    const place = join(indexDir, path);
    if (existsSync(place) && readFileSync(place).equals(bytes)) continue;
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes);
  }
}

/** @param {Record<string, number>} tally @param {string} key */
function count(tally, key) {
  tally[key] = (tally[key] ?? 0) + 1;
}

/** @param {string} path */
function isOfText(path) {
  return !path.endsWith('.manifest');
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
 * @param {{ root: string, indexDir: string, whole: string }} places
 * @param {{ chunks: number, sha256: string }} expected
 * @returns {Promise<{ word: string, fault: 'bug' | 'partCalledWhole' | 'otherRows' | null }>}
 */
async function ask({ root, indexDir, whole }, expected) {
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
  if (words.index === 'complete' && !hasSameVersions(whole, indexDir)) {
    const rows = await digest(indexDir).catch(String);
    if (typeof rows === 'string' || rows.sha256 !== expected.sha256) return { word, fault: 'otherRows' };
  }
  return { word, fault: null };
}

/** Whether every table is at the very version it was at: then its rows are too. @param {string} whole @param {string} indexDir */
function hasSameVersions(whole, indexDir) {
  return TABLES.every((table) => {
    const path = newestManifest(whole, table);
    return (
      newestManifest(indexDir, table) === path &&
      readFileSync(join(whole, path)).equals(readFileSync(join(indexDir, path)))
    );
  });
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
