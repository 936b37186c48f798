import { describe, expect, test } from 'vitest';
import { globAsRegex, matchesGlob } from '../../src/discover/glob.ts';

const CASES: readonly (readonly [glob: string, path: string, matches: boolean])[] = [
  ['*.ts', 'a.ts', true],
  ['*.ts', 'src/a.ts', true],
  ['*.ts', 'a.tsx', false],
  ['src/*.ts', 'src/x/a.ts', true],
  ['src/*.ts', 'lib/src/a.ts', true],
  ['src/*.ts', 'xsrc/a.ts', false],
  ['**/fixtures/**', 'a/fixtures/b', true],
  ['**/fixtures/**', 'fixtures/b', true],
  ['repos/**/*.java', 'repos/A.java', true],
  ['repos/**/*.java', 'repos/a/b/A.java', true],
  ['repos/**/*.java', 'repos/a/b/A.jav', false],
  ['a/**/b', 'a/xb', false],
  ['a/**/b', 'a/x/b', true],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['[a-c]x', 'bx', true],
  ['[!a-c]x', 'bx', false],
  ['[!a-c]x', 'dx', true],
  ["it's (1)+.py", "d/it's (1)+.py", true],
  ['a[b', 'a[b', true],
  ['a.b', 'axb', false],
];

describe('a glob', () => {
  test.each(CASES)('%j on %j: %j, here and as a regular expression', (glob, path, matches) => {
    expect(matchesGlob(glob, path)).toBe(matches);
    expect(new RegExp(globAsRegex(glob).replace('(?s:', '(?:'), 's').test(path)).toBe(matches);
  });

  test('of hostile length takes no more than a moment', () => {
    const startedAt = performance.now();
    expect(matchesGlob(`${'a*'.repeat(100)}b`, 'a'.repeat(1000))).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});
