// A run of the program under strace, which makes single system calls fail or kills the program in them. Calls are counted
// by strace for each thread and each call's name, so "the third rename" is the third of whichever thread comes that far.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../harness/program.mjs';

const bin = fileURLToPath(new URL('../../../bin/tandem.js', import.meta.url));
/** One thread for Node's file calls, so that calls come in much the same order each time. */
const ONE_THREAD = { UV_THREADPOOL_SIZE: '1' };
/** A run that a fault made hang is ended, and is a fault itself. */
const LONGEST_MS = 60_000;

/** Whether strace is there, may trace, and can leave the calls alone that nobody asked for. */
export function canTrace() {
  const tried = spawnSync('strace', ['-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-e', 'trace=fsync', 'true']);
  return tried.status === 0;
}

/**
 * @typedef {{ name: string, when: string, error?: string }} Injection without an error it is a SIGKILL; `when` as strace
 *   has it: 3 is the third, 3+ is the third and all that follow
 * @typedef {{ name: string, line: string, nth: number, injected: boolean }} Call
 */

/**
 * Runs the program; `calls` are those of the named kinds whose arguments hold `within`, in the order of the log, and
 * `hits` those that were made to fail, wherever they went.
 * @param {readonly string[]} args
 * @param {{ names: readonly string[], within: string, env: NodeJS.ProcessEnv, injection?: Injection | undefined,
 *   program?: readonly string[] }} options `program` comes before Node
 */
export async function runTraced(args, { names, within, env, injection, program = [] }) {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-strace-'));
  const log = join(folder, 'log');
  const what = injection && (injection.error === undefined ? 'signal=KILL' : `error=${injection.error}`);
  const inject = injection ? ['-e', `inject=${injection.name}:${what}:when=${injection.when}`] : [];
  // A signal does not arrive where strace is told only of the calls that it asked for.
  const isKill = injection !== undefined && injection.error === undefined;
  const filter = isKill ? [] : ['--seccomp-bpf'];
  const traced = names.map((name) => `?${name}`).join(','); // not every machine has all of them
  const strace = ['strace', '-f', ...filter, '-y', '-o', log, '-e', `trace=${traced}`, ...inject];
  try {
    const ended = await run(args, {
      command: [...program, ...strace, process.execPath, bin],
      env: { ...env, ...ONE_THREAD },
      killAfterMs: LONGEST_MS,
    });
    const all = parse(readFileSync(log, 'utf8'));
    if (isKill && ended.killed) markKilled(all, injection);
    const calls = all.filter(({ line }) => line.includes(within));
    const hits = all.filter(({ injected }) => injected);
    return {
      ...ended,
      hung: ended.ms >= LONGEST_MS,
      calls,
      hits,
      onlyWithin: hits.every((hit) => calls.includes(hit)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} log @returns {Call[]} */
function parse(log) {
  const calls = [];
  /** @type {Map<string, Call>} By thread. */
  const latest = new Map();
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const line of log.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const name = /^(\w+)\(/.exec(rest)?.[1];
    if (name !== undefined) {
      const nth = (counts.get(`${thread} ${name}`) ?? 0) + 1;
      counts.set(`${thread} ${name}`, nth);
      const call = { name, line: rest, nth, injected: false };
      latest.set(thread, call);
      calls.push(call);
    }
    const call = latest.get(thread);
    if (call && rest.endsWith('(INJECTED)')) call.injected = true;
  }
  return calls;
}

/** A killed call does not come back to say so. @param {Call[]} calls @param {Injection} injection */
function markKilled(calls, { name, when }) {
  for (const call of calls) if (call.name === name && call.nth === Number(when)) call.injected = true;
}
