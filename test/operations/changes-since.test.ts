// `status` counts the files that are not as the last run saw them.
import { chmodSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { indexProject, loadConfig, openForWriting, status } from '../../src/index.ts';
import { temporary, write } from '../compat-failures/project.ts';

const FILES = {
  'src/a.py': 'def a():\n    return 1\n',
  'src/b.py': 'def b():\n    return 2\n',
  'docs/c.md': '# C\n\nText.\n',
  'empty.py': '',
};
const NONE = { added: 0, changed: 0, removed: 0, unknown: 0 };

let root: string;
beforeEach(async () => {
  root = temporary();
  write(root, FILES);
  await parse();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const config = () => loadConfig({ path: root, creates: true, env: {} });
const changes = async () => (await status(config())).changes;
const place = (path: string) => join(root, path);

async function parse(flags = {}) {
  const config = loadConfig({ path: root, creates: true, env: {}, flags });
  await using index = await openForWriting(config);
  await indexProject(index, { phase: 1 });
}

describe('files since the last run', () => {
  test('are as they were', async () => {
    expect(await changes()).toEqual(NONE);
    utimesSync(place('src/a.py'), new Date(), new Date());
    expect(await changes()).toEqual(NONE);
  });

  test.each<[string, () => void, Partial<typeof NONE>]>([
    ['one grew', () => writeFileSync(place('src/a.py'), 'x = 1\n'.repeat(9)), { changed: 1 }],
    ['an empty one got text', () => writeFileSync(place('empty.py'), 'x = 1\n'), { changed: 1 }],
    [
      'one changed and kept its size and time',
      () => {
        const { atime, mtime } = statSync(place('src/a.py'));
        writeFileSync(place('src/a.py'), FILES['src/a.py'].replace('1', '7'));
        utimesSync(place('src/a.py'), atime, mtime);
      },
      { changed: 1 },
    ],
    ['one is new', () => write(root, { 'src/new.py': 'x = 1\n' }), { added: 1 }],
    ['one is gone', () => rmSync(place('src/a.py')), { removed: 1 }],
    ['one was renamed', () => renameSync(place('src/a.py'), place('src/z.py')), { added: 1, removed: 1 }],
    ['a folder is gone', () => rmSync(place('src'), { recursive: true }), { removed: 2 }],
    [
      'one became a folder',
      () => {
        rmSync(place('src/a.py'));
        mkdirSync(place('src/a.py'));
      },
      { removed: 1 },
    ],
    [
      'one became a link',
      () => {
        renameSync(place('src/a.py'), place('src/z.py'));
        symlinkSync('z.py', place('src/a.py'));
      },
      { added: 1, removed: 1 },
    ],
    ['one is hidden by a rule now', () => write(root, { '.tandemignore': 'docs/\n' }), { removed: 1, added: 1 }],
  ])('differ: %s', async (_, change, expected) => {
    change();
    expect(await changes()).toEqual({ ...NONE, ...expected });
  });

  test('are judged by what the last run was told to index', async () => {
    await parse({ exclude: ['docs/'] });
    expect(await changes()).toEqual(NONE);
  });

  test.skipIf(process.getuid?.() === 0)('are not known where they cannot be read', async () => {
    chmodSync(place('src/a.py'), 0);
    expect(await changes()).toEqual({ ...NONE, unknown: 1 });
  });

  test('are not compared where none of our runs has seen them, or the root is gone', async () => {
    const moved = { ...config(), indexDir: place('.mcp-vector-search') };
    expect((await status({ ...moved, indexDir: place('nowhere') })).changes).toBe(null);
    const other = temporary();
    renameSync(place('.mcp-vector-search'), join(other, 'index'));
    rmSync(root, { recursive: true });
    expect(await status({ ...moved, indexDir: join(other, 'index') })).toMatchObject({
      changes: null,
      layout: 'dual-table',
    });
    rmSync(other, { recursive: true });
  });
});
