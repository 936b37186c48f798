// What users of mcp-vector-search have in their scripts.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { translate } from '../../src/cli/mvs-spellings.ts';
import { loadConfig } from '../../src/config/load.ts';
import { mvsEnvironmentWarnings } from '../../src/config/mvs-environment.ts';
import { temporaryTree } from '../config/temporary.ts';

/** Commands that both programs have under one name. */
const OURS = new Set(['index', 'status', 'search', 'migrate', 'doctor', 'mcp', 'help', '--version']);

describe('a spelling of mcp-vector-search', () => {
  it.each([
    [
      ['index', 'chunk', '-f'],
      ['index', '--phase=1', '-f'],
    ],
    [
      ['index', '-v', 'chunk'],
      ['index', '-v', 'chunk'],
    ],
    [
      ['index', 'embed', '-v'],
      ['index', '--phase=2', '-v'],
    ],
    [['index', 'phases'], ['status']],
    [
      ['index', 'status', '--json'],
      ['status', '--json'],
    ],
    [
      ['index', 'health'],
      ['verify', '--quick'],
    ],
    [
      ['migrate', 'migrate', '--dry-run'],
      ['migrate', '--to-dual-table', '--dry-run'],
    ],
    [
      ['migrate', '--to-dual-table'],
      ['migrate', '--to-dual-table'],
    ],
    [['version'], ['--version']],
    [
      ['index', 'src'],
      ['index', 'src'],
    ],
    [
      ['search', '--no-daemon', '--no-rerank', 'a b'],
      ['search', 'a b'],
    ],
    [
      ['search', '-S', 'vector', '-c', 'a'],
      ['search', 'a'],
    ],
    [
      ['search', '--', '--no-daemon'],
      ['search', '--', '--no-daemon'],
    ],
    [
      ['index', 'embed', '-d', 'cpu'],
      ['index', '--phase=2', '-d', 'cpu'],
    ],
    [
      ['index', 'embed', '--device', 'cuda'],
      ['index', '--phase=2', '--device', 'cuda'],
    ],
  ])('%j means %j, without a word', (typed, words) => {
    expect(translate(typed)).toEqual({ words, warnings: [] });
  });

  it.each([
    [['embed'], ['index', '--phase=2'], 'old spelling of: tandem index --phase=2'],
    [['reindex'], ['index', '--force'], 'old spelling of: tandem index --force'],
    [['index', 'chunk', '-b', '9', '.'], ['index', '--phase=1', '.'], '-b changes nothing'],
    [['index', '--batch-size=9'], ['index'], '--batch-size changes nothing'],
    [['search', '--rerank-top-n=50', 'a'], ['search', 'a'], '--rerank-top-n changes nothing'],
    [['init', '--force'], [], 'init is not needed'],
  ])('%j means %j, with one line that says so', (typed, words, warning) => {
    const spelled = translate(typed);
    expect(spelled.words).toEqual(words);
    expect(spelled.warnings).toEqual([expect.stringContaining(warning)]);
  });

  it.each([
    ['index', 'kg'],
    ['watch'],
    ['search', '--grade', 'A', 'x'],
    ['index', '-e', '.py'],
    ['search', '-P', 'web', 'x'],
  ])('%s %s is refused with what to do instead', (...typed) => {
    expect(() => translate(typed)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.stringMatching(/.{10}/) }),
    );
  });

  it.each(
    (
      'setup install uninstall remove init demo status search chat ask chat-local index embed reindex index-code ' +
      'progress profile mcp daemon config skills reset migrate vendor-patterns analyze visualize wiki kg story audit ' +
      'doctor help version'
    ).split(' '),
  )('%s of 4.1.14 is a command here, means one, or is answered, and is in MIGRATION.md', (name) => {
    const guide = readFileSync(new URL('../../MIGRATION.md', import.meta.url), 'utf8');
    expect(guide.includes(`\`${name}\``) || guide.includes(`\`${name} `)).toBe(true);
    try {
      const { words, warnings } = translate([name, 'x']);
      expect(warnings.length > 0 || OURS.has(words[0] ?? '')).toBe(true);
    } catch (error) {
      expect(error).toMatchObject({ code: 'USAGE', hint: expect.stringMatching(/.{10}/) });
    }
  });

  it('names a folder of the same name as a command', () => {
    const before = process.cwd();
    const tree = temporaryTree();
    mkdirSync(join(tree, 'chunk'));
    process.chdir(tree);
    try {
      expect(translate(['index', 'chunk']).warnings).toEqual([expect.stringContaining('write ./chunk')]);
    } finally {
      process.chdir(before);
    }
  });
});

describe('an environment variable of mcp-vector-search', () => {
  const load = (env: Record<string, string>) =>
    loadConfig({ path: 'p', creates: true, cwd: temporaryTree({ 'p/': '' }), env });

  it('counts where there is a counterpart, after our own', () => {
    expect(load({ MCP_VECTOR_SEARCH_WORKERS: '3' }).workers).toBe(3);
    expect(load({ MCP_VECTOR_SEARCH_MAX_WORKERS: '4' }).workers).toBe(4);
    expect(load({ MCP_VECTOR_SEARCH_WORKERS: '3', TANDEM_WORKERS: '2' }).workers).toBe(2);
    expect(load({ MCP_VECTOR_SEARCH_EMBEDDING_MODEL: 'a/b' }).mvsModel).toBe('a/b');
    expect(() => load({ MCP_VECTOR_SEARCH_WORKERS: 'x' })).toThrow('MCP_VECTOR_SEARCH_WORKERS');
  });

  it('is named if it changes nothing, and corrected if it is misspelt', () => {
    const warnings = mvsEnvironmentWarnings({
      MCP_VECTOR_SEARCH_WORKERS: '3',
      MCP_VECTOR_SEARCH_DEVICE: 'cpu',
      MCP_VECTOR_SEARCH_BATCH_SIZE: '9',
      MCP_VECTOR_SEARCH_KG_BATCH_SIZE: '9',
      MCP_VECTOR_SEARCH_WORKER: '1',
      MCP_VECTOR_SEARCH_TWO_PASS: '',
      PATH: '/bin',
    });
    expect(warnings).toEqual([
      expect.stringContaining('MCP_VECTOR_SEARCH_BATCH_SIZE changes nothing: batches hold 512'),
      expect.stringContaining('MCP_VECTOR_SEARCH_KG_BATCH_SIZE changes nothing'),
      expect.stringContaining('did you mean MCP_VECTOR_SEARCH_WORKERS?'),
    ]);
    expect(mvsEnvironmentWarnings({ MCP_VECTOR_SEARCH_DEVICE: 'cuda' })).toEqual([
      expect.stringContaining('TANDEM_DEVICE'),
    ]);
  });
});
