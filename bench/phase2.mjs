// Phase 2 end to end beside the bare engine on the same texts: what storing, flushing and checkpoints cost, and memory.
// npm run bench -- phase2 <folder> [--pairs=3] [--workers=2] [--json]
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@lancedb/lancedb';
import { median, runTandem } from './lib/measure.mjs';

const args = process.argv.slice(2);
const option = (name, fallback) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? fallback;
const folder = args.find((arg) => !arg.startsWith('--'));
if (!folder) {
  console.error('which folder? npm run bench -- phase2 <folder>');
  process.exit(2);
}
const root = resolve(process.env.INIT_CWD ?? process.cwd(), folder);
const workers = option('workers', '2');

if (args.includes('--bare')) await runBare();
else await compare();

/** The engine alone over the pending chunks, batch after batch, two of them at a time as Phase 2 has them. */
async function runBare() {
  const { openEmbedder } = await import('../dist/embedding/open.js');
  const { describeModel } = await import('../dist/embedding/model/recipe.js');
  const { embeddedText } = await import('../dist/embedding/text.js');
  const { mapConcurrent } = await import('../dist/core/iterate.js');
  const table = await (await connect(join(option('index'), 'lance'))).openTable('chunks');
  const columns = ['file_path', 'hierarchy_path', 'chunk_type', 'content'];
  const texts = (await table.query().select(columns).toArray()).map((row) =>
    embeddedText({
      filePath: row.file_path,
      breadcrumb: row.hierarchy_path,
      kind: row.chunk_type,
      content: row.content,
    }),
  );
  const modelDir = fileURLToPath(new URL('../models/all-MiniLM-L6-v2', import.meta.url));
  const embedder = await openEmbedder({ model: await describeModel(modelDir), workers: Number(workers) });
  await embedder.embed(['warm up']);
  const batches = Array.from({ length: Math.ceil(texts.length / 512) }, (_, at) =>
    texts.slice(at * 512, at * 512 + 512),
  );
  const from = performance.now();
  const cpuBefore = process.cpuUsage();
  for await (const _ of mapConcurrent(batches, 2, (batch) => embedder.embed(batch)));
  const { user, system } = process.cpuUsage(cpuBefore);
  console.log(
    JSON.stringify({ seconds: (performance.now() - from) / 1000, cpu: (user + system) / 1e6, chunks: texts.length }),
  );
  await embedder.close();
}

async function compare() {
  const work = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
  try {
    const parsed = join(work, 'parsed');
    runTandem(['index', root, '--phase=1', '--json', '--index-dir', parsed]);
    const pairs = [];
    for (let pair = 0; pair < Number(option('pairs', '3')); pair++) {
      const bare = bareRun(parsed);
      const indexDir = join(work, `index-${pair}`);
      cpSync(parsed, indexDir, { recursive: true });
      const whole = runTandem(['index', root, '--phase=2', '--json', '--workers', workers, '--index-dir', indexDir]);
      const { embedded, reused, seconds } = whole.report.phase2;
      if (reused !== 0 || embedded !== bare.chunks) throw new Error('the two did not do the same work');
      pairs.push({
        chunks: embedded,
        'bare, chunks/s': bare.chunks / bare.seconds,
        'phase 2, chunks/s': embedded / seconds,
        'phase 2 / bare, wall': bare.seconds / seconds,
        'phase 2 / bare, chunks per CPU-s': bare.cpu / whole.cpu,
        'phase 2, peak MB': whole.peakMb,
      });
    }
    const medians = Object.fromEntries(
      Object.keys(pairs[0]).map((name) => [name, median(pairs.map((pair) => pair[name]))]),
    );
    if (args.includes('--json')) console.log(JSON.stringify({ root, workers, medians, pairs }));
    else for (const [name, value] of Object.entries(medians)) console.log(`  ${name.padEnd(36)} ${value.toFixed(2)}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function bareRun(index) {
  const own = [fileURLToPath(import.meta.url), root, '--bare', `--index=${index}`, `--workers=${workers}`];
  const child = spawnSync(process.execPath, own, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.status !== 0) throw new Error(`the bare engine ended with ${child.status ?? child.signal}`);
  return JSON.parse(child.stdout);
}
