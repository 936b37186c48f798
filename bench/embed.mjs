// Embedding speed, memory and agreement: our engine beside its peers on the same texts, and beside what the processor can do.
//
//   npm run bench -- embed <folder> [--python <venv>/bin/python] [--mvs <path>/mcp-vector-search] [--chunks 5000]
//                          [--sample 256] [--pairs 5] [--share 3000] [--growth-chunks 100000] [--plot embed.svg] [--json]
//
// --python: with tools/model/requirements.txt; makes the dynamic int8 file, the products for the limit, and runs
// sentence-transformers. --mvs: version 4.1.14, whose model must be in its cache. Without either its lines are left out.
// In each of `pairs` rounds every engine runs once, in turn, in a process of its own: ours on `chunks` texts, all on a
// sample of them with the same lengths. Ratios are those within a round, medians over the rounds. Over a part of the
// project of `share` chunks Phase 2 is measured against the bare engine (`pairs`, at most 3) and mcp-vector-search
// against Phase 2 (once). 0 leaves growth or share out.
// A short form: --chunks 300 --sample 64 --pairs 1 --share 200 --growth-chunks 600.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { enginesFor, PIPELINE } from './lib/embed/engines.mjs';
import { agreement, growthOf, ratiosOf, shareOfLimit, summaries, tokensOf } from './lib/embed/figures.mjs';
import { limit, makeProducts } from './lib/embed/limit.mjs';
import { child } from './lib/embed/processes.mjs';
import { besideMvs, copyShare, phase2OfBare } from './lib/embed/share.mjs';
import { table } from './lib/embed/table.mjs';
import { filesOf, stratified } from './lib/embed/texts.mjs';
import { timelinePlot } from './lib/plot.mjs';

const MOST_SHARE_PAIRS = 3;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string' },
    mvs: { type: 'string' },
    chunks: { type: 'string', default: '5000' },
    sample: { type: 'string', default: '256' },
    pairs: { type: 'string', default: '5' },
    share: { type: 'string', default: '3000' },
    'growth-chunks': { type: 'string', default: '100000' },
    plot: { type: 'string', default: 'embed.svg' },
    json: { type: 'boolean', default: false },
  },
});

const here = process.env.INIT_CWD ?? process.cwd();
const source = resolve(here, positionals[0] ?? 'src');
const pairs = Number(options.pairs);
const share = Number(options.share);
const folder = mkdtempSync(join(tmpdir(), 'bench-embed-'));
const startedAt = performance.now();
try {
  const result = await compare();
  console.log(options.json ? JSON.stringify(result, null, 2) : table(result));
} finally {
  rmSync(folder, { recursive: true });
}

async function compare() {
  const files = await filesOf(source);
  const all = stratified(
    files.flatMap(({ texts }) => texts),
    Number(options.chunks),
  );
  const sample = stratified(all, Number(options.sample));
  const [allFile, sampleFile] = [written('all.json', all), written('sample.json', sample)];

  const engines = enginesFor({ folder, allFile, sampleFile, python: options.python });
  const products = options.python === undefined ? undefined : makeProducts(folder, options.python);
  const { runs, limits } = await rounds(engines, products);
  say('lengths');
  const { lengths } = child({ engine: 'lengths', textsFile: allFile });
  const sampleLengths = runs[PIPELINE][0].lengths;
  const tokens = { all: tokensOf(lengths), sample: tokensOf(sampleLengths) };

  const project = share > 0 ? copyShare(source, files, share, folder) : undefined;
  return {
    source,
    chunks: all.length,
    sample: sample.length,
    pairs,
    tokens,
    engines: summaries(runs, tokens),
    ratios: ratiosOf(runs),
    agreement: agreement(folder, sampleLengths),
    limit: products && shareOfLimit(limits, runs, tokens),
    ...(project && besideOthers(project)),
    growth: growthRun(allFile, all.length),
  };
}

function besideOthers(project) {
  say('phase 2 beside the bare engine');
  const phase2 = phase2OfBare(project, Math.min(pairs, MOST_SHARE_PAIRS));
  if (options.mvs === undefined) return { phase2 };
  say('mcp-vector-search');
  return { phase2, mvs: besideMvs(options.mvs, project, folder) };
}

/** Every engine once a round, every other round in reverse, so that none is always the first. */
async function rounds(engines, products) {
  const runs = Object.fromEntries(Object.keys(engines).map((name) => [name, []]));
  const limits = [];
  for (let round = 0; round < pairs; round += 1) {
    const order = Object.entries(engines);
    for (const [name, run] of round % 2 === 0 ? order : order.reverse()) {
      say(`round ${round + 1}: ${name}`);
      runs[name].push(run());
    }
    if (products !== undefined) limits.push(await limit(products));
  }
  return { runs, limits };
}

function growthRun(textsFile, count) {
  const chunks = Number(options['growth-chunks']);
  if (chunks === 0) return undefined;
  say('growth');
  const repeat = Math.ceil(chunks / count);
  const { timeline, peakMb, seconds } = child({ engine: 'ours', workers: 2, textsFile, repeat });
  const plot = resolve(here, options.plot);
  writeFileSync(plot, timelinePlot(`${repeat * count} chunks, 2 workers`, timeline));
  return { chunks: repeat * count, seconds, peakMb, ...growthOf(timeline), plot };
}

function written(name, value) {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

function say(what) {
  const minutes = (performance.now() - startedAt) / 60_000;
  console.error(`${minutes.toFixed(1).padStart(5)} min  ${what}`);
}
