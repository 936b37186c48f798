// Every object that a command prints says which schema it has, and its keys are snake_case.
import { afterAll, expect, test } from 'vitest';
import { indexedProject, removeTemplate, tandem } from '../compat-failures/project.ts';

afterAll(removeTemplate);

/** Objects whose keys are data: reasons, recipes, statuses. */
const MAPS = new Set(['skipped', 'skipped_by_reason', 'recipes', 'by_status']);

function oddKeys(value: unknown, place = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const isOdd = !Array.isArray(value) && !/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(key);
    const below = MAPS.has(key) ? [] : oddKeys(inner, `${place}.${key}`);
    return isOdd ? [`${place}.${key}`, ...below] : below;
  });
}

test('the check itself finds a key in another case', () => {
  expect(oddKeys({ a_b: [{ foundBy: 1 }], skipped: { 'too large': 1 } })).toEqual(['.a_b.0.foundBy']);
});

test.each([
  ['index', '--force'],
  ['index', '--dry-run'],
  ['index', '--explain', 'src/mail.ts'],
  ['resume'],
  ['status'],
  ['search', 'mail', '--envelope'],
  ['verify'],
  ['verify', '--repair'],
  ['cleanup', '--dry-run'],
  ['unlock'],
  ['migrate', '--to-dual-table'],
  ['doctor'],
])('of %s', (...command) => {
  const { stdout, stderr } = tandem(indexedProject(), ...command, '--json');
  const printed = JSON.parse(stdout || stderr) as { schema: number };
  expect([printed.schema, oddKeys(printed)]).toEqual([1, []]);
});

test('of an error', () => {
  const { code, stdout, stderr } = tandem(indexedProject(), 'search', 'mail', '--files', 'nowhere.py', '--json');
  expect([code, stdout]).toEqual([5, '']);
  expect(JSON.parse(stderr)).toMatchObject({ schema: 1, error: 'NOTHING_MATCHES', exit_code: 5 });
});
