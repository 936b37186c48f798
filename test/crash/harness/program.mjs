// The built program as a user has it, in a process group of its own that can be killed whole.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../../bin/tandem.js', import.meta.url));
const POLL_MS = 3;

/**
 * Runs a command; SIGKILL goes to its whole group once `isTime` says so, if it has not ended by itself.
 * @param {readonly string[]} args
 * @param {{ isTime?: (() => boolean) | undefined, command?: readonly string[], env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ code: number | null, killed: boolean, ms: number, stdout: string, stderr: string }>}
 */
export function run(
  args,
  { isTime, command = [process.execPath, bin], env = { ...process.env, TANDEM_CACHE: 'off' } } = {},
) {
  return new Promise((resolve, reject) => {
    const [file = '', ...first] = command;
    const startedAt = performance.now();
    const child = spawn(file, [...first, ...args], { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    const timer = isTime && setInterval(() => isTime() && killGroup(child.pid), POLL_MS);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(timer);
      resolve({ code, killed: signal === 'SIGKILL', ms: performance.now() - startedAt, stdout, stderr });
    });
  });
}

/** @param {number | undefined} pid */
function killGroup(pid) {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}
