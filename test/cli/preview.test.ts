import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder, write } from '../phase1-parse/temporary-trees.ts';

const bin = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));

function tandem(root: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'index', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: root },
  });
  return { code: status, stdout, stderr };
}

test('index --dry-run and --explain answer, end with a code that says how, and make nothing', () => {
  const root = temporaryFolder();
  write(root, {
    '.gitignore': '*.log\n',
    'a.py': 'x = 1\n',
    'b.log': 'x',
    'c.py': 'x = 1\n',
    'new\nline.py': 'x = 1\n',
  });
  const dry = tandem(root, '--dry-run', '-v', '--exclude', 'c.*', '--exclude', '.gitignore');
  expect(dry).toMatchObject({ code: 0, stderr: '' });
  expect(dry.stdout.split('\n')).toEqual([
    expect.stringMatching(/^Would index 2 files found by walking the tree in /),
    '  files     2 added',
    '  skipped   2 excluded',
    '  added     a.py',
    '  added     new\\nline.py',
    '  skipped   .gitignore (exclude:2: .gitignore)',
    '  skipped   c.py (exclude:1: c.*)',
    'Nothing was changed.',
    '',
  ]);
  const json = tandem(root, '--dry-run', '--json', '--include=a.py');
  expect(JSON.parse(json.stdout)).toMatchObject({ schema: 1, would_index: 1, list: { added: ['a.py'] } });

  expect(tandem(root, '--explain', 'a.py')).toMatchObject({ code: 0, stdout: expect.stringContaining('as python') });
  const hidden = tandem(root, '--explain', 'b.log', '--json');
  expect([hidden.code, JSON.parse(hidden.stdout)]).toEqual([
    3,
    { schema: 1, path: 'b.log', outcome: 'left out', reason: expect.any(String), rule: '.gitignore:1: *.log' },
  ]);
  expect(tandem(root, '--explain', '../a.py').code).toBe(2);
  expect(tandem(root, '--dry-run', '--phase=2').code).toBe(2);
  const nothing = tandem(root, '--dry-run', '--include', '*.rs');
  expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('4 not included') });
  expect(existsSync(join(root, '.mcp-vector-search'))).toBe(false);
});
