// What both ways of listing have in common is tested with both; `discover-git` and `discover-walk` hold the rest.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EVERYTHING, type Selection } from '../../src/discover/selection.ts';
import {
  discoverIn,
  git,
  gitEnv,
  pathsOf,
  repository,
  skipsOf,
  temporaryFolder,
  write,
} from '../phase1-parse/temporary-trees.ts';

const KINDS = {
  git: repository,
  walk: (files: Readonly<Record<string, string | Uint8Array>> = {}) => {
    const root = temporaryFolder();
    write(root, files);
    return root;
  },
};

describe.each(['git', 'walk'] as const)('discover (%s)', (kind) => {
  const tree = KINDS[kind];

  test('gives the regular files with their stamps, sorted by the bytes of their paths', async () => {
    const root = tree({ 'b.ts': 'bb', 'a/z.ts': 'z', 'a.ts': '', '\u{1f600}.ts': 'x', '\uffee.ts': 'y' });
    const found = await discoverIn(root);
    expect(found.method).toBe(kind);
    expect(pathsOf(found)).toEqual(['a.ts', 'a/z.ts', 'b.ts', '\uffee.ts', '\u{1f600}.ts']);
    expect(found.files.find(({ path }) => path === 'b.ts')!.stamp).toEqual({
      size: 2,
      mtimeNs: expect.stringMatching(/^\d{19}$/),
      ctimeNs: expect.stringMatching(/^\d{19}$/),
      ino: expect.stringMatching(/^\d+$/),
    });
    expect(found).toMatchObject({ skipped: [], failed: [], notices: [], hiddenBy: null });
    expect(Math.abs(Number(BigInt(found.startedAtNs) / 1_000_000n) - Date.now())).toBeLessThan(60_000);
  });

  test('odd names survive exactly', async () => {
    const names = [
      'with space.ts',
      'quote\'".ts',
      'new\nline.ts',
      'back\\slash.ts',
      'tab\there.ts',
      '\u{1f9ea} \u202egnp.ts',
      'e\u0301.ts',
      '\u00e9.ts',
      '-rf.ts',
      '*?[x].ts',
      '#hash.ts',
      '!bang.ts',
      ' lead.ts',
      'trail ',
      '__proto__',
      '..dots',
    ];
    const root = tree(Object.fromEntries(names.map((name) => [`d ir\n/${name}`, 'x'])));
    expect(new Set(pathsOf(await discoverIn(root)))).toEqual(new Set(names.map((name) => `d ir\n/${name}`)));
  });

  test('names that are not UTF-8 are skipped one by one and the files beside them found', async () => {
    const root = tree({ 'good.ts': 'x' });
    for (const byte of [0xff, 0xfe]) {
      writeFileSync(Buffer.concat([Buffer.from(`${root}/bad-é-`), Buffer.from([byte]), Buffer.from('.ts')]), 'x');
    }
    const found = await discoverIn(root);
    expect(pathsOf(found)).toEqual(['good.ts']);
    expect(skipsOf(found)).toEqual({ 'name is not UTF-8': ['bad-é-\\xfe.ts', 'bad-é-\\xff.ts'] });
  });

  test('links are skipped and never followed, in loops or out of the tree', async () => {
    const outside = temporaryFolder();
    write(outside, { 'secret.ts': 'x' });
    const root = tree({ 'sub/a.ts': 'x' });
    symlinkSync('..', join(root, 'sub/loop'));
    symlinkSync(outside, join(root, 'escape'));
    symlinkSync('sub/a.ts', join(root, 'alias.ts'));
    symlinkSync('nowhere', join(root, 'dangling.ts'));
    const found = await discoverIn(root);
    expect(pathsOf(found)).toEqual(['sub/a.ts']);
    expect(skipsOf(found)).toEqual({ symlink: ['alias.ts', 'dangling.ts', 'escape', 'sub/loop'] });
  });

  test('a pipe or a socket does not make it wait', async () => {
    const root = tree({ 'a.ts': 'x' });
    execFileSync('mkfifo', [join(root, 'pipe.ts'), join(root, '.tandemignore')]);
    const server = createServer().listen(join(root, 'socket.ts'));
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const found = await discoverIn(root);
    expect(pathsOf(found)).toEqual(['a.ts']);
    // Git lists no pipes and sockets; the walk meets them.
    const special = kind === 'git' ? {} : { 'not a regular file': ['.tandemignore', 'pipe.ts', 'socket.ts'] };
    expect(skipsOf(found)).toEqual(special);
  });

  test('secrets, lock files, binaries and what is too large are skipped with their reason', async () => {
    const root = tree({
      '.env': 'x',
      '.env.local': 'x',
      '.env.example': 'x',
      'certs/Server.PEM': 'x',
      id_rsa: 'x',
      'id_rsa.pub': 'x',
      '.npmrc': 'x',
      '.aws/credentials': 'x',
      credentials: 'x',
      'package-lock.json': 'x',
      'go.sum': 'x',
      'logo.PNG': 'x',
      'lib.so': 'x',
      png: 'x',
      'edge.ts': 'x'.repeat(1000),
      'large.ts': 'x'.repeat(1001),
    });
    const found = await discoverIn(root);
    expect(pathsOf(found)).toEqual(['.env.example', 'credentials', 'edge.ts', 'id_rsa.pub', 'png']);
    expect(skipsOf(found)).toEqual({
      secret: ['.aws/credentials', '.env', '.env.local', '.npmrc', 'certs/Server.PEM', 'id_rsa'],
      'lock file': ['go.sum', 'package-lock.json'],
      binary: ['lib.so', 'logo.PNG'],
      'too large': ['large.ts'],
    });
    expect(found.skipped.every(({ stamp }) => stamp !== null)).toBe(true);
  });

  test('vendored folders count once each; a package called venv is none', async () => {
    const root = tree({
      'a.ts': 'x',
      'node_modules/p/index.js': 'x',
      'sub/node_modules/q/index.js': 'x',
      'sub/__pycache__/m.py': 'x',
      'env/venv/pyvenv.cfg': 'x',
      'env/venv/lib/m.py': 'x',
      'lib/venv/main.py': 'x',
    });
    const found = await discoverIn(root);
    expect(pathsOf(found)).toEqual(['a.ts', 'lib/venv/main.py']);
    expect(skipsOf(found)).toEqual({
      vendored: ['env/venv', 'node_modules', 'sub/__pycache__', 'sub/node_modules'],
    });
  });

  test('the index directory is not entered, by whatever name, nor is another index below', async () => {
    const root = tree({
      'a.ts': 'x',
      '.mcp-vector-search/config.json': 'x',
      'sub/.mcp-vector-search/x.json': 'x',
      'my index/run.json': 'x',
    });
    const found = await discoverIn(root, { indexDir: join(root, 'my index') });
    expect(pathsOf(found)).toEqual(['a.ts']);
    expect(found.skipped).toEqual([]);
  });

  test('.gitignore and .tandemignore files hide, also below, and count what ours hides', async () => {
    const root = tree({
      '.gitignore': '*.log\n!keep.log\n/build/\n',
      '.tandemignore': 'data/\n*.gen.ts\n',
      'sub/.gitignore': '!again.log\nlocal.ts\n',
      'sub/.tandemignore': '!wanted.gen.ts\n/top.ts\n',
      'a.log': 'x',
      'keep.log': 'x',
      'build/out.ts': 'x',
      'src/build/in.ts': 'x',
      'data/x.ts': 'x',
      'a.gen.ts': 'x',
      'sub/again.log': 'x',
      'sub/local.ts': 'x',
      'sub/wanted.gen.ts': 'x',
      'sub/top.ts': 'x',
      'sub/deep/top.ts': 'x',
    });
    const found = await discoverIn(root);
    expect(pathsOf(found).filter((path) => !/\.(git|tandem)ignore$/.test(path))).toEqual([
      'keep.log',
      'src/build/in.ts',
      'sub/again.log',
      'sub/deep/top.ts',
      'sub/wanted.gen.ts',
    ]);
    expect(skipsOf(found)).toEqual({ ignored: ['a.gen.ts', 'data', 'sub/top.ts'] });
  });

  test('the case of letters counts in rules', async () => {
    const root = tree({ '.gitignore': '*.s\n', 'boot.S': 'x', 'made.s': 'x' });
    expect(pathsOf(await discoverIn(root))).toEqual(['.gitignore', 'boot.S']);
  });

  test('where nothing is left, the rule or the reason that left nothing is named', async () => {
    const cases: [Record<string, string>, string][] = [
      [{}, 'the folder is empty'],
      [{ 'sub/deep/': '' }, 'the folder is empty'],
      [{ '.gitignore': '# all\n/*\n', 'a.ts': 'x', 'b/c.ts': 'x' }, '.gitignore:2: /*'],
      [{ 'src/.gitignore': '*\n', 'src/a.ts': 'x', 'src/b.ts': 'x' }, 'src/.gitignore:1: *'],
      [{ '.tandemignore': '*\n', 'a.ts': 'x', 'b.ts': 'x' }, '.tandemignore:1: *'],
      [{ 'a.png': 'x', 'b.png': 'x', '.env': 'x' }, 'every file in it is skipped (2 binary, 1 secret)'],
    ];
    for (const [files, cause] of cases) {
      const found = await discoverIn(tree(files));
      expect(found.files).toEqual([]);
      expect(found.hiddenBy).toBe(cause);
    }
  });

  test('a root that is a link is one folder like any other', async () => {
    const root = tree({ 'a.ts': 'x' });
    const link = join(temporaryFolder(), 'link');
    symlinkSync(root, link);
    const found = await discoverIn(link, { indexDir: join(link, 'idx') });
    expect(pathsOf(found)).toEqual(['a.ts']);
    expect(found.method).toBe(kind);
  });

  test('an abort before or during the scan surfaces its own reason', async () => {
    const root = tree({ 'a.ts': 'x' });
    const reason = new Error('enough');
    await expect(discoverIn(root, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const scan = discoverIn(root, { signal: controller.signal });
    controller.abort(reason);
    await expect(scan).rejects.toBe(reason);
  });
});

test('a root that is absent or a file is the mistake it is', async () => {
  const root = temporaryFolder();
  write(root, { 'a.ts': 'x' });
  await expect(discoverIn(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  await expect(discoverIn(join(root, 'a.ts/b'))).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  await expect(discoverIn(join(root, 'a.ts'))).rejects.toMatchObject({ code: 'PATH_NOT_A_DIRECTORY' });
});

test('a path too long for the system is a failure, not a silence', async () => {
  const root = temporaryFolder();
  // Made and removed step by step, for no single call can name it.
  const make = `const fs = require('node:fs'), step = 'd'.repeat(200);
    for (let level = 0; level < 25; level++) { fs.mkdirSync(step); process.chdir(step); }
    fs.writeFileSync('deep.ts', 'x');`;
  execFileSync(process.execPath, ['-e', make], { cwd: root });
  write(root, { 'a.ts': 'x' });
  const found = await discoverIn(root);
  expect(pathsOf(found)).toEqual(['a.ts']);
  expect(found.failed).toHaveLength(1);
  expect(found.failed[0]!.reason).toContain('ENAMETOOLONG');
  execFileSync('rm', ['-rf', root]);
});

test('a tree deeper than any call stack is walked', async () => {
  const root = temporaryFolder();
  const deep = Array.from({ length: 600 }, () => 'd').join('/');
  mkdirSync(join(root, deep), { recursive: true });
  writeFileSync(join(root, deep, 'a.ts'), 'x');
  expect(pathsOf(await discoverIn(root))).toEqual([`${deep}/a.ts`]);
  rmSync(root, { recursive: true });
});

test('git is what a tree with a repository is asked through, and the walk agrees with it', async () => {
  const root = repository({ '.gitignore': 'out/\n*.tmp\n', 'a.ts': 'x', 'out/b.ts': 'x', 'c.tmp': 'x', 'd/e.ts': 'x' });
  git(root, 'add', '-A');
  const byGit = await discoverIn(root);
  const byWalk = await discoverIn(root, { gitEnv: { PATH: '/nowhere' } });
  expect([byGit.method, byWalk.method]).toEqual(['git', 'walk']);
  expect(byWalk.notices[0]).toContain('git could not list the files');
  expect(byWalk.files).toEqual(byGit.files);
});

describe('what the user chose', () => {
  const files = {
    'a.ts': 'x',
    'src/b.ts': 'x',
    'src/b.test.ts': 'x',
    'src/keep.test.ts': 'x',
    'src/deep/c.md': 'x',
    'docs/d.md': 'x',
    '.env': 'x',
    'src/key.pem': 'x',
    '.tandemignore': '/docs/\n',
  };
  const chosen = (over: Partial<Selection>) => discoverIn(KINDS.walk(files), { selection: { ...EVERYTHING, ...over } });

  test('patterns to include narrow, those to exclude are taken off, and both are counted', async () => {
    const found = await chosen({
      include: ['src/', '/a.ts', 'docs/'],
      exclude: ['*.test.ts', '!keep.test.ts', 'deep/'],
    });
    expect(pathsOf(found)).toEqual(['a.ts', 'src/b.ts', 'src/keep.test.ts']);
    expect(skipsOf(found)).toEqual({
      excluded: ['src/b.test.ts', 'src/deep'],
      ignored: ['docs'],
      'not included': ['.env', '.tandemignore'],
      secret: ['src/key.pem'],
    });
  });

  test('to include a file brings back nothing that a rule, a policy or an exclusion leaves out', async () => {
    const found = await chosen({ include: ['docs/d.md', '.env', 'src/b.ts', 'a.ts'], exclude: ['src/b.ts'] });
    expect(pathsOf(found)).toEqual(['a.ts']);
  });

  test('secrets come in only where that is asked for', async () => {
    const found = await chosen({ allowSecrets: true, exclude: ['*.md', '*.ts'] });
    expect(pathsOf(found)).toEqual(['.env', '.tandemignore', 'src/key.pem']);
  });

  test('a choice that leaves nothing is named as the reason', async () => {
    const none = await chosen({ exclude: ['*'] });
    expect([none.files, none.hiddenBy]).toEqual([[], 'exclude:1: *']);
    const other = await chosen({ include: ['*.rs'] });
    expect([other.files, other.hiddenBy]).toEqual([[], 'every file in it is skipped (8 not included)']);
  });
});

test('repositories in a folder that is none are asked through git, each by its own rules', async () => {
  const root = temporaryFolder();
  write(root, {
    '.gitignore': '*.md\n',
    'notes.md': 'x',
    'a.ts': 'x',
    'one/.gitignore': '*.log\n',
    'one/README.md': 'x',
    'one/tracked.log': 'x',
    'one/other.log': 'x',
    'two/b.ts': 'x',
    'two/private.ts': 'x',
    'fake/.git/config': 'x',
    'fake/c.ts': 'x',
    'fake/d.md': 'x',
  });
  for (const name of ['one', 'two']) git(join(root, name), 'init', '-q');
  git(join(root, 'one'), 'add', '-f', 'tracked.log');
  write(root, { 'two/.git/info/exclude': 'private.ts\n' });
  const expected = [
    '.gitignore',
    'a.ts',
    'fake/c.ts',
    'one/.gitignore',
    'one/README.md',
    'one/tracked.log',
    'two/b.ts',
  ];
  const found = await discoverIn(root);
  expect([found.method, pathsOf(found), found.notices]).toEqual(['walk', expected, []]);
  const without = await discoverIn(root, { gitEnv: gitEnv({ PATH: '/nowhere' }) });
  expect(pathsOf(without)).toEqual(expected.filter((path) => path !== 'one/tracked.log'));
  expect(without.notices).toHaveLength(1);
});

test('where git refuses, a walk obeys the rules above the root and those of the user', async () => {
  const top = repository({
    '.gitignore': '*.log\n/sub/out/\n',
    'sub/.gitignore': '!kept.log\n',
    'sub/a.ts': 'x',
    'sub/b.log': 'x',
    'sub/kept.log': 'x',
    'sub/mine.swp': 'x',
    'sub/out/c.ts': 'x',
    'scratch/d.ts': 'x',
  });
  const home = temporaryFolder();
  write(home, { 'git/ignore': '*.swp\n' });
  write(top, { '.git/index': 'broken', '.git/info/exclude': 'scratch/\n' });
  const gitEnvOfUser = gitEnv({ XDG_CONFIG_HOME: home });
  const found = await discoverIn(join(top, 'sub'), { gitEnv: gitEnvOfUser });
  expect([found.method, pathsOf(found)]).toEqual(['walk', ['.gitignore', 'a.ts', 'kept.log']]);
  // Asked for by name, a folder is listed though the rules above hide it.
  const scratch = await discoverIn(join(top, 'scratch'), { gitEnv: gitEnvOfUser });
  expect(pathsOf(scratch)).toEqual(['d.ts']);
});

test('where git refuses, a linked work tree obeys the private list that it shares', async () => {
  const main = repository({ 'a.ts': 'x' });
  git(main, 'add', '-A');
  git(main, 'commit', '-q', '-m', 'all');
  const linked = join(temporaryFolder(), 'linked');
  git(main, 'worktree', 'add', '-q', linked);
  write(main, { '.git/info/exclude': 'private.ts\n' });
  write(linked, { 'private.ts': 'x', 'b.ts': 'x' });
  const asked = await discoverIn(linked);
  const walked = await discoverIn(linked, { gitEnv: gitEnv({ PATH: '/nowhere' }) });
  expect([asked.method, walked.method]).toEqual(['git', 'walk']);
  expect(pathsOf(asked)).toEqual(['a.ts', 'b.ts']);
  expect(pathsOf(walked)).toEqual(['a.ts', 'b.ts']);
});
