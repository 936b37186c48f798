// How fast search answers: in one process on an open index, as a whole process, and what the text index costs.
// npm run bench -- search <folder> [--queries=40] [--json]        an indexed folder
// npm run bench -- search --chunks=156000 [--json]                an index made up for it, with the text index's own cost
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadConfig, openForReading, search } from '../dist/index.js';
import { warm } from '../dist/operations/warm-search.js';
import { makeLargeIndex } from './lib/large-index.mjs';
import { median, runTandem } from './lib/measure.mjs';
import { textIndexCost } from './lib/text-index-cost.mjs';

const args = process.argv.slice(2);
const option = (name) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const count = Number(option('queries') ?? 40);
const chunks = option('chunks');
const folder = args.find((arg) => !arg.startsWith('--'));
if (folder === undefined && chunks === undefined) {
  console.error('which folder? npm run bench -- search <folder>, or --chunks=<n> for one that is made up');
  process.exit(2);
}

const root = folder
  ? resolve(process.env.INIT_CWD ?? process.cwd(), folder)
  : mkdtempSync(join(tmpdir(), 'tandem-bench-'));
const figures = {};
try {
  if (folder === undefined) {
    const indexDir = join(root, '.mcp-vector-search');
    await makeLargeIndex(root, indexDir, Number(chunks));
    Object.assign(figures, await textIndexCost(root, indexDir));
  }
  Object.assign(figures, await inProcess(), wholeProcess());
} finally {
  if (folder === undefined) rmSync(root, { recursive: true, force: true });
}
if (args.includes('--json')) console.log(JSON.stringify(figures));
else
  console.table(Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toFixed(1))])));

/** Milliseconds per query: of all of a search, and of its parts. */
async function inProcess() {
  const index = await openForReading(await loadConfig({ path: root, creates: false }));
  const { chunks: stored } = index.readable;
  const queries = await queriesOf(stored.table);
  const embedder = await warm(index).embedder();
  const times = async (run) => {
    for (const query of queries.slice(0, 5)) await run(query);
    const spent = [];
    for (const query of queries) {
      const start = performance.now();
      await run(query);
      spent.push(performance.now() - start);
    }
    return spent;
  };
  const embedding = await times((query) => embedder.embed([query]));
  const result = { chunks: await stored.table.count(), 'query embedding, p50 ms': median(embedding) };
  for (const mode of ['hybrid', 'lexical', 'semantic', 'symbol']) {
    const all = await times((query) => search(index, query, { limit: 10, mode }));
    const embeds = mode === 'hybrid' || mode === 'semantic';
    const own = all.map((each) => each - (embeds ? median(embedding) : 0)).sort((a, b) => a - b);
    result[`${mode} without embedding, p50 ms`] = median(own);
    result[`${mode} without embedding, p95 ms`] = own[Math.floor(own.length * 0.95)];
  }
  await index[Symbol.asyncDispose]();
  return result;
}

/** Names of definitions as a person would say them, two of each query, evenly over the index. */
async function queriesOf(table) {
  const names = [];
  for await (const rows of table.scan({ columns: ['name'] })) {
    for (const name of rows.strings('name')) if (name) names.push(name.replace(/([a-z])([A-Z])|_/g, '$1 $2'));
  }
  const step = Math.max(1, Math.floor(names.length / (count * 2)));
  return Array.from({ length: count }, (_, at) => {
    const [one, other] = [names[(2 * at * step) % names.length], names[((2 * at + 1) * step) % names.length]];
    return `where is ${one} of ${other}`;
  });
}

function wholeProcess() {
  const walls = Array.from(
    { length: 5 },
    () => runTandem(['search', 'where is a file read', '-p', root, '--json']).wall,
  );
  return { 'whole process, ms': median(walls) * 1000 };
}
