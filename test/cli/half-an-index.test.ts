// An index of which a part is missing: every command tells the same truth about it.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { SearchAnswer, StatusReport, VerifyReport } from '../../src/index.ts';
import { INDEX, indexedProject, removeTemplate, tandem, temporary, write } from '../compat-failures/project.ts';

afterAll(removeTemplate);

const SOURCE = { 'src/a.py': 'def alpha(x):\n    return x\n\n\ndef beta(y):\n    return y\n' };

const answerOf = (root: string, ...args: string[]): SearchAnswer => {
  const { stdout, stderr, code } = tandem(root, 'search', 'beta', '--envelope', ...args);
  expect([0, 4], stderr).toContain(code);
  return JSON.parse(stdout) as SearchAnswer;
};

describe('chunks without vectors', () => {
  test('after phase 1 search answers by words, says that no chunk is embedded, and how to go on', () => {
    const root = temporary();
    write(root, SOURCE);
    tandem(root, 'index', '--phase=1', '-q');
    const plain = tandem(root, 'search', 'beta');
    expect([plain.code, plain.stdout]).toEqual([0, expect.stringContaining('src/a.py:5-6  function beta')]);
    expect(plain.stderr).toMatch(/0 of 2 chunks are embedded; continue with: node .*tandem\.js resume \//);
    expect(plain.stderr).toContain('this answer is by words alone: no chunk is embedded yet');
    const semantic = tandem(root, 'search', 'beta', '--mode=semantic');
    expect([semantic.code, semantic.stdout]).toEqual([0, 'No results for beta among 0 of 2 chunks\n']);
    expect(tandem(root, 'search', 'beta', '--require-complete').code).toBe(4);
    expect(tandem(root, 'search', 'beta', '--json')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"function_name": "beta"'),
      stderr: expect.stringContaining('0 of 2 chunks'),
    });
    expect(answerOf(root)).toMatchObject({
      schema: 1,
      index: { complete: false, phase1: 'finished', chunks: { total: 2, embedded: 0, pending: 2 } },
      how: { mode: 'lexical', reason: 'no chunk is embedded yet' },
      hits: [{ function_name: 'beta' }],
    });
    expect(tandem(root, 'resume', '-q').code).toBe(0);
    expect(tandem(root, 'search', 'beta', '--require-complete')).toMatchObject({ code: 0, stderr: '' });
    rmSync(root, { recursive: true });
  });

  test('a lost table of vectors is work that is left, for every command', () => {
    const root = indexedProject();
    rmSync(join(root, INDEX, 'lance/vectors.lance'), { recursive: true });
    const status = tandem(root, 'status', '--json', '--exit-code');
    const { chunks, complete, layout } = JSON.parse(status.stdout) as StatusReport;
    expect([status.code, complete, layout]).toEqual([4, false, 'dual-table']);
    expect(chunks.total).toBeGreaterThan(0);
    expect(tandem(root, 'status').stdout).toContain(`none of ${chunks.total} chunks has a vector`);
    // Its chunks are marked as embedded, which is no longer true: that is damage, and the next run mends it.
    const verified = tandem(root, 'verify', '--json');
    expect([verified.code, (JSON.parse(verified.stdout) as VerifyReport).chunks.total]).toEqual([12, chunks.total]);
    expect(answerOf(root).index).toMatchObject({ complete: false, chunks: { total: chunks.total, embedded: 0 } });
    expect(tandem(root, 'index', '--dry-run').code).toBe(0);
    expect(tandem(root, 'resume', '-q').code).toBe(0);
    expect(tandem(root, 'status', '--exit-code').code).toBe(0);
    expect(tandem(root, 'verify').code).toBe(0);
  });
});

test('a lost table of chunks is damage, for every command that reads; indexing parses the files again', () => {
  const root = indexedProject();
  rmSync(join(root, INDEX, 'lance/chunks.lance'), { recursive: true });
  for (const command of [['status'], ['search', 'mail'], ['resume'], ['verify'], ['cleanup']]) {
    const { code, stdout, stderr } = tandem(root, ...command);
    expect(code, command[0]).toBe(12);
    expect(stdout + stderr).toContain('chunks.lance');
  }
  expect(tandem(root, 'index', '-q').code).toBe(0);
  expect(tandem(root, 'verify').code).toBe(0);
});
