// The built command as a process: streams, exit codes, and what it must not load.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryTree } from '../config/temporary.ts';

const packageRoot = fileURLToPath(new URL('../../', import.meta.url));
const bin = join(packageRoot, 'bin/tandem.js');

interface Options {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly script?: string;
}

function tandem(typed: readonly string[], { cwd = packageRoot, env = {}, script = bin }: Options = {}) {
  // Nothing of the environment of the tests: it may hold npm's variables and colours.
  const { PATH = '', HOME = '' } = process.env;
  const run = spawnSync(process.execPath, [script, ...typed], { cwd, env: { PATH, HOME, ...env }, encoding: 'utf8' });
  return { status: run.status, stdout: run.stdout, stderr: run.stderr };
}

describe('the command', () => {
  it('prints its version, and nothing else', () => {
    const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
    expect(tandem(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('prints help on stdout if asked for, and on stderr with an error if nothing was asked for', () => {
    const asked = tandem(['--help']);
    expect([asked.status, asked.stderr]).toEqual([0, '']);
    expect(asked.stdout).toMatch(/^Examples:\n/);
    const bare = tandem([]);
    expect([bare.status, bare.stdout]).toEqual([2, '']);
    expect(bare.stderr).toContain('no command was given');
  });

  it.each([
    [['serch', 'x'], 'did you mean search?'],
    [['index', '--phase=3'], 'It is 1, 2 or all.'],
    [['index', 'no/such/folder'], 'no such folder'],
    [['index', 'package.json'], 'not a folder'],
    [['index', '--workers', 'none'], 'it must be a whole number from 1 to 1024'],
    [['index', '.', '-p', 'src'], 'two different roots were given'],
    [['search'], 'missing required argument'],
  ])('answers %j with 2, on stderr, without a stack', (typed, text) => {
    const { status, stdout, stderr } = tandem(typed);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(text);
    expect(stderr.trimEnd().split('\n')).toHaveLength(3);
  });

  it('gives its final error as one JSON object if JSON was asked for, wherever that stands', () => {
    for (const typed of [
      ['index', 'no/such', '--json'],
      ['--json', 'index', 'no/such'],
      ['serch', '--json'],
    ]) {
      const { status, stdout, stderr } = tandem(typed);
      expect([status, stdout]).toEqual([2, '']);
      expect(JSON.parse(stderr)).toMatchObject({ schema: 1, exit_code: 2 });
    }
  });

  it('does not take what follows -- for an option', () => {
    expect(tandem(['index', '--', '--json']).stderr).toContain(`no folder ${join(packageRoot, '--json')}`);
  });

  it('starts relative paths where the user stands, also if npm moved it', () => {
    const tree = temporaryTree({ 'user/': '' });
    const cwd = join(tree, 'user');
    expect(tandem(['index', 'x'], { cwd }).stderr).toContain(join(cwd, 'x'));
    expect(tandem(['index', 'x'], { env: { INIT_CWD: cwd } }).stderr).toContain(join(cwd, 'x'));
  });

  it('has colours where they are forced, and none where they are refused', () => {
    expect(tandem(['serch'], { env: { FORCE_COLOR: '1' } }).stderr).toContain('\u001b[');
    expect(tandem(['serch'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }).stderr).not.toContain('\u001b[');
    expect(tandem(['serch', '--no-color'], { env: { FORCE_COLOR: '1' } }).stderr).not.toContain('\u001b[');
    expect(tandem(['serch']).stderr).not.toContain('\u001b[');
  });

  it('cannot be made to send a terminal commands by the names it repeats', () => {
    expect(tandem(['index', 'a\u001b]0;owned\u0007']).stderr).toContain('a\\x1b]0;owned\\x07');
    expect(tandem(['\u001b[2J']).stderr).not.toContain('\u001b');
  });

  it('says in one line that it was not built', () => {
    const tree = temporaryTree();
    mkdirSync(join(tree, 'bin'));
    copyFileSync(bin, join(tree, 'bin/tandem.mjs'));
    const { status, stdout, stderr } = tandem(['--help'], { script: join(tree, 'bin/tandem.mjs') });
    expect([status, stdout]).toEqual([15, '']);
    expect(stderr).toMatch(/^tandem is not built yet: .*\n$/);
  });

  it('is quiet about a reader that left', async () => {
    const child = spawn(process.execPath, [bin, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const status = await new Promise((resolveStatus) => child.on('close', resolveStatus));
    expect([status, stderr]).toEqual([0, '']);
  });
});

describe('a folder without an index', () => {
  it.each([['status'], ['resume'], ['search', 'x']])('is answered with 10 by %s', (...typed) => {
    const { status, stdout, stderr } = tandem(typed, { cwd: temporaryTree() });
    expect([status, stdout]).toEqual([10, '']);
    expect(stderr).toMatch(/^error\[E10\] no index here\n/);
  });

  it('is an object with layout none in `status --json`, and still 10', () => {
    const cwd = temporaryTree();
    const { status, stdout, stderr } = tandem(['status', '--json'], { cwd });
    expect([status, stderr]).toEqual([10, '']);
    expect(JSON.parse(stdout)).toMatchObject({ schema: 1, root: cwd, layout: 'none', complete: false });
  });
});

describe('what is loaded before a command is known', () => {
  it('is commander and our own few files: no engine, no model, no schema library, no spinner', () => {
    const { text, files } = loadedAtStart('main.js');
    expect(packagesIn(text)).toEqual(['commander']);
    expect(files).toBeLessThan(20);
    expect(text.length).toBeLessThan(250_000);
  });

  it('is seen by this test: what the library needs is counted once it is followed', () => {
    const library = readdirSync(bundle).filter((name) => /^\/\/ dist\/operations\/index\.js$/m.test(contentOf(name)));
    expect(packagesIn(loadedAtStart(library[0] ?? '').text)).toContain('apache-arrow');
  });
});

const bundle = join(packageRoot, 'dist/bundle');
const contentOf = (name: string) => (name.endsWith('.js') ? readFileSync(join(bundle, name), 'utf8') : '');

/** The text of a file of the bundle and of all that it imports, but not of what is imported when it is asked for. */
function loadedAtStart(first: string): { text: string; files: number } {
  const seen = new Set([first]);
  let text = '';
  for (const name of seen) {
    const content = contentOf(name);
    text += content;
    for (const [, next = ''] of content.matchAll(/^(?:import|export)\s(?:[^'"();]*?\sfrom\s)?"\.\/([^"]+)"/gm))
      seen.add(next);
  }
  return { text, files: seen.size };
}

/** Packages whose modules the text was made of, or which it imports. */
function packagesIn(text: string): string[] {
  const joined = [...text.matchAll(/^\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)/gm)];
  const imported = [...text.matchAll(/^import\s(?:[^'"();]*?\sfrom\s)?"(?!node:|\.)([^"]+)"/gm)];
  return [...new Set([...joined, ...imported].map(([, name = '']) => name))];
}
