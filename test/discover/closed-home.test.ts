// A home folder inside the tree that may not be entered is no source; one that an index has rows of is a failure.
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { discoverIn, pathsOf, repository, skipsOf, temporaryFolder, write } from '../phase1-parse/temporary-trees.ts';

const FILES = { 'a.ts': 'x', 'home/b.ts': 'x', 'other/c.ts': 'x' };
const WAYS = [
  ['git', () => repository(FILES), { PATH: process.env.PATH }],
  ['walk', () => written(), { PATH: '/nowhere' }],
] as const;

function written(): string {
  const root = temporaryFolder();
  write(root, FILES);
  return root;
}

describe.skipIf(process.platform === 'win32' || process.getuid?.() === 0).each(WAYS)('%s', (_, make, env) => {
  test('is left out, other closed folders are failures', async () => {
    const root = make();
    const [home, other] = [join(root, 'home'), join(root, 'other')];
    for (const folder of [home, other]) chmodSync(folder, 0);
    try {
      const gitEnv = { ...env, HOME: home };
      const found = await discoverIn(root, { gitEnv });
      expect(pathsOf(found)).toEqual(['a.ts']);
      expect(skipsOf(found)).toEqual({ 'unreadable home folder': ['home'] });
      expect(found.failed.map(({ path }) => path)).toEqual(['other']);

      const known = await discoverIn(root, { gitEnv, indexed: ['home/b.ts'] });
      expect(known.failed.map(({ path }) => path)).toEqual(['home', 'other']);
    } finally {
      for (const folder of [home, other]) chmodSync(folder, 0o755);
    }
  });
});
