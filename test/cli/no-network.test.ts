// The program in a network namespace with nothing in it. Native code opens sockets of its own, so what counts is what
// the kernel saw: packets that were to be sent, connections that were to be opened, routes that were not found.
import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../store/make.ts';
import { smallProject } from './care.ts';

const bin = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));
const ATTEMPTS = ['Ip OutRequests', 'Ip OutNoRoutes', 'Tcp ActiveOpens', 'Udp OutDatagrams'] as const;
const MARK = '--- counters ---';

/** Runs Node without a network; null where this machine lets nobody make a namespace. */
function runIsolated(
  env: NodeJS.ProcessEnv,
  ...args: string[]
): { code: number | null; output: string; attempts: number } | null {
  const script = `"$@"; code=$?; echo "${MARK}"; cat /proc/net/snmp; exit $code`;
  const namespace = ['--net', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])];
  const run = (words: readonly string[]) =>
    spawnSync('unshare', [...namespace, 'sh', '-c', script, 'sh', ...words], { encoding: 'utf8', env });
  if (run(['true']).status !== 0) return null;
  const { status, stdout, stderr } = run([process.execPath, ...args]);
  const [output = '', counters = ''] = stdout.split(MARK);
  return { code: status, output: output + stderr, attempts: attemptsIn(counters) };
}

/** The file has a line of names and a line of numbers for each protocol. */
function attemptsIn(counters: string): number {
  const lines = counters.trim().split('\n');
  const values = new Map<string, number>();
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const [protocol = '', ...names] = lines[at]!.split(' ');
    const [, ...numbers] = lines[at + 1]!.split(' ');
    for (const [index, name] of names.entries()) values.set(`${protocol.slice(0, -1)} ${name}`, Number(numbers[index]));
  }
  return ATTEMPTS.reduce((sum, name) => sum + values.get(name)!, 0);
}

const canIsolate = process.platform === 'linux' && runIsolated(process.env, '-e', '0') !== null;

describe.skipIf(!canIsolate)('without a network', () => {
  test('the counters would tell', () => {
    expect(runIsolated(process.env, '-e', '0')).toMatchObject({ code: 0, attempts: 0 });
    const fetched = runIsolated(process.env, '-e', 'fetch("http://192.0.2.1/").catch(() => 0)')!;
    expect(fetched.attempts).toBeGreaterThan(0);
    const resolved = runIsolated(process.env, '-e', 'require("dns").resolve("example.com", () => 0)')!;
    expect(resolved.attempts).toBeGreaterThan(0);
  });

  test('indexing, searching, verifying and the doctor work, and nothing is tried', async () => {
    await using project = await smallProject();
    await using home = await temporaryDirectory();
    // Our own cache is off: whatever appears in this home was put there by somebody else.
    const env = { ...process.env, HOME: home.path, XDG_CACHE_HOME: home.path, TANDEM_CACHE: 'off' };
    for (const args of [
      ['index', project.path],
      ['search', 'a greeting', '-p', project.path],
      ['status', project.path],
      ['verify', project.path],
      ['doctor', project.path],
    ]) {
      const run = runIsolated(env, bin, ...args)!;
      expect(run.code, `${args[0]}: ${run.output}`).toBe(0);
      expect(run.attempts, args[0]).toBe(0);
      expect(await readdir(home.path), args[0]).toEqual([]); // nothing is gathered to be sent later
    }
  });
});
