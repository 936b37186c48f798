// Embedding speed, memory and agreement: our engine beside the plain transformers.js pipeline on the same model file.
//
//   npm run bench -- embed [folder | texts.json] [--cut parser|blocks] [--chunks 1000] [--wide-chunks 512] [--pairs 3]
//                          [--workers 2] [--json]
//
// A folder is cut into chunks, a .json file holds an array of texts. Every engine runs in a process of its own, so that
// its peak memory is its own; ours and a rival take turns on the same distinct texts, and medians of the pairs are told.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const modelDir = join(root, 'models', 'all-MiniLM-L6-v2');
const DIMENSION = 384;
const CAP = 256;
const CODE = new Set(['.py', '.ts', '.js', '.go', '.rs', '.java']);

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cut: { type: 'string' },
    chunks: { type: 'string', default: '1000' },
    'wide-chunks': { type: 'string', default: '512' },
    pairs: { type: 'string', default: '3' },
    workers: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
    child: { type: 'string' }, // 'ours' or a batch size: this process is one run
  },
});

if (options.child === undefined) await compare();
else await runOnce(options.child, positionals[0], positionals[1]);

// --- one run, in its own process -------------------------------------------------------------------------------------

async function runOnce(engine, textsFile, vectorsFile) {
  const texts = JSON.parse(readFileSync(textsFile, 'utf8'));
  const started = performance.now();
  const { embed, lengths, close } = engine === 'ours' ? await openOurs() : await openPipeline(Number(engine));
  await embed(['warm up']);
  const loadSeconds = (performance.now() - started) / 1000;

  const cpuBefore = process.cpuUsage();
  const from = performance.now();
  const vectors = await embed(texts);
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const peakMb = process.resourceUsage().maxRSS / 1024;

  writeFileSync(vectorsFile, new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength));
  const result = { loadSeconds, seconds, cpuSeconds: (user + system) / 1e6, peakMb, lengths: lengths?.(texts) };
  console.log(JSON.stringify(result));
  await close();
}

async function openOurs() {
  const { openEmbedder } = await import('../dist/embedding/open.js');
  const embedder = await openEmbedder({ modelDir, workers: Number(options.workers) });
  const embed = async (texts) => {
    const all = new Float32Array(texts.length * DIMENSION);
    for (let at = 0; at < texts.length; at += 512) {
      const { vectors, failures } = await embedder.embed(texts.slice(at, at + 512));
      if (failures.length > 0) throw new Error(`not embedded: ${JSON.stringify(failures[0])}`);
      all.set(vectors, at * DIMENSION);
    }
    return all;
  };
  return { embed, close: () => embedder.close() };
}

async function openPipeline(batchSize) {
  const { env, pipeline } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  const extract = await pipeline('feature-extraction', modelDir, {
    dtype: 'q8',
    device: 'cpu',
    local_files_only: true,
  });
  const embed = async (texts) => {
    const all = new Float32Array(texts.length * DIMENSION);
    for (let at = 0; at < texts.length; at += batchSize) {
      const output = await extract(texts.slice(at, at + batchSize), { pooling: 'mean', normalize: true });
      all.set(output.data, at * DIMENSION);
    }
    return all;
  };
  const lengths = (texts) => texts.map((text) => extract.tokenizer.encode(text).length);
  return { embed, lengths, close: () => extract.dispose() };
}

// --- the comparison --------------------------------------------------------------------------------------------------

