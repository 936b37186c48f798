// Filters as a user gives them, over a real index and a real repository, in every mode.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig, openForReading, type SearchRequest, search } from '../../src/index.ts';
import { done, tandem, temporary, write } from '../compat-failures/project.ts';

let root: string;

function git(...args: string[]): void {
  const who = ['-c', 'user.name=n', '-c', 'user.email=e', '-c', 'commit.gpgsign=false'];
  const { status, stderr } = spawnSync('git', [...who, ...args], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

const BRANCHES = Array.from({ length: 12 }, (_, n) => `        if order.kind == ${n}:\n            return ${n}\n`).join(
  '',
);

beforeAll(() => {
  root = temporary();
  write(root, {
    'src/orders.py': `class Orders:\n    """Orders of a shop."""\n\n    def price(self, order):\n${BRANCHES}        return -1\n\n    def cancel(self, order):\n        del self.orders[order.id]\n`,
    'src/orders.rs':
      'pub fn cancel(order: u32) {}\n\nmod tests {\n    fn cancels_an_order() {\n        cancel(1);\n    }\n}\n',
    'tests/test_orders.py': 'def test_cancel():\n    orders.cancel(order)\n    assert order not in orders\n',
    'docs/orders.md': '# Orders\n\nAn order can be cancelled.\n',
  });
  git('init', '-q');
  git('add', '.');
  git('commit', '-qm', 'first');
  git('tag', 'v1');
  write(root, { 'src/later.py': 'def cancel_later(order):\n    queue.append(order)\n' });
  git('add', '.');
  git('commit', '-qm', 'second');
  write(root, { 'src/new.py': 'def cancel_new(order):\n    return order\n' });
  done(root, 'index', '-q');
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function paths(request: Partial<SearchRequest>, query = 'cancel an order') {
  await using index = await openForReading(await loadConfig({ path: root, creates: false }));
  const found: Record<string, string[]> = {};
  for (const mode of ['hybrid', 'lexical', 'semantic'] as const) {
    const { hits } = await search(index, query, { limit: 20, mode, ...request });
    found[mode] = [...new Set(hits.map((hit) => `${hit.file_path} ${hit.breadcrumb}`.trim()))].sort();
  }
  return found;
}

describe('an answer is narrowed', () => {
  test.each<[string, Partial<SearchRequest>, string[]]>([
    ['to a kind', { kinds: ['method'] }, ['src/orders.py Orders.cancel', 'src/orders.py Orders.price']],
    ['to what is complex', { minComplexity: 10, kinds: ['method'] }, ['src/orders.py Orders.price']],
    ['to a range', { minComplexity: 2, maxComplexity: 9, kinds: ['FUNCTION', 'method'] }, []],
    ['to a symbol', { symbol: 'cancel' }, ['src/orders.py Orders.cancel', 'src/orders.rs cancel']],
    [
      'to tests',
      { tests: 'only' },
      ['src/orders.rs tests', 'src/orders.rs tests::cancels_an_order', 'tests/test_orders.py test_cancel'],
    ],
    ['by two filters', { tests: 'none', kinds: ['function'], languages: ['rust'] }, ['src/orders.rs cancel']],
    ['to what differs from a tag', { changedSince: 'v1' }, ['src/later.py cancel_later', 'src/new.py cancel_new']],
    ['to what is not committed', { changedSince: 'HEAD' }, ['src/new.py cancel_new']],
  ])('%s', async (_, request, expected) => {
    if (expected.length === 0) await expect(paths(request)).rejects.toMatchObject({ code: 'NOTHING_MATCHES' });
    else {
      const found = await paths(request);
      if (request.tests === 'only') {
        for (const each of Object.values(found)) expect(expected).toEqual(expect.arrayContaining(each));
        expect(found.lexical!.length).toBeGreaterThanOrEqual(2);
      } else expect(found.semantic).toEqual(expected);
      for (const each of Object.values(found)) expect(each.every((hit) => expected.includes(hit))).toBe(true);
    }
  });

  test('says how the filters were understood', () => {
    const args = ['--kind', 'METHOD,gadget', '--changed-since', 'v1', '--kind', 'function', '--no-tests'];
    const { stdout, stderr } = tandem(root, 'search', 'cancel', '--envelope', ...args, '--min-complexity', '1');
    expect(JSON.parse(stdout).filters).toEqual({
      files: null,
      languages: null,
      function: null,
      class: null,
      kinds: [
        { typed: 'METHOD', kind: 'method', nearest: null },
        { typed: 'gadget', kind: null, nearest: null },
        { typed: 'function', kind: 'function', nearest: null },
      ],
      symbol: null,
      complexity: { least: 1, most: null },
      tests: 'none',
      changed_since: { typed: 'v1', commit: expect.stringMatching(/^[0-9a-f]{40}$/), matched_files: 2 },
    });
    expect(stderr).toContain('nothing in the index is "gadget" of --kind');
  });

  test.each<[string, string[], number, RegExp]>([
    ['a kind that is not there', ['--kind', 'clas'], 5, /kind "clas".*did you mean class\?/s],
    ['a symbol that is not there', ['--symbol', 'cancl'], 5, /"cancl".*did you mean cancel\?/s],
    ['a revision that is not there', ['--changed-since', 'v9'], 2, /git knows no revision "v9"/],
    ['a revision that is an option', ['--changed-since=--output=pwned'], 2, /git knows no revision "--output=pwned"/],
    ['more than anything is', ['--min-complexity', '99'], 5, /no chunk matches the filter/],
    ['an empty range', ['--min-complexity', '9', '--max-complexity', '3'], 5, /no chunk matches/],
    ['filters that exclude each other', ['--symbol', 'price', '--tests'], 5, /no chunk matches all of them/],
    ['a line that is not there', ['--similar', 'src/new.py:99'], 5, /no chunk is at line 99/],
  ])('refuses %s', (_, args, code, message) => {
    const typed = args[0] === '--similar' ? args : ['cancel', ...args];
    const run = tandem(root, 'search', ...typed);
    expect([run.code, run.stdout]).toEqual([code, '']);
    expect(run.stderr).toMatch(message);
    expect(existsSync(join(root, 'pwned'))).toBe(false);
  });

  test('runs no filter that the repository names', () => {
    write(root, { '.git/info/attributes': '*.py filter=mine\n' });
    git('config', 'filter.mine.clean', `touch ${join(root, 'ran')}; cat`);
    git('config', 'filter.mine.required', 'true');
    write(root, { 'src/later.py': 'def cancel_later(order):\n    queue.append(order)\n' }); // as it was, but touched
    const { stdout } = tandem(root, 'search', 'cancel', '--diff', '--json');
    expect(JSON.parse(stdout).map((hit: { file_path: string }) => hit.file_path)).toEqual(['src/new.py']);
    expect(existsSync(join(root, 'ran'))).toBe(false);
    git('config', '--remove-section', 'filter.mine');
  });
});

test('lines around a hit are shown where they are asked for', () => {
  const [hit] = JSON.parse(
    done(root, 'search', 'cancel', '--symbol', 'cancel', '-L', 'python', '--json', '--context', '1'),
  );
  expect([hit.context_before, hit.context_after]).toEqual([[''], ['']]);
  const shown = done(root, 'search', 'Orders.cancel', '-k', '1', '-L', 'python', '--context', '2');
  expect(shown).toContain('return -1');
  expect(shown).toContain('del self.orders[order.id]');
  expect(done(root, 'search', 'Orders.cancel', '-k', '1', '-L', 'python')).not.toContain('return -1');
});

test('what is like a line of a file is found, in the same file too', () => {
  const answer = JSON.parse(done(root, 'search', '--similar', 'src/orders.py:32', '--envelope'));
  expect(answer.similar_to).toMatchObject({ file_path: 'src/orders.py', chunk_id: expect.any(String) });
  expect(answer.hits.map((hit: { breadcrumb: string }) => hit.breadcrumb)).not.toContain('Orders.cancel');
  expect(answer.hits.map((hit: { file_path: string }) => hit.file_path)).toContain('src/orders.py');
});
