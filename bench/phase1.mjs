// Phase 1 against its numbers, each beside its peer: parser, chunks, workers, memory, discovery, runs without a change.
// npm run bench -- phase1 <folder>… [--python=<python with tree-sitter>] [--peer=<mcp-vector-search> --peer-root=<its source>]
//                  [--megabytes=2] [--runs=3] [--only=parse,workers,peer,large,later]
// The folders are real source, together 2,000 files in 7 languages or more. The peer's own set-up (model folder, offline
// switches) is taken from the environment.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openParsePool } from '../dist/phase1-parse/pool/worker-pool.js';
import { openSyntax } from '../dist/phase1-parse/syntax/syntax.js';
import { median } from './lib/measure.mjs';
import { measureParsing, measurePython } from './lib/parse.mjs';
import { foldersOf, option, sampleFiles } from './lib/sample.mjs';
import { largeTree, laterRuns, mvsProcess, phase1Process } from './lib/whole.mjs';

const args = process.argv.slice(2);
const folders = foldersOf(args);
if (folders.length === 0) {
  console.error('which folders? npm run bench -- phase1 <folder>…');
  process.exit(2);
}
const runs = Number(option(args, 'runs') ?? 3);
const only = option(args, 'only')?.split(',');
const wants = (name) => only === undefined || only.includes(name);
const number = (value, digits = 2) => value.toLocaleString('en-US', { maximumFractionDigits: digits });
const line = (what, value, goal) => console.log(`${what.padEnd(64)} ${String(value).padStart(12)}   ${goal}`);

const syntax = await openSyntax();
const files = sampleFiles(folders, syntax.languages, Number(option(args, 'megabytes') ?? 2));
console.log(`${files.length} files, ${new Set(files.map((file) => file.language.id)).size} languages`);

if (wants('parse')) await parsing();
if (wants('workers')) await workers();
if (wants('peer')) await peers();
if (wants('large')) await large();
if (wants('later')) await later();

async function parsing() {
  const results = await measureParsing(syntax, files, runs);
  const python = option(args, 'python');
  const c = python === undefined ? {} : measurePython(python, results, runs);
  const perSecond = (result, key) => number(result.bytes / 1e3 / result[key], 1);
  console.log('\nlanguage        files     MB  parse MB/s  C MB/s  wasm/C  rest/parse  chunks/CPU-s');
  for (const result of results) row(result.id, result.files.length, result, c[result.id] ?? null);
  const all = {
    bytes: sum(results, 'bytes'),
    chunks: sum(results, 'chunks'),
    parse: sum(results, 'parse'),
    chunk: sum(results, 'chunk'),
  };
  const compared = results.filter(({ id }) => c[id] != null);
  const ofC = compared.reduce((total, { id }) => total + c[id], 0);
  row('all', files.length, all, null);
  console.log();
  const ratio = compared.length > 0 ? number(ofC / sum(compared, 'parse')) : 'not measured: no --python';
  line(`wasm parse against py-tree-sitter (${compared.length} languages)`, ratio, '≥ 0.55');
  line('query, chunks, hierarchy, metrics, of parse time', number((all.chunk - all.parse) / all.parse), '≤ 0.5');
  line('bytes to chunks, per core, chunks/CPU-s', number((all.chunks / all.chunk) * 1000, 0), '≥ 6,000');

  function row(id, count, result, inC) {
    const cells = [
      perSecond(result, 'parse').padStart(11),
      (inC === null ? '–' : number(result.bytes / 1e3 / inC, 1)).padStart(7),
      (inC === null ? '–' : number(inC / result.parse)).padStart(7),
      number((result.chunk - result.parse) / result.parse).padStart(11),
      number((result.chunks / result.chunk) * 1000, 0).padStart(13),
    ];
    console.log(
      `${id.padEnd(14)} ${String(count).padStart(6)} ${number(result.bytes / 1e6, 1).padStart(6)} ${cells.join(' ')}`,
    );
  }
}