async function compare() {
  const source = resolve(positionals[0] ?? join(root, 'src'));
  const { texts, cut } = await textsOf(source);
  const folder = mkdtempSync(join(tmpdir(), 'bench-embed-'));
  try {
    const report = {
      source,
      cut,
      distinctTexts: texts.length,
      workers: Number(options.workers),
      pairs: Number(options.pairs),
      rivals: [
        rivalry(folder, 32, spread(texts, Number(options.chunks))),
        rivalry(folder, 512, spread(texts, Number(options['wide-chunks']))),
      ],
    };
    if (options.json) console.log(JSON.stringify(report, null, 2));
    else print(report);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function rivalry(folder, batchSize, texts) {
  const textsFile = join(folder, 'texts.json');
  writeFileSync(textsFile, JSON.stringify(texts));
  const runs = { ours: [], rival: [] };
  for (let pair = 0; pair < Number(options.pairs); pair += 1) {
    const order = pair % 2 === 0 ? ['ours', 'rival'] : ['rival', 'ours'];
    for (const who of order) {
      runs[who].push(childRun(who === 'ours' ? 'ours' : String(batchSize), textsFile, join(folder, `${who}.f32`)));
    }
  }

  const lengths = runs.rival[0].lengths;
  const tokens = lengths.reduce((sum, length) => sum + Math.min(length, CAP), 0);
  const ours = summary(runs.ours, texts.length, tokens);
  const rival = summary(runs.rival, texts.length, tokens);
  const ratioOf = (measure) => median(runs.rival.map((run, pair) => measure(run) / measure(runs.ours[pair])));
  return {
    batchSize,
    texts: texts.length,
    tokens,
    ours,
    rival,
    wallRatio: ratioOf((run) => run.seconds),
    cpuRatio: ratioOf((run) => run.cpuSeconds),
    memoryRatio: ratioOf((run) => run.peakMb),
    cosine: agreement(join(folder, 'ours.f32'), join(folder, 'rival.f32'), lengths),
  };
}

function childRun(engine, textsFile, vectorsFile) {
  const own = [fileURLToPath(import.meta.url), '--child', engine, '--workers', options.workers, textsFile, vectorsFile];
  const { status, signal, stdout } = spawnSync(process.execPath, own, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`the run of ${engine} ended with ${signal ?? status}`);
  return JSON.parse(stdout);
}

function summary(runs, texts, tokens) {
  const seconds = median(runs.map((run) => run.seconds));
  const cpuSeconds = median(runs.map((run) => run.cpuSeconds));
  return {
    loadSeconds: median(runs.map((run) => run.loadSeconds)),
    chunksPerSecond: texts / seconds,
    chunksPerCpuSecond: texts / cpuSeconds,
    tokensPerSecond: tokens / seconds,
    tokensPerCpuSecond: tokens / cpuSeconds,
    peakMb: Math.max(...runs.map((run) => run.peakMb)),
    secondsOfEachRun: runs.map((run) => run.seconds),
  };
}

/** Cut texts are left out: the pipeline drops their end mark, so it does not embed the same ids. */
function agreement(oursFile, rivalFile, lengths) {
  const [ours, rival] = [floats(oursFile), floats(rivalFile)];
  const cosines = [];
  lengths.forEach((length, row) => {
    if (length > CAP) return;
    let cosine = 0;
    for (let at = row * DIMENSION; at < (row + 1) * DIMENSION; at += 1) cosine += ours[at] * rival[at];
    cosines.push(cosine);
  });
  const mean = cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
  return { mean, min: Math.min(...cosines), compared: cosines.length, cutTexts: lengths.length - cosines.length };
}

function floats(file) {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

// --- the texts -------------------------------------------------------------------------------------------------------

async function textsOf(source) {
  if (source.endsWith('.json')) return { cut: 'given', texts: [...new Set(JSON.parse(readFileSync(source, 'utf8')))] };
  const hasParser = existsSync(join(root, 'dist', 'phase1-parse', 'parse-file.js'));
  const cut = options.cut ?? (hasParser ? 'parser' : 'blocks');
  const chunksOf = cut === 'parser' ? await parser() : async (_, bytes) => lineBlocks(bytes.toString());
  const { embeddedText } = await import('../dist/embedding/text.js');

  const texts = new Set();
  for (const file of codeFiles(source)) {
    const filePath = relative(source, file);
    for (const chunk of await chunksOf(filePath, readFileSync(file))) texts.add(embeddedText({ ...chunk, filePath }));
  }
  if (texts.size === 0) throw new Error(`no code in ${source}`);
  return { cut, texts: [...texts] };
}

async function parser() {
  const { parseFile } = await import('../dist/phase1-parse/parse-file.js');
  const { openSyntax } = await import('../dist/phase1-parse/syntax.js');
  const syntax = await openSyntax();
  return async (path, bytes) => (await parseFile(path, bytes, syntax)).chunks;
}

/** A block begins where a line of little indentation begins a definition. */
function lineBlocks(text) {
  return text
    .split(/\n(?=(?: {4}|\t)?(?:export |pub |public |async |static )*(?:def|class|function|func|fn|interface|impl)\b)/)
    .filter((block) => block.trim() !== '')
    .map((content) => ({ kind: 'text', breadcrumb: '', content }));
}

function* codeFiles(folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* codeFiles(path);
    else if (CODE.has(extname(entry.name))) yield path;
  }
}

/** `count` of the texts at equal distances, in order; all of them if there are fewer. */
function spread(texts, count) {
  const step = Math.max(1, texts.length / count);
  return Array.from({ length: Math.min(count, texts.length) }, (_, index) => texts[Math.floor(index * step)]);
}

function print({ source, cut, distinctTexts, workers, pairs, rivals }) {
  console.log(`${distinctTexts} distinct texts of ${source} (cut by: ${cut}); medians of ${pairs} pairs\n`);
  for (const { batchSize, texts, tokens, ours, rival, wallRatio, cpuRatio, memoryRatio, cosine } of rivals) {
    console.log(
      `${texts} texts, ${tokens} tokens (${(tokens / texts).toFixed(0)} a text), ${cosine.cutTexts} cut at ${CAP}`,
    );
    console.log('                       chunks/s  chunks/CPU-s  tokens/s  tokens/CPU-s  peak MB  load s');
    row(`ours, ${workers} workers`, ours);
    row(`pipeline, batch ${batchSize}`, rival);
    console.log(`  ours is ${wallRatio.toFixed(2)}× as fast (wall), ${cpuRatio.toFixed(2)}× per CPU-second;`);
    console.log(`  the pipeline takes ${memoryRatio.toFixed(2)}× the memory`);
    console.log(
      `  cosine ours·pipeline over ${cosine.compared} uncut: mean ${cosine.mean.toFixed(6)}, min ${cosine.min.toFixed(6)}\n`,
    );
  }
}

function row(name, { chunksPerSecond, chunksPerCpuSecond, tokensPerSecond, tokensPerCpuSecond, peakMb, loadSeconds }) {
  const columns = [
    [chunksPerSecond.toFixed(1), 9],
    [chunksPerCpuSecond.toFixed(1), 14],
    [tokensPerSecond.toFixed(0), 10],
    [tokensPerCpuSecond.toFixed(0), 14],
    [peakMb.toFixed(0), 9],
    [loadSeconds.toFixed(2), 8],
  ];
  console.log(`  ${name.padEnd(20)}${columns.map(([text, width]) => text.padStart(width)).join('')}`);
}
