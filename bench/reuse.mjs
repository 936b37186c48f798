// Embedding reuse: a folder is indexed, then a copy of it elsewhere: how much is embedded anew, and what it costs.
// npm run bench -- reuse <folder> [--json]
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { bytesBelow, runTandem } from './lib/measure.mjs';

const args = process.argv.slice(2);
const folder = args.find((arg) => !arg.startsWith('--'));
if (!folder) {
  console.error('which folder? npm run bench -- reuse <folder>');
  process.exit(2);
}
const source = resolve(process.env.INIT_CWD ?? process.cwd(), folder);
const work = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
const env = { TANDEM_CACHE: 'on', TANDEM_CACHE_DIR: join(work, 'cache') };

try {
  const runs = ['first', 'second'].map((name) => {
    const root = join(work, name, basename(source));
    cpSync(source, root, { recursive: true, filter: (path) => !/[\\/](\.mcp-vector-search|node_modules)$/.test(path) });
    const { wall, cpu, peakMb, report } = runTandem(
      ['index', root, '--json', '--index-dir', join(work, `${name}-index`)],
      [0],
      env,
    );
    const { embedded, reused } = report.phase2;
    return { name, chunks: report.chunks.total, wall, cpu, peakMb, anew: embedded - reused };
  });
  const [first, second] = runs;
  const figures = {
    source,
    runs,
    'embedded anew in the copy, %': (100 * second.anew) / second.chunks,
    'cost of the copy, % of the first run, CPU': (100 * second.cpu) / first.cpu,
    'cost of the copy, % of the first run, wall': (100 * second.wall) / first.wall,
    'cache, bytes per chunk': bytesBelow(env.TANDEM_CACHE_DIR) / first.chunks,
  };
  if (args.includes('--json')) console.log(JSON.stringify(figures));
  else {
    console.table(runs);
    for (const [name, value] of Object.entries(figures).slice(2))
      console.log(`  ${name.padEnd(46)} ${value.toFixed(2)}`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
