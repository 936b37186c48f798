// `verify --quick` and `--full`, `status` and `search` over an index of many chunks: whole processes.
// npm run bench -- verify [--chunks=576000] [--runs=3] [--keep=<folder>]
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeLargeIndex } from './lib/large-index.mjs';
import { bytesBelow, median, runTandem } from './lib/measure.mjs';

const option = (name, otherwise) =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise;
const count = Number(option('chunks', '576000'));
const runs = Number(option('runs', '3'));
const kept = option('keep');

const folder = kept === undefined ? mkdtempSync(join(tmpdir(), 'tandem-bench-')) : resolve(kept);
const root = join(folder, 'project');
const indexDir = join(root, '.mcp-vector-search');
try {
  if (!existsSync(indexDir)) {
    mkdirSync(root, { recursive: true });
    const startedAt = performance.now();
    await makeLargeIndex(root, indexDir, count);
    console.log(`made ${count} chunks in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  }
  console.log(`${(bytesBelow(indexDir) / 1e6).toFixed(0)} MB on disk; medians of ${runs}`);
  for (const args of [
    ['verify', '--quick'],
    ['verify', '--full'],
    ['status'],
    ['search', 'where is the lock taken', '--limit', '10'],
  ]) {
    const samples = Array.from({ length: runs }, () => runTandem([...args, '--json', '-p', root]));
    const [wall, cpu, peak] = ['wall', 'cpu', 'peakMb'].map((name) => median(samples.map((sample) => sample[name])));
    const clean = samples[0].report.clean;
    console.log(
      `${args.slice(0, 2).join(' ').padEnd(32)} ${wall.toFixed(2)} s, ${cpu.toFixed(2)} s of CPU, ${peak.toFixed(0)} MB` +
        (clean === undefined ? '' : clean ? ', clean' : ', NOT CLEAN'),
    );
  }
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true, force: true });
}
