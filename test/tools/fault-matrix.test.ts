import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { faultRows, withResults } from '../../tools/fault-matrix.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const document = readFileSync(join(root, 'docs', 'reliability.md'), 'utf8');

describe('the fault table in docs/reliability.md', () => {
  const rows = faultRows(document);

  test('has every fault, in order, with a test that exists or the word that there is none', () => {
    expect(rows.map(({ cells }) => cells[0])).toEqual(Array.from({ length: 52 }, (_, n) => `F${n + 1}`));
    for (const { cells, files } of rows) {
      expect(files.length > 0 || /not shown/.test(cells[3]!), cells[0]).toBe(true);
      for (const file of files) expect(existsSync(join(root, file)), `${cells[0]}: ${file}`).toBe(true);
    }
  });

  test('quotes names of tests as they are', () => {
    const folder = join(root, 'test');
    const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.test.ts'),
    );
    const source = tests.map((path) => readFileSync(join(folder, path), 'utf8')).join('\n');
    for (const { cells } of rows) {
      for (const [, name = ''] of cells[3]!.matchAll(/"([^"]+)"/g))
        expect(source.includes(name), `${cells[0]}: ${name}`).toBe(true);
    }
  });

  test('says of every row what came of it, and when', () => {
    for (const { cells } of rows) expect(cells[4], cells[0]).toMatch(/^\d{4}-\d\d-\d\d: |^not run yet/);
  });
});

describe('filling it', () => {
  const text =
    '| F1 | a | b | `cli/signals`, `store/lock` "x" | old; by hand: 3 |\n| F2 | a | b | `cli/other` | old |\n';
  const file = (name: string, ...statuses: string[]) => ({
    name: `/a/test/${name}.test.ts`,
    status: statuses.includes('failed') ? 'failed' : 'passed',
    assertionResults: statuses.map((status) => ({ status })),
  });
  const fill = (...testResults: ReturnType<typeof file>[]) => withResults(text, { startTime: 0, testResults });

  test('counts the tests of the files that a row names and keeps what was done by hand', () => {
    expect(fill(file('cli/signals', 'passed', 'passed'), file('store/lock', 'passed', 'pending'))).toBe(
      text.replace('old; by', '1970-01-01: 3 of 3 tests passed, 1 skipped; by'),
    );
  });

  test('says so where one failed, and leaves a row of which a file was not run', () => {
    expect(fill(file('cli/signals', 'passed', 'failed'), file('store/lock', 'passed'))).toContain('FAILED, 2 of 3');
    expect(fill(file('cli/signals', 'failed'))).toBe(text);
  });
});
