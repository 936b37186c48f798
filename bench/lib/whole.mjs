// Whole processes, ours and the peer's: wall and CPU seconds and peak memory.
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { discover } from '../../dist/discover/discover.js';
import { median, runTandem } from './measure.mjs';
import { pathsBelow } from './sample.mjs';
import { copyTree, makeLargeTree } from './trees.mjs';

/** Gives a new folder to `work` and takes it away after. */
async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Phase 1 over a tree, into an index of its own: medians of the runs. */
export function phase1Process(root, runs) {
  const samples = Array.from({ length: runs }, () => {
    const indexDir = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
    try {
      return runTandem(['index', root, '--phase=1', '--json', '--index-dir', indexDir]);
    } finally {
      rmSync(indexDir, { recursive: true, force: true });
    }
  });
  return {
    wall: median(samples.map((sample) => sample.wall)),
    cpu: median(samples.map((sample) => sample.cpu)),
    peakMb: median(samples.map((sample) => sample.peakMb)),
    files: samples[0].report.files.discovered,
    chunks: samples[0].report.phase1.chunks,
  };
}

/** `index chunk` of the real mcp-vector-search over a copy of the tree; its own set-up is not counted. */
export function mvsProcess(program, root, runs) {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
  try {
    const samples = Array.from({ length: runs }, (_, run) => {
      const copy = join(folder, String(run));
      cpSync(root, copy, { recursive: true });
      peer(program, copy, ['init', '--no-auto-index', '--no-mcp', '--no-auto-indexing'], 'y\n');
      return peer(program, copy, ['index', 'chunk'], '');
    });
    return {
      wall: median(samples.map((sample) => sample.wall)),
      cpu: median(samples.map((sample) => sample.cpu)),
      peakMb: median(samples.map((sample) => sample.peakMb)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** GNU time is asked what it used, for Node does not tell that of a child. */
function peer(program, cwd, args, input) {
  const usage = join(cwd, '..', 'usage');
  const command = ['-o', usage, '-f', '%e %U %S %M', program, ...args];
  const child = spawnSync('/usr/bin/time', command, { cwd, input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (child.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${child.error?.message ?? child.stderr}`);
  const [wall, user, system, kilobytes] = readFileSync(usage, 'utf8').trim().split('\n').at(-1).split(' ').map(Number);
  return { wall, cpu: user + system, peakMb: kilobytes / 1024 };
}

/** Wall seconds of discovery over a generated tree of `count` files, and Phase 1's peak memory over it. */
export function largeTree(count, runs) {
  return inFolder(async (folder) => {
    const root = join(folder, 'tree');
    makeLargeTree(root, count);
    const seconds = [];
    let found = 0;
    for (let run = 0; run < runs; run++) {
      const startedAt = performance.now();
      const discovery = await discover(root, {
        maxFileBytes: 1e6,
        indexDir: join(root, '.mcp-vector-search'),
        gitEnv: process.env,
      });
      seconds.push((performance.now() - startedAt) / 1000);
      found = discovery.files.length;
    }
    return { found, discovery: median(seconds), phase1: phase1Process(root, 1) };
  });
}

/** A complete index of `count` files: runs that find nothing changed, and runs after one line was added to one file. */
export function laterRuns(folders, count, runs) {
  return inFolder(async (folder) => {
    const root = join(folder, 'tree');
    copyTree(root, folders, count);
    const indexDir = join(folder, 'index');
    const builder = fileURLToPath(new URL('./fake-index.mjs', import.meta.url));
    const built = spawnSync(process.execPath, [builder, root, indexDir], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(built.stderr);
    const { complete } = JSON.parse(built.stdout);
    await new Promise((resolve) => setTimeout(resolve, 2_500)); // or the last files are too young to be trusted
    const again = () => runTandem(['index', root, '--phase=1', '--json', '--index-dir', indexDir], [0, 3]);
    again();
    const unchanged = Array.from({ length: runs }, again);
    for (const { report } of unchanged) {
      if (report.files.parsed > 0) throw new Error(`${report.files.parsed} files were parsed though nothing changed`);
    }
    const edited = [...pathsBelow(root)].find((path) => /\.(py|tsx?|jsx?|go|rs|java|rb|php|c|cpp|cs)$/.test(path));
    if (edited === undefined) throw new Error(`there is no source file to edit among ${count} files`);
    const edits = Array.from({ length: runs }, () => {
      appendFileSync(edited, '\n# edited\n');
      const run = again();
      if (run.report.files.changed !== 1) throw new Error(`${run.report.files.changed} files changed, not 1`);
      return run;
    });
    const of = (samples, key) => median(samples.map((sample) => sample[key]));
    return {
      chunks: complete,
      unchanged: { wall: of(unchanged, 'wall'), cpu: of(unchanged, 'cpu'), peakMb: of(unchanged, 'peakMb') },
      edited: { wall: of(edits, 'wall'), cpu: of(edits, 'cpu') },
    };
  });
}
