// Embedding speed, memory and agreement: our engine beside its peers on the same texts, and beside what the processor can do.
//
//   npm run bench -- embed <folder | texts.json> [--python <venv>/bin/python] [--mvs <path>/mcp-vector-search]
//                          [--chunks 5000] [--sample 512] [--pairs 5] [--growth-chunks 100000] [--plot embed.svg] [--json]
//
// --python: with tools/model/requirements.txt; makes the dynamic int8 file, the products for the limit, and runs
// sentence-transformers. Without it those lines are left out, and said to be. In each of `pairs` rounds every engine runs
// once, in turn, in a process of its own. Engines run on `chunks` texts (ours, both workers) or on a sample of them with
// the same lengths (all others); ratios are of tokens per CPU-second within a round, medians over the rounds.
// A short form: --chunks 600 --sample 128 --pairs 1 --growth-chunks 2000.
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stratified, textsOf } from './lib/embed-texts.mjs';
import { median, runTandem } from './lib/measure.mjs';
import { timelinePlot } from './lib/plot.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const bundled = join(root, 'models', 'all-MiniLM-L6-v2');
const runner = fileURLToPath(new URL('./lib/embed-run.mjs', import.meta.url));
const peerScript = fileURLToPath(new URL('./lib/sentence_transformers_run.py', import.meta.url));
const build = join(root, 'tools', 'model', 'build.py');
const CAP = 256;
const DIMENSION = 384;
const LAYERS = 6;
const PRODUCT_ROWS = 512;
// inner and outer width of a product, and how often a layer has it
const PRODUCTS = [
  { inner: 384, outer: 384, times: 4 },
  { inner: 384, outer: 1536, times: 1 },
  { inner: 1536, outer: 384, times: 1 },
];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string' },
    mvs: { type: 'string' },
    chunks: { type: 'string', default: '5000' },
    sample: { type: 'string', default: '512' },
    pairs: { type: 'string', default: '5' },
    'growth-chunks': { type: 'string', default: '100000' },
    plot: { type: 'string', default: 'embed.svg' },
    json: { type: 'boolean', default: false },
  },
});

const source = resolve(positionals[0] ?? join(root, 'src'));
const folder = mkdtempSync(join(tmpdir(), 'bench-embed-'));
try {
  const result = await compare();
  console.log(options.json ? JSON.stringify(result, null, 2) : table(result));
} finally {
  rmSync(folder, { recursive: true });
}

async function compare() {
  const all = stratified(await textsOf(source), Number(options.chunks));
  const sample = stratified(all, Number(options.sample));
  const [allFile, sampleFile] = [written('all.json', all), written('sample.json', sample)];
  const dynamicDir = options.python === undefined ? undefined : makeDynamic();

  const engines = {
    'ours, 2 workers': () => child({ engine: 'ours', workers: 2, textsFile: allFile }),
    'ours, 2 workers, sample': () =>
      child({ engine: 'ours', workers: 2, textsFile: sampleFile, vectorsFile: join(folder, 'ours.f32') }),
    'ours, 1 worker, sample': () => child({ engine: 'ours', workers: 1, textsFile: sampleFile }),
    'pipeline, our file, batch 32': () =>
      child({ engine: 'pipeline', batch: 32, textsFile: sampleFile, vectorsFile: join(folder, 'pipeline.f32') }),
  };
  if (dynamicDir !== undefined) {
    for (const batch of [32, 512]) {
      engines[`pipeline, dynamic int8, batch ${batch}`] = () =>
        child({ engine: 'pipeline', modelDir: dynamicDir, batch, textsFile: sampleFile });
    }
    engines['sentence-transformers, CPU'] = () => sentenceTransformers(sampleFile);
  }

  const runs = Object.fromEntries(Object.keys(engines).map((name) => [name, []]));
  const limits = [];
  const products = options.python === undefined ? undefined : makeProducts();
  for (let round = 0; round < Number(options.pairs); round += 1) {
    const order = Object.entries(engines);
    for (const [name, run] of round % 2 === 0 ? order : order.reverse()) runs[name].push(run());
    if (products !== undefined) limits.push(await limit(products));
  }

  const lengths = child({ engine: 'lengths', textsFile: allFile }).lengths;
  const capped = (list) => list.reduce((sum, length) => sum + Math.min(length, CAP), 0);
  const sampleLengths = runs['pipeline, our file, batch 32'][0].lengths;
  const tokens = { all: capped(lengths), sample: capped(sampleLengths) };
  child({ engine: 'pipeline', batch: 1, textsFile: sampleFile, vectorsFile: join(folder, 'single.f32') });
  const growth = growthRun(allFile, all.length);
  return {
    source,
    chunks: all.length,
    sample: sample.length,
    pairs: Number(options.pairs),
    tokens,
    engines: Object.fromEntries(
      Object.entries(runs).map(([name, list]) => [
        name,
        summary(list, name === 'ours, 2 workers' ? tokens.all : tokens.sample),
      ]),
    ),
    ratios: ratiosOf(runs),
    agreement: { padded: agreement('pipeline.f32', sampleLengths), single: agreement('single.f32', sampleLengths) },
    limit: limits.length === 0 ? undefined : shareOfLimit(limits, runs['ours, 2 workers'], tokens.all),
    growth,
    phase2: phase2(runs['ours, 2 workers'], tokens.all),
    mvs: options.mvs === undefined ? undefined : mvs(),
  };
}

