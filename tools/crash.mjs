// `npm run crash -- --rounds 1000 [--seed N]`: breaks the built program on purpose and says what that did to the index.
// The last line of stdout is the verdict; the whole report is written as JSON (--report, default crash-report.json in
// the scratch folder).
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isEntry, setupOrExit } from './setup.mjs';

const USAGE = `npm run crash -- <what> [--seed N] [--report file.json] [--keep]
  --rounds N       kills the program N times at random moments
  --power-cuts N   lets it go on from N disks as a power cut may leave them
  --mutations N    spoils the small files beside the tables in N ways
  --concurrent N   lets eight index, two ask and one clean up at once for N seconds
  --syscalls N     makes N system calls on the index fail, or kills the program in them (needs strace)
  --full-disks N   runs on a disk that is full at N moments (needs mount namespaces)`;

if (isEntry(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      'power-cuts': { type: 'string' },
      mutations: { type: 'string' },
      concurrent: { type: 'string' },
      syscalls: { type: 'string' },
      'full-disks': { type: 'string' },
      seed: { type: 'string' },
      report: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  await setupOrExit();
  const { anySeed } = await import('../test/crash/harness/random.mjs');
  const seed = Number(values.seed ?? anySeed());
  const folder = mkdtempSync(join(tmpdir(), 'tandem-crash-'));
  mkdirSync(folder, { recursive: true });
  const say = (line) => console.log(line);
  const reports = [];
  if (values.rounds !== undefined) {
    const { blackBox } = await import('../test/crash/black-box.mjs');
    reports.push(await blackBox({ rounds: Number(values.rounds), seed, folder, say }));
  }
  if (values['power-cuts'] !== undefined) {
    const { powerCuts } = await import('../test/crash/power-cut/simulate.mjs');
    reports.push(await powerCuts({ images: Number(values['power-cuts']), seed, folder, say }));
  }
  if (values.mutations !== undefined) {
    const { mutate } = await import('../test/crash/mutations.mjs');
    reports.push(await mutate({ mutations: Number(values.mutations), seed, folder, say }));
  }
  if (values.concurrent !== undefined) {
    const { concurrent } = await import('../test/crash/concurrent.mjs');
    reports.push(await concurrent({ seconds: Number(values.concurrent), seed, folder, say }));
  }
  if (values.syscalls !== undefined) {
    const { canTrace } = await import('../test/crash/syscalls/strace.mjs');
    if (!canTrace()) {
      console.error(
        'strace is not there, too old for --seccomp-bpf, or not allowed to trace: no system call can be made to fail',
      );
      process.exit(15);
    }
    const { prepare, sweep } = await import('../test/crash/syscalls/sweep.mjs');
    reports.push(await sweep(await prepare(folder), { injections: Number(values.syscalls), seed, say }));
  }
  if (values['full-disks'] !== undefined) {
    const { canMount, fullDisks } = await import('../test/crash/harness/own-disk.mjs');
    if (!canMount()) {
      console.error('no mount namespace can be made here, and so no disk that fills up');
      process.exit(15);
    }
    const scratch = mkdtempSync(join(folder, 'full-'));
    reports.push(fullDisks(scratch, Number(values['full-disks'])));
  }
  if (reports.length === 0) {
    console.error(USAGE);
    process.exit(2);
  }
  for (const report of reports) console.log(JSON.stringify(report, null, 2));
  if (values.report !== undefined) writeFileSync(values.report, `${JSON.stringify(reports, null, 2)}\n`);
  const faults = reports.flatMap((report) => Object.values(report.faults)).reduce((sum, count) => sum + count, 0);
  if (!values.keep && faults === 0) rmSync(folder, { recursive: true, force: true });
  else console.log(`kept: ${folder}`);
  console.log(`${faults} faults (seed ${seed})`);
  process.exitCode = faults > 0 ? 1 : 0;
}
