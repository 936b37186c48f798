// Index directories that may only be read, that may not even be entered, and that lie on a disk without hard links.
import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canTrace } from '../crash/syscalls/strace.mjs';
import type { TemporaryDirectory } from '../store/make.ts';
import { type Ended, smallProject, tandem } from './care.ts';

const bin = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));

/** Root may do what modes forbid, unless these two are taken from it. */
const AS_OWNER =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--'] : ['env'];

/** A mount of its own over a folder, for one command: `$0` is the folder. */
const READ_ONLY_MOUNT = [
  'unshare',
  process.getuid?.() === 0 ? '-m' : '-rm',
  'sh',
  '-c',
  'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"',
];

function run(command: readonly string[], ...args: string[]): Ended {
  const [file = '', ...words] = command;
  const options = { encoding: 'utf8', cwd: '/' } as const;
  const { status, stdout, stderr } = spawnSync(file, [...words, process.execPath, bin, ...args], options);
  return { code: status, stdout, stderr };
}

function works(command: readonly string[]): boolean {
  const [file = '', ...words] = command;
  return process.platform === 'linux' && spawnSync(file, [...words, 'true']).status === 0;
}

let project: TemporaryDirectory;
let index: string;
beforeAll(async () => {
  project = await smallProject();
  index = join(project.path, '.mcp-vector-search');
  expect(tandem('index', project.path).code).toBe(0);
  await writeFile(join(project.path, 'src', 'new.py'), 'def added():\n    return 1\n');
}, 60_000);
afterAll(() => project[Symbol.asyncDispose]());

async function expectOnlyReading(command: readonly string[]): Promise<void> {
  const root = project.path;
  const ledger = await readFile(join(index, 'tandem', 'files.jsonl'), 'utf8');
  expect(run(command, 'search', 'where are things read', '-p', root)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('src/a.py'),
  });
  expect(run(command, 'status', root)).toMatchObject({ code: 0 });
  expect(run(command, 'verify', root)).toMatchObject({ code: 0, stdout: expect.stringMatching(/clean: every/) });
  for (const writing of [['index'], ['index', '--phase=2'], ['resume'], ['cleanup'], ['verify', '--repair']]) {
    const ended = run(command, ...writing, '-p', root);
    expect(ended, writing.join(' ')).toMatchObject({ code: 15, stderr: expect.stringMatching(/cannot be written/) });
    expect(ended.stderr, 'it ends before anything is parsed').not.toMatch(/phase 1|bug/i);
  }
  expect(await readFile(join(index, 'tandem', 'files.jsonl'), 'utf8')).toBe(ledger);
  expect((await readdir(join(index, 'tandem'))).filter((name) => name.includes('lock'))).toEqual([]);
}

async function modes(change: (mode: number) => number): Promise<void> {
  const paths = [index, ...(await readdir(index, { recursive: true })).map((path) => join(index, path))];
  for (const path of paths.reverse()) await chmod(path, change((await stat(path)).mode & 0o777));
}

describe('an index that may only be read', () => {
  test.skipIf(!works(AS_OWNER))(
    'by its mode is searched and verified, and not written',
    { timeout: 60_000 },
    async () => {
      await modes((mode) => mode & 0o555);
      try {
        await expectOnlyReading(AS_OWNER);
      } finally {
        for (const path of [index, join(index, 'tandem')]) await chmod(path, 0o700);
        await modes((mode) => mode | 0o200);
      }
    },
  );

  const canMount = works([...READ_ONLY_MOUNT, tmpdir()]);
  test.skipIf(!canMount)('by its mount (where one can be made) is too', { timeout: 60_000 }, async () => {
    await expectOnlyReading([...READ_ONLY_MOUNT, index]);
  });
});

test.skipIf(!works(AS_OWNER))('an index directory that may not be entered is no bug and no missing index', async () => {
  await chmod(index, 0);
  try {
    for (const command of [['search', 'x'], ['status'], ['verify'], ['index'], ['resume'], ['cleanup'], ['unlock']]) {
      const ended = run(AS_OWNER, ...command, '-p', project.path);
      expect(ended, command.join(' ')).toMatchObject({ code: 15, stdout: '' });
      expect(ended.stderr, command.join(' ')).toMatch(/no permission[\s\S]*\.mcp-vector-search[\s\S]*owner and mode/);
    }
  } finally {
    await chmod(index, 0o700);
  }
});

test.skipIf(!canTrace())('a disk without hard links (where strace may play one) is refused with advice', async () => {
  const place = await mkdtemp(join(tmpdir(), 'tandem-links-'));
  const strace = ['strace', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-e', 'inject=link,linkat:error=EPERM'];
  try {
    const target = join(place, 'index');
    const ended = run(strace, 'index', project.path, '--index-dir', target);
    expect(ended.code, ended.stderr).toBe(15);
    expect(ended.stderr).toMatch(/cannot make hard links[\s\S]*--index-dir/);
    expect(ended.stderr).not.toMatch(/phase 1/i);
    expect(tandem('index', project.path, '--index-dir', target).code).toBe(0);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
});

test.skipIf(!canTrace())(
  'a disk that is full before there is an index (where strace may play one) is told, and nothing is left',
  async () => {
    const place = await mkdtemp(join(tmpdir(), 'tandem-full-'));
    try {
      const target = join(place, 'index');
      for (const refused of ['', 'lance', 'tandem', 'tandem/lance']) {
        const strace = ['strace', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-P', join(target, refused)];
        const ended = run([...strace, '-e', 'inject=mkdir:error=ENOSPC'], 'index', project.path, '--index-dir', target);
        expect(ended.code, `${refused}: ${ended.stderr}`).toBe(15);
        expect(ended.stderr).toContain('no space left');
        expect(await readdir(place), refused).toEqual([]);
      }
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  },
);

test.skipIf(!works(AS_OWNER))('a folder for temporary files that cannot be used is named', async () => {
  const place = await mkdtemp(join(tmpdir(), 'tandem-tmp-'));
  try {
    await chmod(place, 0o500);
    const ended = run(['env', `TMPDIR=${place}`, ...AS_OWNER], 'search', 'x', '-p', project.path);
    expect(ended.code, ended.stderr).toBe(15);
    expect(ended.stderr).toMatch(/temporary files[\s\S]*TMPDIR/);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
});

test('nothing is left in the folder for temporary files', async () => {
  const place = await mkdtemp(join(tmpdir(), 'tandem-tmp-'));
  try {
    for (const command of [['index'], ['search', 'x'], ['status'], ['verify'], ['cleanup'], ['resume']]) {
      const ended = run(['env', `TMPDIR=${place}`], ...command, '-p', project.path);
      expect(ended, command.join(' ')).toMatchObject({ code: 0 });
      expect(await readdir(place), command.join(' ')).toEqual([]);
    }
  } finally {
    await rm(place, { recursive: true, force: true });
  }
});
