// Which files there are: our answer, asked of git and by our own walk, against git's, on random trees and rules.
// A long run: TANDEM_TREES=5000 TANDEM_SEED=1 npx vitest run test/discover/agrees-with-git.test.ts
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  discoverIn,
  git,
  gitEnv,
  pathsOf,
  repository,
  temporaryFolder,
  write,
} from '../phase1-parse/temporary-trees.ts';

const TREES = Number(process.env.TANDEM_TREES ?? 30);
const SEED = process.env.TANDEM_SEED === undefined ? {} : { seed: Number(process.env.TANDEM_SEED) };

const NAMES = [
  'a',
  'b',
  'ab',
  'A',
  'a.h',
  'b.c',
  '.x',
  'a b',
  'a[1]',
  'c*',
  '#d',
  '!e',
  'build',
  'é',
  '\u{1f600}',
  'à',
  'x\\y',
  'f ',
];
const PIECES = [
  ...NAMES,
  '*',
  '**',
  '?',
  '*.h',
  '[ab]',
  '[!a]',
  'b*',
  '\\#d',
  '\\!e',
  'a\\ b',
  'a\\[1\\]',
  'c\\*',
  'f\\ ',
];

const path = fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const pattern = fc
  .record({
    negated: fc.boolean(),
    rooted: fc.boolean(),
    pieces: fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 3 }),
    folderOnly: fc.boolean(),
    tail: fc.constantFrom('', '', '', ' ', '\r'),
  })
  .map(({ negated, rooted, pieces, folderOnly, tail }) =>
    [negated ? '!' : '', rooted ? '/' : '', pieces.join('/'), folderOnly ? '/' : '', tail].join(''),
  );
const ruleFile = fc.array(pattern, { minLength: 1, maxLength: 5 }).map((lines) => lines.join('\n'));

