// What `--files` means, over a list of indexed paths.
import { describe, expect, test } from 'vitest';
import { findPath, matchFiles, nearestPath } from '../../src/search/match-files.ts';

const NFC = 'docs/\u00fcber.md';
const NFD = 'docs/u\u0308ber-b.md';
const PATHS = [
  'README.md',
  'app/[slug]/edit.tsx',
  'app/[slug]/page.tsx',
  'app/s/page.tsx',
  'lib/src/a.py',
  'odd/!not.py',
  'odd/a,b.py',
  'odd/a\\b.py',
  'odd/what?.py',
  'src/a.py',
  'src/deep/b.py',
  'src/deep/b_test.py',
  NFC,
  NFD,
];
const standing = { root: '/project', from: '/project' };

/** The files that the engine would find. */
function chosen(typed: string | readonly string[], from = standing.from): string[] {
  const matches = matchFiles([typed].flat(), PATHS, { ...standing, from });
  const isIn = (path: string, excludes: boolean) =>
    matches
      .filter(({ choice }) => choice.excludes === excludes)
      .flatMap(({ regexes }) => regexes)
      .some((regex) => new RegExp(regex.replace('(?s:', '(?:'), 's').test(path));
  const isNarrowed = matches.some(({ choice }) => !choice.excludes);
  return PATHS.filter((path) => (!isNarrowed || isIn(path, false)) && !isIn(path, true));
}

const SRC = ['src/a.py', 'src/deep/b.py', 'src/deep/b_test.py'];

