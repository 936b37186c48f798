// An index that cannot be asked, or only in part: the exit code and the words that say so.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { SearchAnswer } from '../../src/index.ts';
import {
  bin,
  done,
  INDEX,
  indexedProject,
  removeTemplate,
  tandem,
  temporary,
  write,
} from '../compat-failures/project.ts';

afterAll(removeTemplate);

const textDir = (root: string) => join(root, INDEX, 'tandem/text');

describe('a search', () => {
  test('where there is no index ends with 10 and says how to make one', () => {
    const root = temporary();
    write(root, { 'a.py': 'x = 1\n' });
    const { code, stdout, stderr } = tandem(root, 'search', 'x');
    expect([code, stdout]).toEqual([10, '']);
    expect(stderr).toMatch(/no index here[\s\S]*index/);
    rmSync(root, { recursive: true, force: true });
  });

  test('of a damaged table ends with 12', () => {
    const root = indexedProject();
    const versions = join(root, INDEX, 'lance/chunks.lance/_versions');
    for (const name of readdirSync(versions)) writeFileSync(join(versions, name), 'damaged');
    const { code, stdout } = tandem(root, 'search', 'mail');
    expect([code, stdout]).toEqual([12, '']);
  });

  test.each<[string, (root: string) => void]>([
    [
      'of another version',
      (root) => {
        const path = join(textDir(root), 'manifest.json');
        writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), format: 9999 }));
      },
    ],
    ['with a manifest that is not JSON', (root) => writeFileSync(join(textDir(root), 'manifest.json'), '{')],
    ['with a segment that is cut', (root) => truncateSync(join(textDir(root), segmentOf(root)), 40)],
    ['without a segment', (root) => rmSync(join(textDir(root), segmentOf(root)))],
  ])('with a text index %s reads the chunks instead, and the answer says so', (_, damage) => {
    const root = indexedProject();
    const before = answerOf(root);
    damage(root);
    const after = answerOf(root);
    expect(after.hits).toEqual(before.hits);
    expect([before.how.read_directly, after.how.read_directly > 0]).toEqual([0, true]);
  });

  test('without a query ends with 2, from an argument or from standard input', () => {
    const root = indexedProject();
    const empty = tandem(root, 'search', '  ');
    expect([empty.code, empty.stdout]).toEqual([2, '']);
    expect(empty.stderr).toContain('the query is empty');
    const piped = spawnSync(process.execPath, [bin, 'search', '-'], { cwd: root, input: '', encoding: 'utf8' });
    expect([piped.status, piped.stdout]).toEqual([2, '']);
  });

  test('without a result ends with 5 where that is asked for, else with 0', () => {
    const root = indexedProject();
    const args = ['search', 'mail', '--threshold', '1'];
    expect(tandem(root, ...args, '--fail-empty').code).toBe(5);
    expect(tandem(root, ...args).code).toBe(0);
  });
});

function segmentOf(root: string): string {
  return readdirSync(textDir(root)).find((name) => name.endsWith('.seg'))!;
}

function answerOf(root: string): SearchAnswer {
  return JSON.parse(done(root, 'search', 'send mail to users', '--envelope')) as SearchAnswer;
}
