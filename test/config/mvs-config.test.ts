import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { readMvsConfig } from '../../src/config/mvs-config.ts';
import { PEER_EXTENSIONS } from '../../src/core/source-rules.ts';
import { temporaryTree } from './temporary.ts';

function read(config: object, files: Record<string, string> = {}) {
  return readMvsConfig(temporaryTree({ 'config.json': JSON.stringify(config), ...files }));
}

describe('the settings of mcp-vector-search', () => {
  it('are none where there is no file', () => {
    expect(readMvsConfig(temporaryTree())).toBeNull();
    expect(readMvsConfig('/nowhere/at/all')).toBeNull();
    expect(readMvsConfig(join(temporaryTree({ file: '' }), 'file'))).toBeNull();
  });

  it('restrict extensions only where the list lacks one of mcp-vector-search', () => {
    expect(read({ file_extensions: PEER_EXTENSIONS })?.sources.extensions).toBeNull();
    expect(read({ file_extensions: [...PEER_EXTENSIONS, '.arb', '.zig'] })?.sources.extensions).toBeNull();
    expect(read({ file_extensions: ['.py', 'go'] })?.sources.extensions).toEqual(['.py', '.go']);
    expect(read({ file_extensions: null })?.sources.extensions).toBeNull();
  });

  it('skip dotfiles unless they say otherwise, as mcp-vector-search does', () => {
    expect(read({})?.sources.skipDotfiles).toBe(true);
    expect(read({ skip_dotfiles: false })?.sources.skipDotfiles).toBe(false);
  });

  it('give its patterns, places and excludes', () => {
    const found = read(
      {
        embedding_model: 'x/y',
        respect_gitignore: false,
        force_include_patterns: ['gen/**'],
        force_include_paths: ['./repos/', 'a.py'],
        openai_api_key: null,
        something_new: { a: 1 },
      },
      { 'exclude-patterns.txt': '# mine\n**/old/**\n!**/vendor/**\n\n' },
    );
    expect(found).toEqual({
      embeddingModel: 'x/y',
      sources: {
        extensions: null,
        skipDotfiles: true,
        respectGitignore: false,
        forceIncludePatterns: ['gen/**'],
        forceIncludePaths: ['repos', 'a.py'],
        excludePatterns: ['**/old/**'],
      },
    });
  });

  it.each([
    ['no JSON', '{'],
    ['a wrong type', '{"force_include_paths": "repos"}'],
    ['a list', '[1]'],
  ])('that are %s are refused, naming the file', (_, text) => {
    const folder = temporaryTree({ 'config.json': text });
    expect(() => readMvsConfig(folder)).toThrow(join(folder, 'config.json'));
  });

  it('that are a device are refused and not read', () => {
    const folder = temporaryTree();
    symlinkSync('/dev/zero', join(folder, 'config.json'));
    expect(() => readMvsConfig(folder)).toThrow('not a small regular file');
  });

  it('become part of the configuration', () => {
    const tree = temporaryTree({
      'p/.mcp-vector-search/config.json': '{"embedding_model":"m","file_extensions":[".c"]}',
    });
    const config = loadConfig({ path: 'p', creates: true, cwd: tree, env: {} });
    expect(config).toMatchObject({ mvsModel: 'm', sources: { extensions: ['.c'] } });
  });
});
