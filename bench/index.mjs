// End to end: both phases over a folder, each in its own process: files/s, MB/s, chunks/s, CPU seconds, peak memory, bytes on disk.
// npm run bench -- index <folder> [--runs=3] [--json]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bytesBelow, median, runTandem } from './lib/measure.mjs';

const args = process.argv.slice(2);
const folder = args.find((arg) => !arg.startsWith('--'));
if (!folder) {
  console.error('which folder? npm run bench -- index <folder>');
  process.exit(2);
}
const root = resolve(process.env.INIT_CWD ?? process.cwd(), folder);
const runs = Number(args.find((arg) => arg.startsWith('--runs='))?.slice(7) ?? 1);

const samples = [];
for (let run = 0; run < runs; run++) {
  const indexDir = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
  try {
    const parse = runTandem(['index', root, '--phase=1', '--json', '--index-dir', indexDir]);
    const embed = runTandem(['index', root, '--phase=2', '--json', '--index-dir', indexDir]);
    const again = runTandem(['index', root, '--json', '--index-dir', indexDir]);
    const chunks = embed.report.chunks.total;
    samples.push({
      files: parse.report.files.discovered,
      chunks,
      'phase 1 process, s': parse.wall,
      'phase 1 CPU, s': parse.cpu,
      'phase 1 files/s': parse.report.files.parsed / parse.report.phase1.seconds,
      'phase 1 MB/s': parse.report.phase1.bytes / 1e6 / parse.report.phase1.seconds,
      'phase 1 chunks/s': parse.report.phase1.chunks / parse.report.phase1.seconds,
      'phase 1 peak RSS, MB': parse.peakMb,
      'phase 2 process, s': embed.wall,
      'phase 2 CPU, s': embed.cpu,
      'phase 2 chunks/s': embed.report.phase2.embedded / embed.report.phase2.seconds,
      'phase 2 tokens/s': embed.report.phase2.tokens / embed.report.phase2.seconds,
      'phase 2 peak RSS, MB': embed.peakMb,
      'no-change run, process, s': again.wall,
      'no-change run, peak RSS, MB': again.peakMb,
      'bytes per chunk, both shared tables': bytesBelow(join(indexDir, 'lance')) / chunks,
      'bytes per chunk, everything': bytesBelow(indexDir) / chunks,
    });
    if (!again.report.complete) throw new Error('the index is not complete');
  } finally {
    rmSync(indexDir, { recursive: true, force: true });
  }
}

const medians = Object.fromEntries(
  Object.keys(samples[0]).map((name) => [name, median(samples.map((sample) => sample[name]))]),
);
if (args.includes('--json')) console.log(JSON.stringify({ root, runs, medians, samples }));
else {
  console.log(`${root}, median of ${runs}`);
  for (const [name, value] of Object.entries(medians)) {
    console.log(
      `  ${name.padEnd(38)} ${value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 2 : 0 })}`,
    );
  }
}
