// How well search finds what labelled queries ask for: NDCG@10, Hit@k, what each factor is worth.
// npm run bench -- quality --labels <file> [folder] [--ablate] [--json]
// npm run bench -- quality --sets <sets.json> [--ablate] [--leave-one-out] [--json]
// A labels file is a JSON array, or a line for each query: `query, file[:line]`. sets.json: [{name, labels, folder}], paths
// relative to it. Each folder has to be indexed. `vectors` and `rrf` are yardsticks, `lexical` and `hybrid` are the program.
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { FACTORS } from '../dist/search/ranking/factors.js';
import { readLabels } from './lib/quality/labels.mjs';
import { scoreQuery, summarize } from './lib/quality/score.mjs';
import { openSearcher, WAYS } from './lib/quality/searcher.mjs';
import { tuned } from './lib/quality/tune.mjs';

const args = process.argv.slice(2);
const here = process.env.INIT_CWD ?? process.cwd();
const flag = (name) => args.includes(`--${name}`);
const option = (name) => (flag(name) ? args[args.indexOf(`--${name}`) + 1] : undefined);

const sets = readSets();
for (const set of sets) set.searcher = await openSearcher(set.folder);
const isOfLines = ({ labels }) => labels.every(({ targets }) => targets.every(({ start }) => start !== undefined));
const kinds = [
  ['files', sets.filter((set) => !isOfLines(set))],
  ['lines', sets.filter(isOfLines)],
].filter(([, members]) => members.length > 0);

const figures = { ways: {}, sets: {} };
for (const way of WAYS) {
  for (const [kind, members] of kinds) figures.ways[`${way}, ${kind}`] = await measure(members, way);
}
for (const set of sets) {
  figures.sets[set.name] = {};
  for (const way of WAYS) figures.sets[set.name][way] = (await measure([set], way))['NDCG@10'];
}
if (flag('ablate')) figures.without = await ablation();
if (flag('leave-one-out')) figures.leftOut = await leftOut();

if (flag('json')) console.log(JSON.stringify(figures));
else for (const table of Object.values(figures)) console.table(rounded(table));
for (const { searcher } of sets) await searcher.close();

function readSets() {
  const single = option('labels');
  if (single !== undefined) {
    const folder = args.find((arg, index) => !arg.startsWith('--') && args[index - 1] !== '--labels') ?? '.';
    return [
      {
        name: basename(resolve(here, folder)),
        folder: resolve(here, folder),
        labels: readLabels(resolve(here, single)),
      },
    ];
  }
  const list = option('sets');
  if (list === undefined) {
    console.error('which labels? npm run bench -- quality --labels <file> [folder], or --sets <sets.json>');
    process.exit(2);
  }
  const base = dirname(resolve(here, list));
  return JSON.parse(readFileSync(resolve(here, list), 'utf8')).map(({ name, labels, folder }) => ({
    name,
    folder: resolve(base, folder),
    labels: readLabels(resolve(base, labels)),
  }));
}

async function scoresOf(members, way, factors) {
  const scores = [];
  for (const { labels, searcher } of members) {
    for (const { query, targets } of labels)
      scores.push(scoreQuery(await searcher.search(query, way, factors), targets));
  }
  return scores;
}

async function measure(members, way, factors) {
  return summarize(await scoresOf(members, way, factors));
}

/** NDCG@10 of each kind with one factor left out: a bonus of nothing, a penalty of 1. */
async function ablation() {
  const table = {};
  const variants = {
    nothing: FACTORS,
    ...Object.fromEntries(
      Object.keys(FACTORS.bonus).map((name) => [name, { ...FACTORS, bonus: { ...FACTORS.bonus, [name]: 0 } }]),
    ),
    ...Object.fromEntries(
      Object.keys(FACTORS.penalty).map((name) => [
        `× ${name}`,
        { ...FACTORS, penalty: { ...FACTORS.penalty, [name]: 1 } },
      ]),
    ),
    '× same file': { ...FACTORS, sameFile: 1 },
    'meaning (words alone)': { ...FACTORS, denseShare: { sentence: 0, symbol: 0 } },
    'words (meaning alone)': { ...FACTORS, denseShare: { sentence: 1, symbol: 1 } },
  };
  for (const [name, factors] of Object.entries(variants)) {
    table[name] = {};
    for (const [kind, members] of kinds) {
      const { 'NDCG@10': ndcg, 'Hit@5': hit } = await measure(members, 'hybrid', factors);
      Object.assign(table[name], { [kind]: ndcg, [`${kind}, Hit@5`]: hit });
    }
  }
  return table;
}

/** Each set scored by factors that were tuned on all the others. */
async function leftOut() {
  const table = {};
  for (const set of sets) {
    const others = sets.filter((each) => each !== set);
    const factors = await tuned(FACTORS, (candidate) => objective(others, candidate));
    const own = (await measure([set], 'hybrid'))['NDCG@10'];
    table[set.name] = {
      'tuned on all': own,
      'tuned on the others': (await measure([set], 'hybrid', factors))['NDCG@10'],
    };
  }
  return table;
}

async function objective(members, factors) {
  let sum = 0;
  for (const lines of [true, false]) {
    const some = members.filter((set) => isOfLines(set) === lines);
    if (some.length > 0) sum += (await measure(some, 'hybrid', factors))['NDCG@10'];
  }
  return sum;
}

function rounded(table) {
  const cell = (value) => (typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(4)) : value);
  return Object.fromEntries(
    Object.entries(table).map(([name, row]) => [
      name,
      Object.fromEntries(Object.entries(row).map(([key, value]) => [key, cell(value)])),
    ]),
  );
}
