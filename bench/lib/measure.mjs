// What the benches share: a run of the program as a process of its own, with what it used.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));
const hook = new URL('./usage-hook.mjs', import.meta.url).href;

/**
 * Runs `tandem …args`; wall and CPU seconds and peak memory are the whole process's, worker threads included. Throws
 * where it ends with another exit code than expected.
 */
export function runTandem(args, exitCodes = [0], env = { TANDEM_CACHE: 'off' }) {
  const usageFile = join(tmpdir(), `tandem-usage-${process.pid}-${Date.now()}.json`);
  const startedAt = performance.now();
  const child = spawnSync(process.execPath, ['--import', hook, bin, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, ...env, USAGE_FILE: usageFile },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const wall = (performance.now() - startedAt) / 1000;
  if (!exitCodes.includes(child.status))
    throw new Error(`tandem ${args.join(' ')} ended with ${child.status ?? child.signal}`);
  const usage = JSON.parse(readFileSync(usageFile, 'utf8'));
  rmSync(usageFile);
  return {
    wall,
    cpu: (usage.userCPUTime + usage.systemCPUTime) / 1e6,
    peakMb: usage.maxRSS / 1024,
    report: args.includes('--json') ? JSON.parse(child.stdout) : null,
  };
}

/** Bytes of all files below a folder. */
export function bytesBelow(folder) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
