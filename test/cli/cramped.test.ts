// Limits of the system that a run meets: little address space, no threads, a small heap, a process that is stopped. A run
// ends in its own words or does everything, and never stores as a fact what came of the limit.
import { spawn, spawnSync } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TemporaryDirectory } from '../store/make.ts';
import { temporaryDirectory } from '../store/make.ts';
import { smallProject, tandem } from './care.ts';

const bin = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));
const MINUTE = 60_000;

/** The command after a shell has set a limit; `$@` is the command. */
function limited(limit: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const options = { encoding: 'utf8', env: { ...process.env, TANDEM_CACHE: 'off', ...env } } as const;
  const shell = ['-c', `${limit}; exec "$@"`, 'sh', process.execPath, bin, ...args];
  const { status, signal, stdout, stderr } = spawnSync('sh', shell, options);
  return { code: status, signal, stdout, stderr };
}

const canLimit = process.platform === 'linux' && spawnSync('sh', ['-c', 'ulimit -v 12000000']).status === 0;
/** As a user who is bound by `ulimit -u`, which root is not. */
const UNBOUND = process.getuid?.() === 0;

let indexed: TemporaryDirectory;
beforeAll(async () => {
  indexed = await smallProject();
  expect(tandem('index', indexed.path).code).toBe(0);
}, MINUTE);
afterAll(() => indexed[Symbol.asyncDispose]());

async function copied(): Promise<TemporaryDirectory> {
  const directory = await temporaryDirectory();
  await cp(indexed.path, directory.path, { recursive: true });
  return directory;
}

const ledgerOf = (root: string) =>
  readFile(join(root, '.mcp-vector-search', 'tandem', 'files.jsonl'), 'utf8').catch(() => '');

function expectOwnWords({ code, stderr }: { code: number | null; stderr: string }): void {
  expect([0, 3, 4, 15], stderr).toContain(code);
  expect(stderr).not.toMatch(/this is a bug|^ +at |panicked/m);
}

describe.runIf(canLimit)('with little address space', () => {
  test('no parser starts: 15 with advice, nothing stored, and the next run parses everything', {
    timeout: 4 * MINUTE,
  }, async () => {
    await using project = await smallProject();
    const run = limited('ulimit -v 8000000', ['index', project.path]);
    expect(run).toMatchObject({ code: 15, stderr: expect.stringMatching(/ulimit -v.*disable-wasm-trap-handler/) });
    expect(await ledgerOf(project.path)).not.toContain('fallback');

    const doctor = limited('ulimit -v 8000000', ['doctor', project.path]);
    expect(doctor).toMatchObject({ code: 15, stdout: expect.stringMatching(/failed +grammars .*parser/) });

    expect(tandem('index', project.path).code).toBe(0);
    expect(await ledgerOf(project.path)).not.toMatch(/fallback|unfinished/);
  });

  test('the advice holds', { timeout: 2 * MINUTE }, async () => {
    await using project = await smallProject();
    const env = { NODE_OPTIONS: '--disable-wasm-trap-handler' };
    const run = limited('ulimit -v 8000000', ['index', project.path, '--workers=1'], env);
    expect(run.code, run.stderr).toBe(0);
    expect(await ledgerOf(project.path)).not.toMatch(/fallback|unfinished/);
  });

  test.each([3_000_000, 12_000_000])(
    'of %i KiB every command ends in its own words',
    { timeout: 4 * MINUTE },
    async (kib) => {
      await using project = await copied();
      await writeFile(join(project.path, 'src', 'new.py'), 'def added():\n    return 1\n');
      for (const args of [['status'], ['search', 'reads'], ['verify'], ['doctor'], ['resume'], ['index']]) {
        const ended = limited(`ulimit -v ${kib}`, [...args, '-p', project.path]);
        expectOwnWords(ended);
      }
      expect(await ledgerOf(project.path)).not.toMatch(/fallback/);
      expect(tandem('index', project.path).code).toBe(0);
    },
  );
});

test.runIf(canLimit).each([1_000_000, 1_500_000])(
  '%i KiB of address space are refused before anything is loaded',
  (kib) => {
    for (const command of ['index', 'resume', 'status', 'search', 'verify', 'doctor']) {
      const words = command === 'search' ? ['search', 'reads'] : [command];
      const ended = limited(`ulimit -v ${kib}`, [...words, '-p', indexed.path]);
      expect(ended, command).toMatchObject({
        code: 15,
        stderr: expect.stringMatching(/ulimit -v.*the program needs 1536/),
      });
    }
    expect(limited(`ulimit -v ${kib}`, ['--version']).code).toBe(0);
  },
);

test.runIf(canLimit && !UNBOUND)(
  'with few processes allowed every command ends in its own words',
  { timeout: 4 * MINUTE },
  async () => {
    await using project = await copied();
    for (const args of [['status'], ['search', 'reads'], ['verify'], ['doctor'], ['index', '--force']]) {
      expectOwnWords(limited('ulimit -u 64', [...args, '-p', project.path]));
    }
  },
);

test.runIf(process.platform === 'linux')(
  'stopped while it parses, and continued, a run loses nothing',
  { timeout: 3 * MINUTE },
  async () => {
    await using project = await temporaryDirectory();
    const functions = Array.from(
      { length: 1500 },
      (_, n) => `def f${n}(a):\n    return [a * k for k in range(${n})]\n\n\n`,
    );
    for (let n = 0; n < 12; n++) await writeFile(join(project.path, `m${n}.py`), functions.join(''));
    const child = spawn(process.execPath, [bin, 'index', '--phase=1', project.path], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, TANDEM_CACHE: 'off' },
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await new Promise<void>((resolve) => {
      child.stderr.on('data', (data: Buffer) => data.toString().includes('Phase 1') && resolve());
      void ended.then(() => resolve());
    });
    for (let times = 0; times < 2; times++) {
      child.kill('SIGSTOP');
      await sleep(6_000);
      child.kill('SIGCONT');
      await sleep(300);
    }
    expect(await ended).toBe(0);
    expect((await ledgerOf(project.path)).match(/"parsed"/g)).toHaveLength(12);
  },
);
