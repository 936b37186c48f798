// Which places of the environment count: absolute ones, for a relative one is another folder in each project.
import { chmodSync, symlinkSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { relativePlaces, userCacheDir, userFilePath, userHome } from '../../src/config/places.ts';
import { temporaryTree } from './temporary.ts';

const { homedir } = userInfo();
const load = (root: string, env: Record<string, string> = {}) =>
  loadConfig({ path: root, creates: true, cwd: root, env });
const onPosix = test.skipIf(process.platform === 'win32');

describe('the user’s own places', () => {
  onPosix.each(['', '.', 'home', './x'])('HOME="%s" is none of them', (HOME) => {
    expect(userHome({ HOME })).toBe(homedir);
    expect(userFilePath({ HOME })).toBe(join(homedir, '.config/tandem/config.json'));
    expect(userCacheDir({ HOME })?.startsWith('/')).toBe(true);
  });

  onPosix('a relative XDG folder counts as not set', () => {
    const env = { HOME: '/h', XDG_CONFIG_HOME: 'c', XDG_CACHE_HOME: '.cache' };
    expect(userFilePath(env)).toBe('/h/.config/tandem/config.json');
    if (process.platform === 'linux') expect(userCacheDir(env)).toBe('/h/.cache/tandem');
    expect(userFilePath({ ...env, XDG_CONFIG_HOME: '/c' })).toBe('/c/tandem/config.json');
  });

  test('each that is not absolute is named, an empty one is not', () => {
    expect(relativePlaces({ HOME: '', INDEX_PATH: 'ix', TMPDIR: 'tmp', XDG_CACHE_HOME: '/c' })).toEqual([
      'INDEX_PATH is ignored: "ix" is not an absolute path',
      'TMPDIR is ignored: "tmp" is not an absolute path',
    ]);
  });
});

onPosix('a cloned project cannot bring the user’s settings by a relative HOME', () => {
  const root = temporaryTree({
    '.config/tandem/config.json': '{"workers": 63, "modelDir": "evil"}',
    'home/.config/tandem/config.json': '{"workers": 63}',
  });
  for (const HOME of ['.', 'home', '']) {
    const config = load(root, { HOME, INDEX_PATH: 'home', XDG_CACHE_HOME: 'home' });
    expect(config.workers).not.toBe(63);
    expect(config.indexDir).toBe(join(root, '.mcp-vector-search'));
    expect(config.cache?.directory.startsWith(root)).not.toBe(true);
    expect(config.warnings).toHaveLength(HOME === '' ? 2 : 3);
  }
  expect(load(root, { XDG_CONFIG_HOME: join(root, 'x'), INDEX_PATH: join(root, 'home') })).toMatchObject({
    indexDir: join(root, 'home', '.mcp-vector-search'),
    warnings: [],
  });
});

test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
  'settings that may not be read are passed over',
  () => {
    const tree = temporaryTree({ 'project/': '', 'home/tandem/config.json': '{"workers": 63}' });
    chmodSync(join(tree, 'home'), 0);
    const { warnings } = load(join(tree, 'project'), { XDG_CONFIG_HOME: join(tree, 'home') });
    chmodSync(join(tree, 'home'), 0o700);
    expect(warnings).toEqual([expect.stringMatching(/config\.json cannot be read \(EACCES\) and are passed over/)]);
  },
);

describe('the place of the index', () => {
  onPosix('a link to nothing is named with its target', () => {
    const root = temporaryTree({ 'a.py': '' });
    symlinkSync('/nowhere/index', join(root, '.mcp-vector-search'));
    const words = {
      code: 'PATH_NOT_FOUND',
      message: expect.stringContaining('a link to /nowhere/index, which does not'),
    };
    expect(() => load(root)).toThrow(expect.objectContaining(words));
    symlinkSync('/nowhere/index', join(root, 'link'));
    expect(() => load(root, { INDEX_PATH: join(root, 'link') })).toThrow(expect.objectContaining(words));
    symlinkSync('circle', join(root, 'circle'));
    expect(() => load(root, { INDEX_PATH: join(root, 'circle') })).toThrow(
      expect.objectContaining({ code: 'PATH_NOT_FOUND', message: expect.stringContaining('circle') }),
    );
  });

  test('a file in its place is named', () => {
    const root = temporaryTree({ '.mcp-vector-search': 'x' });
    expect(() => load(root)).toThrow(expect.objectContaining({ code: 'PATH_NOT_A_DIRECTORY' }));
    expect(load(root, { INDEX_PATH: join(root, 'other') }).indexDir).toContain('other');
  });
});
