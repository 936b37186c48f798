// Ctrl-C in Phase 2: how many seconds of embedding are lost, and how long the program takes to end.
// npm run bench -- interrupt <folder> [--groups=4,16,64] [--program=<another checkout's bin/tandem.js>]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { foldersOf, option } from './lib/sample.mjs';

const args = process.argv.slice(2);
const [folder] = foldersOf(args);
if (folder === undefined) {
  console.error('which folder? npm run bench -- interrupt <folder>');
  process.exit(2);
}
const own = fileURLToPath(new URL('../bin/tandem.js', import.meta.url));
const programs = [own, ...[option(args, 'program')].filter((path) => path !== undefined).map((path) => resolve(path))];
const moments = (option(args, 'groups') ?? '4,16,64').split(',').map(Number);
const hook = new URL('../test/crash/harness/signal-at.mjs', import.meta.url).href;
const work = mkdtempSync(join(tmpdir(), 'tandem-bench-'));

function run(program, command, indexDir, flags, env) {
  const hooked = env === undefined ? [] : ['--import', hook];
  return spawnSync(process.execPath, [...hooked, program, command, folder, '--index-dir', indexDir, ...flags], {
    encoding: 'utf8',
    env: { ...process.env, TANDEM_CACHE: 'off', ...env },
  });
}

try {
  for (const moment of moments) {
    for (const program of programs) {
      const indexDir = join(work, `${moment}-${programs.indexOf(program)}`);
      const parsed = run(program, 'index', indexDir, ['--phase=1']);
      if (parsed.status !== 0) throw new Error(parsed.stderr);
      const handed = join(work, 'handed.json');
      const env = { TANDEM_TEST_SIGNAL: `SIGINT run ${moment}`, TANDEM_TEST_HANDED: handed };
      const stopped = run(program, 'index', indexDir, ['--workers=1'], env);
      if (stopped.status !== 130) throw new Error(`not stopped: ${stopped.status} ${stopped.stderr}`);
      const { rows, at } = JSON.parse(readFileSync(handed, 'utf8'));
      const { vectors } = JSON.parse(run(program, 'status', indexDir, ['--json']).stdout);
      const seconds = (at.signal - at.first) / 1000;
      const texts = rows.reduce((sum, count) => sum + count, 0);
      const lost = Math.max(0, 1 - vectors / texts) * seconds;
      console.log(
        `${program === own ? 'this' : 'other'}  signal after ${seconds.toFixed(1)} s of embedding: ` +
          `${texts} texts handed over, ${vectors} stored, ${lost.toFixed(2)} s lost; ended ${((at.end - at.signal) / 1000).toFixed(1)} s later`,
      );
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
