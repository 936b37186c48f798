// Our reading of ignore rules against git's, on random trees and rules.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openFolders } from '../../src/phase1-parse/folders.ts';
import { NO_RULES } from '../../src/phase1-parse/ignore-rules.ts';
import { walkFiles } from '../../src/phase1-parse/walk-files.ts';
import { git, gitEnv, repository, temporaryFolder, write } from './temporary-trees.ts';

const NAMES = [
  'a',
  'b',
  'ab',
  'A',
  'a.o',
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
  '*.o',
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

function listedByGit(root: string): string[] {
  return git(root, 'ls-files', '-o', '--exclude-standard', '-z').split('\0').filter(Boolean).sort();
}

function ignoredByGit(root: string, paths: readonly string[]): Set<string> {
  try {
    const output = execFileSync('git', ['-C', root, 'check-ignore', '-z', '--stdin'], {
      env: gitEnv(),
      input: paths.join('\0'),
      encoding: 'utf8',
    });
    return new Set(output.split('\0').filter(Boolean));
  } catch (error) {
    if ((error as { status?: number }).status === 1) return new Set(); // none is ignored
    throw error;
  }
}

describe('the walk agrees with git', () => {
  test('on random trees with random rules at several depths, file by file', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(path, { minLength: 1, maxLength: 12 }),
        fc.array(fc.tuple(fc.nat(20), ruleFile), { minLength: 1, maxLength: 3 }),
        async (paths, rules) => {
          const root = repository(tree(paths));
          try {
            const files = Object.keys(tree(paths));
            const folders = [...new Set(files.flatMap((file) => parentsOf(file)))];
            for (const [place, text] of rules)
              write(root, { [join(folders[place % folders.length]!, '.gitignore')]: text });
            const walked = await walkFiles(root, '', openFolders(root, '/nowhere'));
            const ignored = ignoredByGit(root, files);
            const shown = walked.paths.filter((file) => !file.endsWith('.gitignore'));
            expect([...shown].sort()).toEqual(files.filter((file) => !ignored.has(file)).sort());
            expect([...walked.paths].sort()).toEqual(listedByGit(root));
          } finally {
            rmSync(root, { recursive: true, force: true });
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('where a wildcard for one character meets a letter of two bytes', async () => {
    const root = repository({ '.gitignore': '?\n[!x]\nd/??\n', a: '', é: '', 'd/é': '', 'd/ab': '' });
    const walked = await walkFiles(root, '', openFolders(root, '/nowhere'));
    expect([...walked.paths].sort()).toEqual(listedByGit(root));
    expect(walked.paths).toContain('é');
  });

  test('where a deeper file takes back what a higher one hid', async () => {
    const root = repository({
      '.gitignore': 'build*\n*.o\n',
      'src/.gitignore': '!build2/\n',
      'src/build2/a.c': '',
      'src/build2/a.o': '',
      'src/build1/a.c': '',
      'odd [dir]*/.gitignore': '/x\n!b.o\n',
      'odd [dir]*/x': '',
      'odd [dir]*/y/x': '',
      'odd [dir]*/y/b.o': '',
    });
    const walked = await walkFiles(root, '', openFolders(root, '/nowhere'));
    expect([...walked.paths].sort()).toEqual(listedByGit(root));
    expect(walked.paths).toContain('src/build2/a.c');
    expect(walked.paths).toContain('odd [dir]*/y/b.o');
  });

  test('the private list of a repository that is walked is obeyed, below its .gitignore', async () => {
    const root = repository({ '.gitignore': '!b.log\n', '.git/info/exclude': '*.log\n', 'a.log': '', 'b.log': '' });
    const walked = await walkFiles(root, '', openFolders(root, '/nowhere'));
    expect([...walked.paths].sort()).toEqual(['.gitignore', 'b.log']);
    expect(listedByGit(root)).toEqual(['.gitignore', 'b.log']);
  });
});

test('a rule is named by its file and line, with comments, blank lines and a byte order mark counted right', () => {
  const rules = NO_RULES.with('', '.gitignore', '\ufeff*.log\r\n\n# no\n!keep.log\n').with(
    'a/b',
    'a/b/.gitignore',
    'x/',
  );
  expect(rules.hiddenBy('deep/a.log')).toBe('.gitignore:1: *.log');
  expect(rules.hiddenBy('keep.log')).toBe(null);
  expect(rules.hiddenBy('a/b/c/x/')).toBe('a/b/.gitignore:1: x/');
  expect(rules.hiddenBy('a/x/')).toBe(null);
});

test('a folder whose rules cannot be obeyed is a failure and is not entered', async () => {
  const root = temporaryFolder();
  write(root, {
    'a.ts': '',
    'b/.gitignore': '#'.repeat(1024 * 1024 + 1),
    'b/c.ts': '',
    'd/.tandemignore': '',
    'd/e.ts': '',
  });
  write(root, { 'd/.tandemignore': '#'.repeat(1024 * 1024 + 1) });
  const folders = openFolders(root, '/nowhere');
  const walked = await walkFiles(root, '', folders);
  expect(walked.paths).toEqual(['a.ts']);
  expect(walked.failed).toEqual([{ path: 'b', reason: expect.stringContaining('too many for ignore rules') }]);
  expect(folders.failed).toEqual([{ path: 'd', reason: expect.stringContaining('too many for ignore rules') }]);
});

function parentsOf(file: string): string[] {
  const parts = file.split('/').slice(0, -1);
  return ['.', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))];
}
