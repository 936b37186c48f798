// The same repository checked out once more inside the tree is left out, submodules and strangers are not.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  discoverIn,
  git,
  pathsOf,
  repository,
  skipsOf,
  temporaryFolder,
  write,
} from '../phase1-parse/temporary-trees.ts';

const WITHOUT_GIT = { PATH: '/nowhere' };

function committed(files: Readonly<Record<string, string>>): string {
  const root = repository(files);
  git(root, 'add', '-A');
  git(root, 'commit', '-q', '-m', 'all');
  return root;
}

/** By git, by a walk for want of git, and by a walk that obeys no git rules. */
const WAYS = [
  ['git', {}],
  ['walk', { gitEnv: WITHOUT_GIT }],
  [
    'walk',
    {
      rules: {
        extensions: null,
        skipDotfiles: false,
        respectGitignore: false,
        forceIncludePatterns: ['*.ts'],
        forceIncludePaths: [],
        excludePatterns: [],
      },
    },
  ],
] as const;

describe.each(WAYS)('listed by %s (%#)', (method, options) => {
  test('a linked work tree is left out with its reason, whatever it is called', async () => {
    const root = committed({ 'a.ts': 'x' });
    for (const place of ['.claude/worktrees/fix', 'deep/er/copy', 'plain'])
      git(root, 'worktree', 'add', '-q', join(root, place));
    const found = await discoverIn(root, options);
    expect([found.method, pathsOf(found)]).toEqual([method, ['a.ts']]);
    expect(skipsOf(found)).toEqual({ 'linked worktree': ['.claude/worktrees/fix', 'deep/er/copy', 'plain'] });
    const asked = await discoverIn(join(root, 'plain'), options);
    expect(pathsOf(asked), 'asked for by name').toEqual(['a.ts']);
  });

  test('so is one inside another that was asked for, and one seen from a folder of the repository', async () => {
    const root = committed({ 'a.ts': 'x', 'part/b.ts': 'x' });
    const other = join(temporaryFolder(), 'other');
    git(root, 'worktree', 'add', '-q', other);
    git(root, 'worktree', 'add', '-q', join(other, 'inner'));
    git(root, 'worktree', 'add', '-q', join(root, 'part/copy'));
    expect(pathsOf(await discoverIn(other, options))).toEqual(['a.ts', 'part/b.ts']);
    expect(pathsOf(await discoverIn(join(root, 'part'), options))).toEqual(['b.ts']);
  });

  test('a submodule stays, a work tree of it does not', async () => {
    const library = committed({ 'lib.ts': 'x' });
    const root = committed({ 'a.ts': 'x' });
    git(root, 'submodule', '--quiet', 'add', library, 'lib');
    git(join(root, 'lib'), 'worktree', 'add', '-q', join(root, 'lib-fix'));
    const found = await discoverIn(root, options);
    expect(pathsOf(found).filter((path) => path.endsWith('.ts'))).toEqual(['a.ts', 'lib/lib.ts']);
    expect(skipsOf(found)).toMatchObject({ 'linked worktree': ['lib-fix'] });
  });

  test('a work tree of another repository is other code', async () => {
    const stranger = committed({ 'other.ts': 'x' });
    const root = committed({ 'a.ts': 'x' });
    git(stranger, 'worktree', 'add', '-q', join(root, 'other'));
    expect(pathsOf(await discoverIn(root, options))).toEqual(['a.ts', 'other/other.ts']);
  });

  test('of a repository inside the root too', async () => {
    const root = temporaryFolder();
    renameSync(committed({ 'a.ts': 'x' }), join(root, 'app'));
    git(join(root, 'app'), 'worktree', 'add', '-q', join(root, 'app-fix'));
    const found = await discoverIn(root, options);
    expect(pathsOf(found)).toEqual(['app/a.ts']);
    expect(skipsOf(found)).toMatchObject({ 'linked worktree': ['app-fix'] });
  });

  test('the work trees of a bare repository are all there is of it', async () => {
    const root = temporaryFolder();
    git(committed({ 'a.ts': 'x' }), 'clone', '-q', '--bare', '.', join(root, '.bare'));
    writeFileSync(join(root, '.git'), 'gitdir: ./.bare\n');
    for (const name of ['one', 'two']) git(root, 'worktree', 'add', '-q', '-b', name, join(root, name));
    git(root, 'worktree', 'add', '-q', '-b', 'three', join(root, 'one/three'));
    expect(pathsOf(await discoverIn(root, options)).filter((path) => path.endsWith('.ts'))).toContain('two/a.ts');
    const found = await discoverIn(join(root, 'one'), options);
    expect(pathsOf(found)).toEqual(['a.ts']);
    expect(skipsOf(found)).toEqual({ 'linked worktree': ['three'] });
  });

  test('also where the paths are those of another machine, as in a container', async () => {
    const root = committed({ 'a.ts': 'x' });
    git(root, 'worktree', 'add', '-q', join(root, 'trees/fix'));
    const moved = join(temporaryFolder(), 'moved');
    renameSync(root, moved);
    const found = await discoverIn(moved, options);
    expect(pathsOf(found)).toEqual(['a.ts']);
    expect(skipsOf(found)).toEqual({ 'linked worktree': ['trees/fix'] });
  });
});

test('a `.git` file that points nowhere, or to what is called so by chance, hides nothing', async () => {
  const root = committed({ 'a.ts': 'x' });
  write(root, { 'one/.git': 'gitdir: ../worktrees/one\n', 'one/b.ts': 'x', 'two/.git': 'not git\n', 'two/c.ts': 'x' });
  mkdirSync(join(root, 'worktrees/one'), { recursive: true });
  write(root, { 'worktrees/one/HEAD': readFileSync(join(root, '.git/HEAD'), 'utf8') });
  const found = await discoverIn(root, { gitEnv: WITHOUT_GIT });
  expect(skipsOf(found)).not.toHaveProperty('linked worktree');
  expect(pathsOf(found)).toContain('two/c.ts');
});
