// What the fsync barrier and the checkpoints cost of Phase 2: runs with --durability=full and fast side by side, and the
// time inside. npm run bench -- barrier <folder> [--pairs=3] [--workers=2] [--checkpoint-interval=20] [--json]
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, runTandem } from './lib/measure.mjs';
import { foldersOf, option } from './lib/sample.mjs';

const args = process.argv.slice(2);
const [root] = foldersOf(args);
if (!root) {
  console.error('which folder? npm run bench -- barrier <folder>');
  process.exit(2);
}
const durability = option(args, 'durability');
if (durability !== undefined) await runPhase2();
else compare();

/** Phase 2 alone, in this process, with a clock at the points between its writes. */
async function runPhase2() {
  const { loadConfig } = await import('../dist/config/load.js');
  const { indexProject } = await import('../dist/index.js');
  const { openForWriting } = await import('../dist/run/open-index.js');
  const checkpointInterval = option(args, 'checkpoint-interval') ?? '20';
  const flags = {
    indexDir: option(args, 'index'),
    workers: option(args, 'workers') ?? '2',
    durability,
    checkpointInterval,
    cache: 'off',
  };
  const inside = { barrier: 0, marking: 0, checkpoint: 0 };
  /** What has been done when a point is passed, since the one before. */
  const ENDS = {
    'phase2.vectors-durable': 'barrier',
    'phase2.marked': 'marking',
    'phase2.marks-durable': 'barrier',
    'phase2.checkpoint-saved': 'checkpoint',
  };
  let at = 0;
  const fault = (point) => {
    const now = performance.now();
    if (point in ENDS) inside[ENDS[point]] += (now - at) / 1000;
    at = now;
  };
  const observe = (event) => {
    if (event.type === 'progress') at = performance.now(); // the last before a checkpoint
  };
  const config = loadConfig({ projectRoot: root, creates: true, flags, env: {} });
  const index = await openForWriting(config, { observe }, { fault });
  const { phase2 } = await indexProject(index, { phase: 2 });
  await index[Symbol.asyncDispose]();
  console.log(JSON.stringify({ ...phase2, inside }));
}

function compare() {
  const work = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
  try {
    const parsed = join(work, 'parsed');
    runTandem(['index', root, '--phase=1', '--json', '--index-dir', parsed]);
    const pairs = [];
    for (let pair = 0; pair < Number(option(args, 'pairs') ?? 3); pair++) {
      // In turn first, for what runs second finds a warmer machine.
      const modes = pair % 2 === 0 ? ['full', 'fast'] : ['fast', 'full'];
      const runs = Object.fromEntries(
        modes.map((mode) => [mode, phase2Over(parsed, join(work, `${mode}-${pair}`), mode)]),
      );
      const { barrier, marking, checkpoint } = runs.full.inside;
      pairs.push({
        chunks: runs.full.embedded,
        checkpoints: runs.full.checkpoints,
        'full, s': runs.full.seconds,
        'fast, s': runs.fast.seconds,
        'full longer than fast, %': (runs.full.seconds / runs.fast.seconds - 1) * 100,
        'inside barriers, s': barrier,
        'inside marking, s': marking,
        'inside checkpoint files, s': checkpoint,
        'barriers and checkpoint files, % of phase 2': ((barrier + checkpoint) / runs.full.seconds) * 100,
        'and marking, % of phase 2': ((barrier + checkpoint + marking) / runs.full.seconds) * 100,
      });
    }
    const names = Object.keys(pairs[0]);
    const medians = Object.fromEntries(names.map((name) => [name, median(pairs.map((pair) => pair[name]))]));
    if (args.includes('--json')) console.log(JSON.stringify({ root, medians, pairs }));
    else for (const [name, value] of Object.entries(medians)) console.log(`  ${name.padEnd(46)} ${value.toFixed(3)}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function phase2Over(parsed, indexDir, mode) {
  cpSync(parsed, indexDir, { recursive: true });
  const own = [fileURLToPath(import.meta.url), root, `--durability=${mode}`, `--index=${indexDir}`];
  const given = args.filter((arg) => /^--(workers|checkpoint-interval)=/.test(arg));
  const child = spawnSync(process.execPath, [...own, ...given], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.status !== 0) throw new Error(`phase 2 (${mode}) ended with ${child.status ?? child.signal}`);
  const run = JSON.parse(child.stdout);
  if (run.reused !== 0) throw new Error('vectors were taken from a cache');
  return run;
}