describe('files are chosen', () => {
  test.each<[string, string | string[], string[]]>([
    ['as a result shows them', 'app/[slug]/page.tsx', ['app/[slug]/page.tsx']],
    ['with escapes of a shell', 'app/\\[slug\\]/page.tsx', ['app/[slug]/page.tsx']],
    ['from the folder where one stands', './src/a.py', ['src/a.py']],
    ['by an absolute path', '/project/src/a.py', ['src/a.py']],
    ['by an absolute path with steps back', '/project/lib/../src/./a.py', ['src/a.py']],
    ['by the end of their path', 'src/a.py', ['lib/src/a.py', 'src/a.py']],
    ['by their name', 'b.py', ['src/deep/b.py']],
    ['by a folder', 'src/deep/', ['src/deep/b.py', 'src/deep/b_test.py']],
    ['by a folder without its slash', 'deep', ['src/deep/b.py', 'src/deep/b_test.py']],
    ['by a folder that is named from where one stands', './src', SRC],
    ['by an absolute folder', '/project/src/', SRC],
    ['by the root', '.', PATHS],
    ['by the root itself', '/project', PATHS],
    ['with separators of Windows', 'src\\deep\\b.py', ['src/deep/b.py']],
    ['with a backslash in their name', 'odd/a\\b.py', ['odd/a\\b.py']],
    ['with a comma in their name', 'odd/a,b.py', ['odd/a,b.py']],
    ['with an exclamation mark in their name', 'odd/!not.py', ['odd/!not.py']],
    ['with doubled and needless steps', 'src//deep/./b.py', ['src/deep/b.py']],
    ['in the other form of their letters', 'docs/u\u0308ber.md', [NFC]],
    ['in the other form of their letters, again', 'docs/\u00fcber-b.md', [NFD]],
    ['with other capitals, where nothing else fits', 'readme.MD', ['README.md']],
    ['by a glob', 'src/*_test.py', ['src/deep/b_test.py']],
    ['by a glob from where one stands', './src/*.py', SRC],
    ['by an absolute glob', '/project/src/*.py', SRC],
    ['by a glob for folders', 's*/deep', ['src/deep/b.py', 'src/deep/b_test.py']],
    ['by a glob below a folder with brackets', 'app/[slug]/*', ['app/[slug]/edit.tsx', 'app/[slug]/page.tsx']],
    ['by a glob with escaped brackets', 'app/\\[slug\\]/*', ['app/[slug]/edit.tsx', 'app/[slug]/page.tsx']],
    ['by a set of letters', 'app/[rst]/page.tsx', ['app/s/page.tsx']],
    ['by a literal sign of globs before what the sign means', 'odd/what?.py', ['odd/what?.py']],
    ['by a glob with letters in the other form', 'docs/u\u0308*.md', [NFC, NFD]],
    ['by alternatives', '*.{md,tsx}', PATHS.filter((path) => /\.(md|tsx)$/.test(path))],
    ['by several, parted by commas', 'src/deep/b.py, README.md', ['README.md', 'src/deep/b.py']],
    ['by several values', ['src/deep/b.py', 'README.md'], ['README.md', 'src/deep/b.py']],
    ['without some', ['./src', '!*_test.py'], ['src/a.py', 'src/deep/b.py']],
    ['without some, of all', '!./src', PATHS.filter((path) => !path.startsWith('src/'))],
  ])('%s', (_, typed, expected) => {
    expect(chosen(typed)).toEqual(expected);
  });

  test('from a folder below the root', () => {
    expect(chosen('./b.py', '/project/src/deep')).toEqual(['src/deep/b.py']);
    expect(chosen('../a.py', '/project/src/deep')).toEqual(['src/a.py']);
    expect(chosen('../../lib', '/project/src/deep')).toEqual(['lib/src/a.py']);
    expect(chosen('.', '/project/src/deep')).toEqual(['src/deep/b.py', 'src/deep/b_test.py']);
    expect(chosen('b.py', '/project/src/deep')).toEqual(['src/deep/b.py']);
  });

  test.each([
    ['outside of the root', '/elsewhere/src/a.py'],
    ['outside, by steps back', '../src/a.py'],
    ['not there', 'src/c.py'],
    ['a part of a name', 'eep/b.py'],
    ['a file where a folder is wanted', 'src/a.py/'],
    ['not at the place that was named', './deep'],
    ['a glob that matches nothing', '*.rs'],
    ['nothing', ''],
  ])('not if it is %s', (_, typed) => {
    expect(matchFiles([typed], PATHS, standing)).toMatchObject([
      { choice: { typed, taken_as: null, matched_files: 0, patterns: [] }, regexes: [] },
    ]);
  });

  test('and it is told how each was read', () => {
    expect(matchFiles(['./src', '!*.md', 'src/ap.py'], PATHS, standing).map(({ choice }) => choice)).toEqual([
      { typed: './src', taken_as: 'path', patterns: ['src'], excludes: false, matched_files: 3, nearest: null },
      { typed: '!*.md', taken_as: 'glob', patterns: ['*.md'], excludes: true, matched_files: 3, nearest: null },
      { typed: 'src/ap.py', taken_as: null, patterns: [], excludes: false, matched_files: 0, nearest: 'src/a.py' },
    ]);
  });
});

test.each([
  ['lib/deep/b.py', 'src/deep/b.py'],
  ['src/B.PY', 'src/deep/b.py'],
  ['src/deep/bb.py', 'src/deep/b.py'],
  ['scr/', 'src'],
  ['C:\\work\\src\\deep\\b.py', 'src/deep/b.py'],
  ['nothing-like-it.rs', null],
  ['*', null],
])('for %s the nearest is %s', (typed, expected) => {
  expect(nearestPath(typed, PATHS)).toBe(expected);
});

describe('one file is found', () => {
  test.each([
    ['a.py', '/project/src', 'src/a.py'],
    ['src/a.py', '/project/lib', 'lib/src/a.py'],
    ['src/a.py', '/project', 'src/a.py'],
    ['src/deep/b.py', '/project/lib', 'src/deep/b.py'],
    ['/project/src/a.py', '/project/lib', 'src/a.py'],
    ['app/[slug]/page.tsx', '/project', 'app/[slug]/page.tsx'],
    ['b_test.py', '/project', 'src/deep/b_test.py'],
    ['page.tsx', '/project', null],
    ['src', '/project', null],
    ['../a.py', '/project', null],
  ])('%s from %s is %s', (typed, from, expected) => {
    expect(findPath(typed, PATHS, { root: '/project', from })).toBe(expected);
  });
});