function written(name, value) {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

function child(spec) {
  return JSON.parse(
    output(process.execPath, [runner, JSON.stringify(spec)])
      .trim()
      .split('\n')
      .at(-1),
  );
}

function output(program, args, settings = {}) {
  const { status, signal, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...settings,
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ').slice(0, 200)} ended with ${signal ?? status}`);
  return stdout;
}

// --- what is made for the comparison ---------------------------------------------------------------------------------

function makeDynamic() {
  const dir = join(folder, 'dynamic-int8');
  mkdirSync(join(dir, 'onnx'), { recursive: true });
  for (const name of readdirSync(bundled))
    if (name.endsWith('.json')) copyFileSync(join(bundled, name), join(dir, name));
  output(options.python, [build, 'dynamic', join(dir, 'onnx', 'model_quantized.onnx')]);
  return dir;
}

function makeProducts() {
  return PRODUCTS.map(({ inner, outer }) => {
    const file = join(folder, `product-${inner}-${outer}.onnx`);
    output(options.python, [build, `product:${inner}:${outer}`, file]);
    return { file, inner };
  });
}

// --- what is measured beside the rounds ------------------------------------------------------------------------------

function sentenceTransformers(textsFile) {
  const model = output(options.python, [join(root, 'tools', 'model', 'weights.py')]).trim();
  return JSON.parse(output(options.python, [peerScript, model, textsFile, '8,16,32,64']).trim().split('\n').at(-1));
}

/** Tokens a second of both cores if the model were its integer products alone, each at its best rate. */
async function limit(files) {
  const spec = JSON.stringify({ engine: 'product', files, rows: PRODUCT_ROWS, seconds: 1 });
  const both = await Promise.all([1, 2].map(() => spawned(process.execPath, [runner, spec])));
  const rates = both.map((text) => {
    const { secondsOfEach } = JSON.parse(text.trim().split('\n').at(-1));
    const layer = PRODUCTS.reduce((sum, { times }, index) => sum + times * secondsOfEach[index], 0);
    return PRODUCT_ROWS / (LAYERS * layer);
  });
  return rates[0] + rates[1];
}

function spawned(program, args) {
  return new Promise((done, failed) => {
    const started = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    started.stdout.on('data', (data) => {
      text += data;
    });
    started.on('close', (code) => (code === 0 ? done(text) : failed(new Error(`${program} ended with ${code}`))));
  });
}

function growthRun(textsFile, count) {
  const repeat = Math.ceil(Number(options['growth-chunks']) / count);
  const { timeline, peakMb, seconds } = child({ engine: 'ours', workers: 2, textsFile, repeat });
  if (timeline.length > 2) writeFileSync(options.plot, timelinePlot(`${repeat * count} chunks, 2 workers`, timeline));
  const tenth = Math.ceil(timeline.length / 10);
  const mean = (part) => part.reduce((sum, [, , mb]) => sum + mb, 0) / part.length;
  const [early, late] = [mean(timeline.slice(tenth, 2 * tenth)), mean(timeline.slice(-tenth))];
  return { chunks: repeat * count, seconds, peakMb, earlyMb: early, lateMb: late, plot: options.plot };
}

/** The second phase of the product, stores and checkpoints included, against the bare engine: tokens a second. */
function phase2(bareRuns, tokens) {
  if (source.endsWith('.json')) return undefined;
  process.env.TANDEM_CACHE = 'off';
  const ratios = bareRuns.map((bare) => {
    const indexDir = mkdtempSync(join(folder, 'index-'));
    runTandem(['index', source, '--phase=1', '--json', '--index-dir', indexDir]);
    const { report } = runTandem(['index', source, '--phase=2', '--json', '--index-dir', indexDir]);
    return report.phase2.tokens / report.phase2.seconds / (tokens / bare.seconds);
  });
  return { ofBareEngine: median(ratios) };
}

function mvs() {
  const project = join(folder, 'project');
  cpSync(source, project, { recursive: true });
  const run = (...args) => output(options.mvs, args, { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
  run('init', '--force');
  const parsedFrom = performance.now();
  run('index', 'chunk');
  const from = performance.now();
  const text = run('index', 'embed');
  return { chunkSeconds: (from - parsedFrom) / 1000, embedSeconds: (performance.now() - from) / 1000, said: text };
}

// --- figures ---------------------------------------------------------------------------------------------------------

function summary(runs, tokens) {
  return {
    tokensPerSecond: tokens / median(runs.map((run) => run.seconds)),
    tokensPerCpuSecond: tokens / median(runs.map((run) => run.cpuSeconds)),
    peakMb: Math.max(...runs.map((run) => run.peakMb)),
    ...(runs[0].batch === undefined ? {} : { batch: runs.map((run) => run.batch) }),
  };
}

function ratiosOf(runs) {
  const ours = runs['ours, 2 workers, sample'];
  const ratio = (name, figure) => median(runs[name].map((run, round) => run[figure] / ours[round][figure]));
  return Object.fromEntries(
    Object.keys(runs)
      .filter((name) => !name.startsWith('ours, 2'))
      .map((name) => [name, { cpu: ratio(name, 'cpuSeconds'), wall: ratio(name, 'seconds') }]),
  );
}

function shareOfLimit(limits, runs, tokens) {
  const shares = runs.map((run, round) => tokens / run.seconds / limits[round]);
  return { tokensPerSecond: median(limits), share: median(shares) };
}

/** Cut texts are left out: the pipeline drops their end mark, so it does not embed the same ids. */
function agreement(theirFile, lengths) {
  const [ours, theirs] = ['ours.f32', theirFile].map((name) => {
    const bytes = readFileSync(join(folder, name));
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  });
  const cosines = [];
  lengths.forEach((length, row) => {
    if (length > CAP) return;
    let cosine = 0;
    for (let at = row * DIMENSION; at < (row + 1) * DIMENSION; at += 1) cosine += ours[at] * theirs[at];
    cosines.push(cosine);
  });
  return { compared: cosines.length, min: Math.min(...cosines) };
}

function table({ chunks, sample, pairs, tokens, engines, ratios, agreement, limit, growth, phase2, mvs }) {
  const lines = [
    `${chunks} chunks of ${source}, ${tokens.all} tokens; sample of ${sample}, ${tokens.sample} tokens; ${pairs} rounds`,
    '',
    `${''.padEnd(36)}  tokens/s  tokens/CPU-s  peak MB`,
  ];
  for (const [name, { tokensPerSecond, tokensPerCpuSecond, peakMb }] of Object.entries(engines)) {
    const figures = [tokensPerSecond.toFixed(0).padStart(8), tokensPerCpuSecond.toFixed(0).padStart(12)];
    lines.push(`${name.padEnd(36)}  ${figures.join('  ')}  ${peakMb.toFixed(0).padStart(7)}`);
  }
  lines.push('', 'ours, 2 workers, on the sample, is as fast as:');
  for (const [name, { cpu, wall }] of Object.entries(ratios)) {
    lines.push(`  ${name.padEnd(36)} × ${cpu.toFixed(2)} per CPU-second, × ${wall.toFixed(2)} wall`);
  }
  lines.push(
    '',
    `vectors of the pipeline on our file, ${agreement.single.compared} uncut texts: cosine at least ` +
      `${agreement.single.min.toFixed(6)} one by one, ${agreement.padded.min.toFixed(6)} padded in batches of 32`,
  );
  if (limit === undefined) lines.push('limit and Python peers: not measured (--python)');
  else {
    const rate = `${limit.tokensPerSecond.toFixed(0)} tokens/s of integer products alone, both cores`;
    lines.push(`share of the limit (${rate}): ${(100 * limit.share).toFixed(1)} %`);
  }
  if (phase2 !== undefined)
    lines.push(`phase 2 of the product: ${(100 * phase2.ofBareEngine).toFixed(1)} % of the bare engine`);
  lines.push(
    `${growth.chunks} chunks: peak ${growth.peakMb.toFixed(0)} MB; mean of the second tenth ${growth.earlyMb.toFixed(0)} MB, ` +
      `of the last ${growth.lateMb.toFixed(0)} MB; plot in ${growth.plot}`,
  );
  if (mvs !== undefined)
    lines.push(`mcp-vector-search index embed: ${mvs.embedSeconds.toFixed(1)} s; it said:\n${mvs.said}`);
  return lines.join('\n');
}