function sum(results, key) {
  return results.reduce((total, result) => total + result[key], 0);
}

/** One pool over the whole sample, its start included; outcomes are taken and dropped. */
async function workers() {
  const root = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
  const requests = files.map(({ path, bytes }, index) => {
    const copy = `${index}/${path}`;
    mkdirSync(dirname(join(root, copy)), { recursive: true });
    writeFileSync(join(root, copy), bytes);
    return { path: copy, knownSha256: null, size: bytes.length };
  });
  const samples = { 1: [], 2: [] };
  try {
    for (let run = 0; run < runs; run++) {
      for (const count of [1, 2]) samples[count].push(await poolTime(root, requests, count));
    }
  } finally {
    rmSync(root, { recursive: true });
  }
  const wall = (sample) => sample.wall;
  const busy = (sample) => sample.cpu / sample.wall;
  const of = (count, pick) => median(samples[count].map(pick));
  const both = (pick) => [1, 2].map((count) => number(of(count, pick))).join(', ');
  line(
    `2 workers against 1, wall (${availableParallelism()} cores)`,
    `${number(of(1, wall) / of(2, wall))}×`,
    '≥ 1.8×',
  );
  line('  the pool alone with 1 and 2 workers, s', both(wall), '');
  line('  cores kept busy: V8 compiles and collects on threads of its own', both(busy), '');
}

async function poolTime(root, requests, workers) {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  const pool = openParsePool({ root, workers, maxFileBytes: 1e6, allowSecrets: false });
  let taken = 0;
  for await (const outcome of pool.outcomes(requests)) taken += outcome.kind === 'parsed' ? 1 : 0;
  await pool.close();
  if (taken !== requests.length) throw new Error(`${taken} of ${requests.length} files came back`);
  const { user, system } = process.cpuUsage(before);
  return { wall: (performance.now() - startedAt) / 1000, cpu: (user + system) / 1e6 };
}

async function peers() {
  const program = option(args, 'peer');
  const root = option(args, 'peer-root');
  if (root === undefined) return console.log('phase 1 of a small tree: not measured, no --peer-root');
  const own = phase1Process(root, runs);
  line(`phase 1, ${own.files} files, ${own.chunks} chunks: process, s`, number(own.wall), '');
  line('  CPU, s', number(own.cpu), '');
  line('  peak memory, MB', number(own.peakMb, 0), '≤ 400 (700 files)');
  if (program === undefined) return console.log('  the peer: not measured, no --peer');
  const peer = mvsProcess(program, root, runs);
  line(`  the peer, s (CPU ${number(peer.cpu)} s, ${number(peer.peakMb, 0)} MB)`, number(peer.wall), '');
  line('  faster than the peer', `${number(peer.wall / own.wall)}×`, '≥ 4×');
  line('  memory, of the peer’s', number(own.peakMb / peer.peakMb), '≤ 0.25');
}

async function large() {
  const count = Number(option(args, 'large-files') ?? 78_000);
  const { found, discovery, phase1 } = await largeTree(count, runs);
  line(`discovery of ${number(found)} files, s`, number(discovery), '≤ 1');
  line(`phase 1 of them, ${number(phase1.chunks)} chunks: peak memory, MB`, number(phase1.peakMb, 0), '≤ 1,024');
  line('  process, s', number(phase1.wall), '');
}

async function later() {
  const count = Number(option(args, 'later-files') ?? 10_000);
  const { chunks, unchanged, edited } = await laterRuns(folders, count, runs);
  line(`nothing changed, ${number(count)} files, ${number(chunks)} chunks: process, s`, number(unchanged.wall), '≤ 1');
  line('  CPU, s', number(unchanged.cpu), '');
  line('  peak memory, MB', number(unchanged.peakMb, 0), '');
  line('one file edited: process, s', number(edited.wall), '');
  line('  CPU, s', number(edited.cpu), '');
}