/** Drops a path whose parent is a file. */
function tree(paths: readonly string[]): Record<string, string> {
  const chosen: string[] = [];
  for (const path of paths) {
    const clashes = (other: string) => other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`);
    if (!chosen.some(clashes)) chosen.push(path);
  }
  return Object.fromEntries(chosen.map((path) => [path, '']));
}

interface Case {
  readonly paths: readonly string[];
  /** By the place of a folder in the list of all folders. */
  readonly rules: readonly (readonly [place: number, text: string])[];
  readonly exclude: string;
  readonly userExcludes: string;
  readonly ignoreCase: boolean;
  /** Places of folders that are repositories of their own. */
  readonly inner: readonly number[];
  /** Every so many files are tracked, whatever the rules say. */
  readonly tracked: number;
  /** The place of the folder that is the root. */
  readonly root: number;
}

const few = <T>(arbitrary: fc.Arbitrary<T>, maxLength: number) => fc.array(arbitrary, { maxLength });
const anyCase: fc.Arbitrary<Case> = fc.record({
  paths: fc.array(path, { minLength: 1, maxLength: 14 }),
  rules: few(fc.tuple(fc.nat(20), ruleFile), 4),
  exclude: fc.oneof(fc.constant(''), ruleFile),
  userExcludes: fc.oneof(fc.constant(''), ruleFile),
  ignoreCase: fc.boolean(),
  inner: fc.oneof(fc.constant([]), few(fc.nat(20), 2)),
  tracked: fc.constantFrom(0, 2, 3),
  root: fc.oneof(fc.constant(0), fc.nat(20)),
});

function foldersOf(files: readonly string[]): string[] {
  const parents = files.flatMap((file) => {
    const parts = file.split('/').slice(0, -1);
    return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  });
  return ['', ...new Set(parents)].sort();
}

/** Git's own answer for the repository at `folder`, below `root`, and for those inside of it. */
function listedByGit(home: string, root: string, folder: string, options: readonly string[]): string[] {
  const output = execFileSync('git', ['-C', join(root, folder), 'ls-files', '-z', ...options], {
    env: userEnv(home),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return [...new Set(output.split('\0').filter(Boolean))].flatMap((name) => {
    const path = folder === '' ? name.replace(/\/$/, '') : `${folder}/${name.replace(/\/$/, '')}`;
    return existsSync(join(root, path, '.git')) ? listedByGit(home, root, path, options) : [path];
  });
}

/** A user with an excludes file, whose `git` is the one in `bin` if that is given. */
function userEnv(home: string, bin?: string): Record<string, string | undefined> {
  const PATH = bin === undefined ? {} : { PATH: `${bin}:${process.env.PATH}` };
  return gitEnv({ GIT_CONFIG_GLOBAL: join(home, 'config'), ...PATH });
}

/** A git that answers questions about settings and refuses those about files, as it does for another owner's repository. */
const REFUSING = `#!/bin/sh
case "$*" in *ls-files*|*rev-parse*) echo "fatal: refused" >&2; exit 128;; esac
PATH='${process.env.PATH}' exec git "$@"
`;

async function play(home: string, drawn: Case): Promise<void> {
  const top = repository(tree(drawn.paths));
  try {
    const files = Object.keys(tree(drawn.paths));
    const folders = foldersOf(files);
    const place = (number: number) => folders[number % folders.length]!;
    for (const [number, text] of drawn.rules) write(top, { [join(place(number), '.gitignore')]: text });
    write(top, { '.git/info/exclude': drawn.exclude });
    write(home, { excludes: drawn.userExcludes });
    if (drawn.ignoreCase) git(top, 'config', 'core.ignorecase', 'true');
    const inner = drawn.inner.map(place).filter((folder) => folder !== '');
    for (const folder of inner) git(join(top, folder), 'init', '-q');
    const root = join(top, place(drawn.root));
    const byGit = (...options: string[]) => listedByGit(home, root, '', options).sort();

    const walked = await discoverIn(root, { gitEnv: userEnv(home, join(home, 'bin')) });
    expect(walked.method).toBe('walk');
    const untracked = byGit('-o', '--exclude-standard');
    const isHidden = (await discoverIn(root, { gitEnv: userEnv(home) })).method === 'walk';
    if (!isHidden) expect(pathsOf(walked).sort()).toEqual(untracked);

    if (existsSync(join(root, '.git')) && inner.length === 0 && !drawn.ignoreCase) {
      const perFolder = byGit('-o', '--exclude-per-directory=.gitignore');
      renameSync(join(root, '.git'), join(home, 'moved'));
      const outside = await discoverIn(root, { gitEnv: userEnv(home) });
      renameSync(join(home, 'moved'), join(root, '.git'));
      expect(outside.method).toBe('walk');
      expect(pathsOf(outside).sort()).toEqual(perFolder);
    }

    // Where the disk tells letters' case apart, git with `ignorecase` writes down names that are not there.
    if (drawn.tracked === 0 || drawn.ignoreCase || isHidden) return;
    const mine = files.filter((file) => !inner.some((folder) => file.startsWith(`${folder}/`)));
    const tracked = mine.filter((_, index) => index % drawn.tracked === 0);
    if (tracked.length > 0) git(top, '--literal-pathspecs', 'add', '-f', '--', ...tracked);
    const asked = await discoverIn(root, { gitEnv: userEnv(home) });
    if (asked.method === 'git') expect(pathsOf(asked).sort()).toEqual(byGit('-co', '--exclude-standard'));
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

test('what is found is what git lists, by asking it, without it, and outside of any repository', {
  timeout: 3_600_000,
}, async () => {
  const home = temporaryFolder();
  write(home, { config: `[core]\n\texcludesFile = ${home}/excludes\n`, 'bin/git': REFUSING });
  chmodSync(join(home, 'bin/git'), 0o755);
  await fc.assert(
    fc.asyncProperty(anyCase, (drawn) => play(home, drawn)),
    { numRuns: TREES, ...SEED },
  );
});

describe('by walking, as by git', () => {
  test('a wildcard for one character does not take a letter of two bytes', async () => {
    await expectAgreement({ '.gitignore': '?\n[!x]\nd/??\n', a: '', é: '', 'd/é': '', 'd/ab': '' }, ['é']);
  });

  test('a deeper file takes back what a higher one hid', async () => {
    const files = {
      '.gitignore': 'build*\n*.h\n',
      'src/.gitignore': '!build2/\n',
      'src/build2/a.c': '',
      'src/build2/a.h': '',
      'src/build1/a.c': '',
      'odd [dir]*/.gitignore': '/x\n!b.h\n',
      'odd [dir]*/x': '',
      'odd [dir]*/y/x': '',
      'odd [dir]*/y/b.h': '',
    };
    await expectAgreement(files, ['src/build2/a.c', 'odd [dir]*/y/b.h']);
  });

  test('the private list of a repository is obeyed, below its .gitignore', async () => {
    await expectAgreement({ '.gitignore': '!b.log\n', '.git/info/exclude': '*.log\n', 'a.log': '', 'b.log': '' }, [
      'b.log',
    ]);
  });
});

async function expectAgreement(files: Record<string, string>, found: readonly string[]): Promise<void> {
  const root = repository(files);
  const asked = pathsOf(await discoverIn(root));
  const walked = await discoverIn(root, { gitEnv: gitEnv({ PATH: '/nowhere' }) });
  expect(walked.method).toBe('walk');
  expect(pathsOf(walked)).toEqual(asked);
  expect(asked).toEqual(expect.arrayContaining([...found]));
}
