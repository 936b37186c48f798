import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInside, realPath, resolveRoot } from '../../src/config/root.ts';
import { temporaryTree } from './temporary.ts';

function rootOf(standing: string, request: { path?: string; projectRoot?: string; creates?: boolean } = {}): string {
  return resolveRoot({ standing, creates: false, ...request });
}

describe('the root', () => {
  it('is the path as given, relative to where the user stands', () => {
    const tree = temporaryTree({ 'a/b/': '' });
    expect(rootOf(join(tree, 'a'), { path: 'b' })).toBe(join(tree, 'a/b'));
    expect(rootOf(join(tree, 'a'), { projectRoot: '..' })).toBe(tree);
  });

  it('given as a path wins over an index further up', () => {
    const tree = temporaryTree({ '.mcp-vector-search/': '', 'a/b/': '' });
    expect(rootOf(join(tree, 'a'), { path: 'b', creates: true })).toBe(join(tree, 'a/b'));
  });

  it('is else the nearest folder upward that holds an index', () => {
    const tree = temporaryTree({
      '.mcp-vector-search/': '',
      'a/.mcp-vector-search/': '',
      'a/b/.git/HEAD': 'ref:',
      'a/b/c/': '',
    });
    expect(rootOf(join(tree, 'a/b/c'), { creates: true })).toBe(join(tree, 'a'));
    expect(rootOf(join(tree, 'a/b/c'))).toBe(join(tree, 'a'));
  });

  it('is else the git top level for a command that makes an index, and where the user stands for others', () => {
    const tree = temporaryTree({ 'a/.git/HEAD': 'ref: refs/heads/main', 'a/b/': '' });
    expect(rootOf(join(tree, 'a/b'), { creates: true })).toBe(join(tree, 'a'));
    expect(rootOf(join(tree, 'a/b'))).toBe(join(tree, 'a/b'));
  });

  it('takes the file that marks a work tree for a git top level, and an empty .git folder for none', () => {
    const tree = temporaryTree({ '.git': 'gitdir: /elsewhere', 'a/.git/': '', 'a/b/': '' });
    expect(rootOf(join(tree, 'a/b'), { creates: true })).toBe(tree);
  });

  it('is one and the same through a symbolic link', () => {
    const tree = temporaryTree({ 'real/': '' });
    symlinkSync(join(tree, 'real'), join(tree, 'link'));
    expect(rootOf(tree, { path: 'link' })).toBe(join(tree, 'real'));
  });

  it.each(['nowhere', '', 'file.txt/below'])('is refused as %j, which is no folder', (path) => {
    const tree = temporaryTree({ 'file.txt': '' });
    expect(() => rootOf(tree, { path })).toThrow(expect.objectContaining({ code: 'PATH_NOT_FOUND' }));
  });

  it('is refused where it is a file', () => {
    const tree = temporaryTree({ 'file.txt': '' });
    expect(() => rootOf(tree, { path: 'file.txt' })).toThrow(expect.objectContaining({ code: 'PATH_NOT_A_DIRECTORY' }));
  });

  it('may be given twice, but not differently', () => {
    const tree = temporaryTree({ 'a/': '', 'b/': '' });
    expect(rootOf(tree, { path: 'a', projectRoot: './a/' })).toBe(join(tree, 'a'));
    expect(() => rootOf(tree, { path: 'a', projectRoot: 'b' })).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

describe('paths', () => {
  it('below a folder are inside it, the folder itself and its neighbours are not', () => {
    const name = fc.stringMatching(/^[a-z.]{1,8}$/).filter((each) => each !== '.' && each !== '..');
    fc.assert(
      fc.property(name, fc.array(name, { minLength: 1, maxLength: 4 }), (folder, below) => {
        const root = `/r/${folder}`;
        expect(isInside(root, `${root}/${below.join('/')}`)).toBe(true);
        expect(isInside(root, root)).toBe(false);
        expect(isInside(root, '/r')).toBe(false);
        expect(isInside(root, `${root}x/${below.join('/')}`)).toBe(false);
      }),
    );
  });

  it('lose their links also where the end does not exist yet', () => {
    const tree = temporaryTree({ 'real/': '' });
    symlinkSync(join(tree, 'real'), join(tree, 'link'));
    expect(realPath(join(tree, 'link/new/deeper'))).toBe(join(tree, 'real/new/deeper'));
  });
});
