import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { unreadableFolders } from '../../src/discover/git-files.ts';
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

function commit(root: string): void {
  git(root, 'add', '-A');
  git(root, 'commit', '-q', '-m', 'all');
}

describe('discover in a git work tree', () => {
  test('obeys nested .gitignore, info/exclude and the user’s own excludes file', async () => {
    const root = repository({
      '.gitignore': '*.log\n',
      'sub/.gitignore': '!kept.log\n',
      'a.log': 'x',
      'sub/kept.log': 'x',
      'private.ts': 'x',
      'mine.swp': 'x',
    });
    appendFileSync(join(root, '.git/info/exclude'), 'private.ts\n');
    const home = temporaryFolder();
    write(home, { excludes: '*.swp\n', config: `[core]\n\texcludesFile = ${home}/excludes\n` });
    const found = await discoverIn(root, { gitEnv: gitEnv({ GIT_CONFIG_GLOBAL: join(home, 'config') }) });
    expect(pathsOf(found)).toEqual(['.gitignore', 'sub/.gitignore', 'sub/kept.log']);
  });

  test('lists tracked files that the rules would hide, and not tracked files that are deleted', async () => {
    const root = repository({ 'tracked.log': 'x', 'gone.ts': 'x', 'gone/too.ts': 'x', 'a.ts': 'x' });
    commit(root);
    write(root, { '.gitignore': '*.log\n', 'other.log': 'x' });
    rmSync(join(root, 'gone.ts'));
    rmSync(join(root, 'gone'), { recursive: true });
    const found = await discoverIn(root);
    expect(pathsOf(found)).toEqual(['.gitignore', 'a.ts', 'tracked.log']);
    expect(found.failed).toEqual([]);
  });

  test('lists a file in an unfinished merge once', async () => {
    const root = repository({ 'a.ts': 'one' });
    commit(root);
    git(root, 'checkout', '-q', '-b', 'other');
    write(root, { 'a.ts': 'two' });
    commit(root);
    git(root, 'checkout', '-q', 'main');
    write(root, { 'a.ts': 'three' });
    commit(root);
    expect(() => git(root, 'merge', '-q', 'other')).toThrow();
    expect(git(root, 'ls-files', '-u').split('\n').filter(Boolean)).toHaveLength(3);
    expect(pathsOf(await discoverIn(root))).toEqual(['a.ts']);
  });

  test('goes into submodules and repositories inside the tree with their own rules', async () => {
    const library = repository({ 'lib.ts': 'x', '.gitignore': '*.out\n' });
    commit(library);
    const root = repository({ 'a.ts': 'x', 'inner/b.ts': 'x', 'inner/.gitignore': '*.tmp\n', 'inner/c.tmp': 'x' });
    git(root, 'submodule', '--quiet', 'add', library, 'modules/lib');
    git(root, 'commit', '-q', '-m', 'submodule');
    write(root, { 'modules/lib/new.ts': 'x', 'modules/lib/made.out': 'x', 'inner/deeper/d.ts': 'x' });
    git(join(root, 'inner'), 'init', '-q');
    git(join(root, 'inner/deeper'), 'init', '-q');
    const found = await discoverIn(root);
    expect(pathsOf(found)).toEqual([
      '.gitmodules',
      'a.ts',
      'inner/.gitignore',
      'inner/b.ts',
      'inner/deeper/d.ts',
      'modules/lib/.gitignore',
      'modules/lib/lib.ts',
      'modules/lib/new.ts',
    ]);
    expect([found.failed, found.notices]).toEqual([[], []]);
  });

  test('a submodule that is not checked out is said so, and a file that became a folder is no submodule', async () => {
    const library = repository({ 'lib.ts': 'x' });
    commit(library);
    const root = repository({ 'a.ts': 'x', turned: 'x' });
    git(root, 'submodule', '--quiet', 'add', library, 'lib');
    commit(root);
    git(root, 'submodule', '--quiet', 'deinit', '-f', 'lib');
    rmSync(join(root, 'turned'));
    write(root, { 'turned/b.ts': 'x' });
    const found = await discoverIn(root);
    expect(pathsOf(found)).toEqual(['.gitmodules', 'a.ts', 'turned/b.ts']);
    expect(skipsOf(found)).toEqual({ 'submodule not checked out': ['lib'] });
  });

  test('a tracked folder that was replaced by a link does not lead out of the tree', async () => {
    const outside = temporaryFolder();
    write(outside, { 'b.ts': 'not ours' });
    const root = repository({ 'a.ts': 'x', 'sub/b.ts': 'x' });
    commit(root);
    rmSync(join(root, 'sub'), { recursive: true });
    symlinkSync(outside, join(root, 'sub'));
    const found = await discoverIn(root);
    expect(pathsOf(found)).toEqual(['a.ts']);
    expect(skipsOf(found)).toEqual({ symlink: ['sub'] });
  });

  test('an index that names files outside the tree or inside .git is not believed', async () => {
    const root = repository({ 'a.ts': 'x', 'bb/x.ts': 'x', 'cccc/config': 'x' });
    git(root, 'add', '-A');
    const index = join(root, '.git/index');
    const bytes = readFileSync(index);
    bytes.write('../x.ts', bytes.indexOf('bb/x.ts'), 'latin1');
    bytes.write('.git/config', bytes.indexOf('cccc/config'), 'latin1');
    createHash('sha1')
      .update(bytes.subarray(0, -20))
      .digest()
      .copy(bytes, bytes.length - 20);
    writeFileSync(index, bytes);
    writeFileSync(join(root, '../x.ts'), 'not ours');
    expect(git(root, 'ls-files')).toContain('.git/config'); // git itself believes it
    const found = await discoverIn(root);
    rmSync(join(root, '../x.ts'));
    expect([found.method, pathsOf(found)]).toEqual(['git', ['a.ts', 'bb/x.ts', 'cccc/config']]);
  });

  test('a subfolder of a repository is listed alone, under the rules above it', async () => {
    const root = repository({ '.gitignore': '*.log\n/sub/out/\n', 'a.ts': 'x', 'sub/b.ts': 'x', 'sub/c.log': 'x' });
    write(root, { 'sub/out/d.ts': 'x' });
    const found = await discoverIn(join(root, 'sub'));
    expect(found.method).toBe('git');
    expect(pathsOf(found)).toEqual(['b.ts']);
  });

  test('a folder that the repository around it ignores is walked, and that is said', async () => {
    const root = repository({ '.gitignore': 'scratch/\n', 'scratch/a.ts': 'x', 'scratch/deep/b.ts': 'x' });
    for (const [folder, paths] of [
      ['scratch', ['a.ts', 'deep/b.ts']],
      ['scratch/deep', ['b.ts']],
    ] as const) {
      const found = await discoverIn(join(root, folder));
      expect(found.method).toBe('walk');
      expect(pathsOf(found)).toEqual(paths);
      expect(found.notices).toEqual([expect.stringContaining('the repository around this folder ignores it')]);
    }
  });

  test('a repository that git refuses to read is walked, and git’s own words are said', async () => {
    const root = repository({ '.gitignore': '*.log\n', 'a.ts': 'x', 'b.log': 'x' });
    writeFileSync(join(root, '.git/config'), '[core\n');
    const found = await discoverIn(root);
    expect(found.method).toBe('walk');
    expect(pathsOf(found)).toEqual(['.gitignore', 'a.ts']);
    expect(found.notices[0]).toMatch(/fatal: bad config/);
  });

  test('a repository of another owner is walked', async () => {
    if (process.getuid?.() !== 0) return expect(process.getuid?.()).toBeGreaterThan(0); // only root can give one away
    const root = repository({ '.gitignore': '*.log\n', 'a.ts': 'x', 'b.log': 'x' });
    execFileSync('chown', ['-R', '65534', root]);
    const found = await discoverIn(root);
    expect(found.method).toBe('walk');
    expect(pathsOf(found)).toEqual(['.gitignore', 'a.ts']);
    expect(found.notices[0]).toContain('dubious ownership');
  });

  test('a broken repository inside the tree is walked and the rest still asked for', async () => {
    const root = repository({ 'a.ts': 'x', 'inner/b.ts': 'x', 'inner/c.log': 'x', 'inner/.gitignore': '*.log\n' });
    git(join(root, 'inner'), 'init', '-q');
    git(join(root, 'inner'), 'add', 'b.ts');
    writeFileSync(join(root, 'inner/.git/index'), 'no index');
    const found = await discoverIn(root);
    expect(found.method).toBe('git');
    expect(pathsOf(found)).toEqual(['a.ts', 'inner/.gitignore', 'inner/b.ts']);
    expect(found.notices).toEqual([
      expect.stringMatching(/^git could not list inner \(fatal: .*\); \.gitignore files are read/),
    ]);
  });

  test('the caller’s GIT_DIR and GIT_INDEX_FILE do not lead to another repository', async () => {
    const other = repository({ 'other.ts': 'x' });
    commit(other);
    const root = repository({ 'a.ts': 'x' });
    commit(root);
    const stray = { GIT_DIR: join(other, '.git'), GIT_INDEX_FILE: join(other, '.git/index'), GIT_WORK_TREE: other };
    const found = await discoverIn(root, { gitEnv: gitEnv(stray) });
    expect([found.method, pathsOf(found)]).toEqual(['git', ['a.ts']]);
  });

  test('a program named in the repository’s configuration is not run', async () => {
    const root = repository({ 'a.ts': 'x' });
    commit(root);
    const trace = join(temporaryFolder(), 'ran');
    const script = join(root, 'spy.sh');
    writeFileSync(script, `#!/bin/sh\ntouch '${trace}'\n`, { mode: 0o755 });
    git(root, 'config', 'core.fsmonitor', script);
    git(root, 'ls-files', '-o'); // the trap works
    expect(existsSync(trace)).toBe(true);
    rmSync(trace);
    expect(pathsOf(await discoverIn(root))).toEqual(['a.ts', 'spy.sh']);
    expect(existsSync(trace)).toBe(false);
  });

  test('without an environment git is still found and asked', async () => {
    const root = repository({ 'a.ts': 'x' });
    const found = await discoverIn(root, { gitEnv: undefined });
    expect([found.method, pathsOf(found)]).toEqual(['git', ['a.ts']]);
  });

  test('a work tree whose .git is a file is one', async () => {
    const main = repository({ 'a.ts': 'x' });
    commit(main);
    const linked = join(temporaryFolder(), 'linked');
    git(main, 'worktree', 'add', '-q', linked);
    write(linked, { 'new.ts': 'x' });
    const found = await discoverIn(linked);
    expect([found.method, pathsOf(found)]).toEqual(['git', ['a.ts', 'new.ts']]);
  });

  test('names the hiding rule as git does, whichever file it is in', async () => {
    const root = repository({ 'a.ts': 'x', 'b.ts': 'x' });
    writeFileSync(join(root, '.git/info/exclude'), '\n*.ts\n');
    const found = await discoverIn(root);
    expect([found.files, found.hiddenBy]).toEqual([[], '.git/info/exclude:2: *.ts']);
  });

  test('names the hiding rule though odd names and an empty repository lie beside what it hides', async () => {
    const root = repository({
      ':(odd).ts': 'x',
      'a.ts': 'x',
      'inner/b.png': 'x',
      '.gitignore': '*\n!inner/\n!*.png\n',
    });
    git(join(root, 'inner'), 'init', '-q');
    const found = await discoverIn(root);
    expect([found.files, found.hiddenBy]).toEqual([[], '.gitignore:1: *']);
  });

  test('tracked names that are not UTF-8 are skipped', async () => {
    const root = repository({ 'a.ts': 'x' });
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xc3, 0x28])]), 'x');
    commit(root);
    const found = await discoverIn(root);
    expect(pathsOf(found)).toEqual(['a.ts']);
    expect(skipsOf(found)).toEqual({ 'name is not UTF-8': ['\\xc3('] });
  });

  test('an untracked file that looks like a line about a submodule is a file', async () => {
    const name = `160000 ${'a'.repeat(40)} 0\tx.ts`;
    const root = repository({ [name]: 'x' });
    expect(pathsOf(await discoverIn(root))).toEqual([name]);
  });

  test('a repository that was moved away leaves a plain folder', async () => {
    const root = repository({ 'a.ts': 'x' });
    mkdirSync(join(root, 'kept'));
    renameSync(join(root, '.git'), join(root, 'kept/.git'));
    const found = await discoverIn(root);
    expect([found.method, pathsOf(found), found.notices]).toEqual(['walk', ['a.ts'], []]);
  });
});

test('folders that git could not open are read from its warnings', () => {
  const stderr = [
    "warning: could not open directory 'shut/': Permission denied",
    'warning: something else',
    "warning: could not open directory 'it's here/deep/': Input/output error",
    '',
  ].join('\n');
  expect(unreadableFolders(stderr)).toEqual([
    { path: 'shut', reason: 'the folder could not be opened: Permission denied' },
    { path: "it's here/deep", reason: 'the folder could not be opened: Input/output error' },
  ]);
});
