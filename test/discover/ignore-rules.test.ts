import { expect, test } from 'vitest';
import { openFolders } from '../../src/discover/folders.ts';
import { NO_RULES, noRules } from '../../src/discover/ignore-rules.ts';
import { walkFiles } from '../../src/discover/walk-files.ts';
import { temporaryFolder, write } from '../phase1-parse/temporary-trees.ts';

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
  const walked = await walkFiles({ root, start: '', folders });
  expect(walked.paths).toEqual(['a.ts']);
  expect(walked.failed).toEqual([{ path: 'b', reason: expect.stringContaining('too many for ignore rules') }]);
  expect(folders.failed).toEqual([{ path: 'd', reason: expect.stringContaining('too many for ignore rules') }]);
});

test('no pattern takes long, however it was made: one that would is a failure and names itself', () => {
  const name = `b${'a'.repeat(240)}b`;
  const deep = 'a/'.repeat(300);
  const patterns = [
    `${'*a'.repeat(30)}b`,
    `${'?*'.repeat(60)}z`,
    `${'[!b]*'.repeat(40)}z`,
    `${'[a-z]*'.repeat(40)}?z`,
    `${'\\a*'.repeat(40)}z`,
    `**/*${'a*'.repeat(30)}/x`,
    `${'**/a/'.repeat(2)}b`,
    `${'**/'.repeat(40)}b`,
    `/a/**/b/**/c`,
    '*'.repeat(1000),
    `${'('.repeat(500)}${')*+'.repeat(500)}`,
    `[${'['.repeat(500)}`,
    '['.repeat(1000),
    '!'.repeat(1000),
    '\\'.repeat(999),
  ];
  for (const pattern of patterns) {
    const rules = NO_RULES.with('', '.gitignore', pattern).with('a', 'a/.gitignore', pattern);
    const before = process.cpuUsage(); // the clock on the wall counts what else is at work
    for (const path of [name, `${deep}${name}`, `a/${name}/`, `${deep}x`]) {
      try {
        rules.hiddenBy(path);
      } catch (error) {
        expect((error as Error).message).toMatch(/\.gitignore:1: .* takes too long for a path of \d+ folders/);
      }
    }
    expect(process.cpuUsage(before).user / 1000, pattern.slice(0, 40)).toBeLessThan(1000);
  }
  const costly = NO_RULES.with('', '.gitignore', `${'**/a/'.repeat(5)}b`);
  expect(() => costly.hiddenBy(`${deep}x`)).toThrow('takes too long');
  expect(costly.hiddenBy('a/a/a/a/a/b')).toBe(`.gitignore:1: ${'**/a/'.repeat(5)}b`);
});

test('where the repository says so, the case of letters does not count', () => {
  expect(noRules(true).with('', '.gitignore', '*.LOG').hiddenBy('a.log')).toBe('.gitignore:1: *.LOG');
  expect(noRules(false).with('', '.gitignore', '*.LOG').hiddenBy('a.log')).toBe(null);
});
