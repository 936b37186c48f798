// What `status` costs over many files, and what of it is the count of files that changed since the last run.
// npm run bench -- status [--files=10000] [--runs=5]
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../dist/config/load.js';
import { changesSince } from '../dist/run/changes-since.js';
import { layoutOf } from '../dist/store/layout.js';
import { readLedger } from '../dist/store/ledger.js';
import { readRunFile } from '../dist/store/run-file.js';
import { median, runTandem } from './lib/measure.mjs';

const option = (name, otherwise) =>
  Number(process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise);
const files = option('files', 10_000);
const runs = option('runs', 5);

const root = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
try {
  for (let at = 0; at < files; at++) {
    const folder = join(root, 'src', `p${Math.floor(at / 100)}`);
    if (at % 100 === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `f${at}.py`), `def f${at}(x):\n    return x + ${at}\n`);
  }
  spawnSync('git', ['init', '-q', root]);
  const indexDir = join(root, '.mcp-vector-search');
  const maker = fileURLToPath(new URL('./lib/fake-index.mjs', import.meta.url));
  const made = spawnSync(process.execPath, [maker, root, indexDir], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (made.status !== 0) throw new Error('the index could not be made');

  const config = loadConfig({ path: root, creates: false });
  const { runFile, ledgerFile } = layoutOf(indexDir);
  const run = (await readRunFile(runFile)).value;
  const samples = [];
  for (let at = 0; at < runs; at++) {
    const whole = runTandem(['status', '--json', root]);
    const ledger = await readLedger(ledgerFile);
    const [cpu, wall] = [process.cpuUsage(), performance.now()];
    const changes = await changesSince(config, ledger, run);
    const used = process.cpuUsage(cpu);
    if (Object.values(changes).some((count) => count > 0)) throw new Error(`changed: ${JSON.stringify(changes)}`);
    samples.push({
      whole: whole.wall,
      wholeCpu: whole.cpu,
      count: (performance.now() - wall) / 1000,
      countCpu: (used.user + used.system) / 1e6,
    });
  }
  const of = (name) => median(samples.map((sample) => sample[name])).toFixed(2);
  console.log(`${files} files, medians of ${runs}, ${cpus()[0]?.model ?? 'unknown processor'}`);
  console.log(`status                     ${of('whole')} s, ${of('wholeCpu')} s of CPU, the whole process`);
  console.log(`  files changed since      ${of('count')} s, ${of('countCpu')} s of CPU`);
} finally {
  rmSync(root, { recursive: true, force: true });
}
