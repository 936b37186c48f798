// Discovery under the settings of mcp-vector-search, over real folders.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SourceRules } from '../../src/core/source-rules.ts';
import { listForced } from '../../src/discover/mvs-rules.ts';
import { discoverIn, pathsOf, repository, skipsOf, temporaryFolder, write } from '../phase1-parse/temporary-trees.ts';

const RULES: SourceRules = {
  extensions: null,
  skipDotfiles: false,
  respectGitignore: true,
  forceIncludePatterns: [],
  forceIncludePaths: [],
  excludePatterns: [],
};

const TREE = {
  '.gitignore': 'gen/\nrepos/\n*.log\n',
  'a.py': 'x',
  'b.PY': 'x',
  'c.md': 'x',
  Makefile: 'x',
  '.hidden/d.py': 'x',
  '.github/e.py': 'x',
  'gen/f.py': 'x',
  'gen/deep/g.java': 'x',
  'repos/own/h.py': 'x',
  'repos/own/.env': 'x',
  'node_modules/m/i.js': 'x',
  'old/j.py': 'x',
  'k.log': 'x',
};

describe.each(['git', 'walk'] as const)('with the settings of mcp-vector-search (%s)', (kind) => {
  const discovered = async (over: Partial<SourceRules>) => {
    const root = kind === 'git' ? repository(TREE) : temporaryFolder();
    if (kind === 'walk') write(root, TREE);
    return discoverIn(root, { rules: { ...RULES, ...over } });
  };

  test('nothing is different where they say nothing', async () => {
    const root = repository(TREE);
    expect(pathsOf(await discovered({}))).toEqual(pathsOf(await discoverIn(root)));
  });

  test('only chosen extensions are taken, in either case, and the others are counted', async () => {
    const found = await discovered({ extensions: ['.py'] });
    expect(pathsOf(found)).toEqual(['.github/e.py', '.hidden/d.py', 'a.py', 'b.PY', 'old/j.py']);
    expect(skipsOf(found)['extension not chosen']).toEqual(['.gitignore', 'Makefile', 'c.md']);
  });

  test('dotfiles are skipped, but for those of continuous integration', async () => {
    const found = await discovered({ skipDotfiles: true });
    expect(pathsOf(found)).toEqual(['.github/e.py', 'Makefile', 'a.py', 'b.PY', 'c.md', 'old/j.py']);
    expect(skipsOf(found).dotfile).toEqual(['.gitignore', '.hidden/d.py']);
  });

  test('excluded patterns are skipped', async () => {
    expect(skipsOf(await discovered({ excludePatterns: ['**/old/**', '*.md'] })).excluded).toEqual([
      'c.md',
      'old/j.py',
    ]);
  });

  test('places are taken in whatever git ignores, but no secret', async () => {
    const found = await discovered({ forceIncludePaths: ['repos', 'k.log'], excludePatterns: ['repos/**'] });
    expect(pathsOf(found)).toContain('repos/own/h.py');
    expect(pathsOf(found)).toContain('k.log');
    expect(pathsOf(found)).not.toContain('gen/f.py');
    expect(skipsOf(found).secret).toEqual(['repos/own/.env']);
  });

  test('patterns are taken in, and reach other people’s work only where they name it', async () => {
    const all = await discovered({ forceIncludePatterns: ['gen/**/*.java', '*.js'] });
    expect(pathsOf(all)).toContain('gen/deep/g.java');
    expect(pathsOf(all)).not.toContain('gen/f.py');
    expect(pathsOf(all)).not.toContain('node_modules/m/i.js');
    expect(pathsOf(await discovered({ forceIncludePatterns: ['node_modules/m/*.js'] }))).toContain(
      'node_modules/m/i.js',
    );
  });

  test('what git ignores is taken where that is asked for', async () => {
    const found = await discovered({ respectGitignore: false });
    expect(pathsOf(found)).toEqual(expect.arrayContaining(['gen/f.py', 'repos/own/h.py', 'k.log']));
    expect(pathsOf(found)).not.toContain('node_modules/m/i.js');
  });

  test('what cannot be looked into is among the failed, for its files are not known to be gone', async () => {
    const rules = { ...RULES, forceIncludePaths: ['gen'] };
    const { paths, failed } = await listForced(join(temporaryFolder(), 'away'), rules, () => false, undefined);
    expect(paths).toEqual([]);
    expect(failed).toEqual([{ path: '', reason: expect.stringContaining('ENOENT') }]);
  });

  test('a forced link is not followed', async () => {
    const root = kind === 'git' ? repository(TREE) : temporaryFolder();
    if (kind === 'walk') write(root, TREE);
    const elsewhere = temporaryFolder();
    write(elsewhere, { 's.py': 'x' });
    symlinkSync(elsewhere, join(root, 'gen', 'out'));
    const found = await discoverIn(root, { rules: { ...RULES, forceIncludePaths: ['gen'] } });
    expect(pathsOf(found)).toContain('gen/f.py');
    expect(pathsOf(found).filter((path) => path.startsWith('gen/out'))).toEqual([]);
  });
});
