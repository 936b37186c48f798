// Migration of old indexes of several sizes, as whole commands: time, rows/s, peak memory, rollback, search before and after.
// npm run bench -- migrate [--sizes=0,1,513,730,10241,576000] [--queries=20] [--json]; the largest needs 10 GB in TMPDIR
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { bytesBelow, median, runTandem } from './lib/measure.mjs';
import { makeOldIndex, randomFrom } from './lib/old-index.mjs';

const args = process.argv.slice(2);
const option = (name, other) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? other;
const sizes = option('sizes', '0,1,513,730,10241,576000').split(',').map(Number);
const queries = Number(option('queries', '20'));

/** Median time of a nearest-neighbour query over the table and its share of the processor, in ms, and what it finds. */
async function searchTimes(directory, name) {
  const connection = await connect(directory);
  const table = await connection.openTable(name);
  const random = randomFrom(7);
  const times = [];
  const cpu = [];
  const found = [];
  for (let query = 0; query < queries; query++) {
    const vector = Float32Array.from({ length: 384 }, () => random() - 0.5);
    const [startedAt, cpuBefore] = [performance.now(), process.cpuUsage()];
    const hits = await table
      .query()
      .nearestTo(vector)
      .distanceType('cosine')
      .select(['chunk_id', 'content', '_distance'])
      .limit(10)
      .toArray();
    times.push(performance.now() - startedAt);
    const { user, system } = process.cpuUsage(cpuBefore);
    cpu.push((user + system) / 1_000);
    found.push(hits.map((hit) => hit.chunk_id).join());
  }
  table.close();
  connection.close();
  return { ms: median(times), cpuMs: median(cpu), found: found.join(';') };
}

async function measure(rows) {
  const root = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
  const indexDir = join(root, '.mcp-vector-search');
  try {
    const made = await makeOldIndex(root, rows);
    const oldBytes = bytesBelow(join(indexDir, 'code_search.lance'));
    if (rows === 0) {
      const refused = runTandem(['migrate', '--to-dual-table', root, '--json', '-q'], [13]);
      return { rows, files: made.files, 'refused, s': refused.wall };
    }
    const before = await searchTimes(indexDir, 'code_search');
    const run = runTandem(['migrate', '--to-dual-table', root, '--json', '-q']);
    const { chunks, vectors, files } = run.report;
    if (chunks !== rows || vectors !== rows || files.unchanged.length !== made.files) throw new Error('rows were lost');
    const after = await searchTimes(join(indexDir, 'lance'), 'vectors');
    if (after.found !== before.found) throw new Error('the search finds other rows than before');
    const newBytes = bytesBelow(join(indexDir, 'lance'));
    const back = runTandem(['migrate', '--rollback', root, '--json', '-q']);
    if (bytesBelow(join(indexDir, 'code_search.lance')) !== oldBytes)
      throw new Error('the old table is not what it was');
    return {
      rows,
      files: made.files,
      'old table, MB': oldBytes / 1e6,
      'new tables, MB': newBytes / 1e6,
      'migrate, whole command, s': run.wall,
      'migrate, CPU, s': run.cpu,
      'migrate, rows/s': rows / run.wall,
      'migrate, peak RSS, MB': run.peakMb,
      'rollback, whole command, s': back.wall,
      'rollback itself, s': back.report.seconds,
      'search before, ms': before.ms,
      'search after, ms': after.ms,
      'search before, CPU, ms': before.cpuMs,
      'search after, CPU, ms': after.cpuMs,
    };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const samples = [];
for (const rows of sizes) {
  const sample = await measure(rows);
  samples.push(sample);
  if (args.includes('--json')) continue;
  for (const [name, value] of Object.entries(sample)) {
    console.log(
      `  ${name.padEnd(30)} ${value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 2 : 0 })}`,
    );
  }
  console.log();
}
if (args.includes('--json')) console.log(JSON.stringify({ samples }));
