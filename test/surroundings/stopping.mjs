// Runs a command that is stopped for a while several times, as a sleeping laptop or `docker pause` does it.
//   node stopping.mjs <command …>
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const RUNS_MS = 300;
const STOPPED_MS = 700;
const STOPS = 5;

const [file = '', ...words] = process.argv.slice(2);
const child = spawn(file, words, { stdio: 'inherit' });
const ended = new Promise((resolve) => {
  child.once('close', (code) => resolve(code ?? 128));
});
for (let stop = 0; stop < STOPS && child.exitCode === null; stop += 1) {
  await sleep(RUNS_MS);
  child.kill('SIGSTOP');
  await sleep(STOPPED_MS);
  child.kill('SIGCONT');
}
process.exitCode = await ended;
