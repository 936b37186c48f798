import { describe, expect, test } from 'vitest';
import { confidenceOf } from '../../../src/search/ranking/confidence.ts';
import { toResults } from '../../../src/search/ranking/definitions.ts';
import { roleOf } from '../../../src/search/ranking/place.ts';
import { readQuery } from '../../../src/search/ranking/query.ts';
import { type Candidate, evidenceOf, weigh } from '../../../src/search/ranking/rank.ts';
import type { StoredDocument } from '../../../src/text-index/document.ts';

function documentOf(part: Partial<StoredDocument>): StoredDocument {
  const name = part.name ?? 'run';
  const document = {
    filePath: 'src/queue.ts',
    language: 'typescript',
    kind: 'function',
    name,
    breadcrumb: name,
    startLine: 1,
    endLine: 10,
    complexity: 1,
    words: 50,
    signature: 1,
    ...part,
  };
  return { chunkId: `${document.filePath}:${document.startLine}:${document.breadcrumb}`, ...document };
}

function candidates(...parts: (Partial<StoredDocument> & { lexical?: number; cosine?: number | null })[]): Candidate[] {
  const documents = parts.map(({ lexical: _lexical, cosine: _cosine, ...part }) => documentOf(part));
  return documents.map((document, index) => ({
    document,
    lexical: parts[index]!.lexical ?? 0.3,
    cosine: parts[index]!.cosine ?? null,
    siblings: () => documents.filter(({ filePath }) => filePath === document.filePath),
  }));
}

const rank = (text: string, found: readonly Candidate[]) => {
  const query = readQuery(text);
  return weigh(
    query,
    evidenceOf(query, found, () => 1),
  );
};
const order = (text: string, found: readonly Candidate[]) =>
  rank(text, found).map(({ candidate }) => candidate.document);

describe('a query', () => {
  test.each([
    ['readQuery', 'symbol', ['readquery']],
    ['Session.load', 'symbol', ['load']],
    ['std::sync::Mutex', 'symbol', ['mutex']],
    ['Phoenix.Router', 'symbol', ['router']],
    ['where does loadSession get its key', 'sentence', ['loadsession']],
    ['what calls parse_args() first?', 'sentence', ['parseargs']],
    ['how are retries decided', 'sentence', []],
    ['why does std::sync::Mutex block in pool.acquire()?', 'sentence', ['mutex', 'acquire']],
  ] as const)('%s is a %s', (text, kind, names) => {
    const query = readQuery(text);
    expect([query.kind, query.names.map(({ name }) => name)]).toEqual([kind, names]);
  });

  test('is without its question words, unless it has no other', () => {
    expect([...readQuery('how are the retries decided').tokens.keys()]).toEqual(['retri', 'decid']);
    expect([...readQuery('how is it').tokens.keys()]).toEqual(['how', 'is', 'it']);
  });

  test.each([
    '',
    ' \n',
    '\u0000\u0007',
    '?!',
    'x'.repeat(100_000),
    '('.repeat(50_000),
    'a.'.repeat(50_000),
    'aA_'.repeat(30_000),
  ])('of any form is read in no time: %#', (text) => {
    expect(readQuery(text).names.length).toBeLessThanOrEqual(20);
  });
});

test.each([
  ['tests/test_queue.py', 'test'],
  ['src/queue.test.ts', 'test'],
  ['pkg/queue_test.go', 'test'],
  ['src/test/java/QueueTest.java', 'test'],
  ['src/contest/latest.py', 'source'],
  ['src/testing.py', 'source'],
  ['examples/hello.py', 'example'],
  ['docs/guide.md', 'documentation'],
  ['README.md', 'documentation'],
  ['lib/phoenix/router.ex', 'source'],
])('%s is a place for %s', (path, role) => {
  expect(roleOf(path)).toBe(role);
});

describe('ranking', () => {
  test('puts the definition of the symbol before what mentions it, and the owner that was named before another', () => {
    const found = candidates(
      { name: 'save', breadcrumb: 'Cache.save', startLine: 20, lexical: 0.5 },
      { name: 'save', breadcrumb: 'Session.save', startLine: 40, lexical: 0.5 },
      { name: 'saveAll', startLine: 60, lexical: 0.6 },
    );
    expect(order('Session.save', found)[0]!.breadcrumb).toBe('Session.save');
    expect(order('save', found).map(({ name }) => name)).toEqual(['save', 'save', 'saveAll']);
  });

  test('puts tests, examples, documentation and nameless code after source, unless they are asked for', () => {
    const found = candidates(
      { filePath: 'test/queue.test.ts', lexical: 0.32 },
      { filePath: 'docs/queue.md', lexical: 0.4 },
      { filePath: 'src/queue.ts', name: '', breadcrumb: '', startLine: 30, lexical: 0.31 },
      { filePath: 'src/queue.ts', lexical: 0.3 },
    );
    expect(order('run the jobs', found)[0]).toMatchObject({ filePath: 'src/queue.ts', name: 'run' });
    expect(order('test of the jobs', found)[0]!.filePath).toBe('test/queue.test.ts');
    expect(order('documentation of the jobs', found)[0]!.filePath).toBe('docs/queue.md');
  });

  test('weighs meaning and words, and counts words alone where there are no vectors', () => {
    const found = candidates({ startLine: 1, lexical: 0.1, cosine: 0.7 }, { startLine: 50, lexical: 0.5, cosine: 0.2 });
    expect(order('some words', found)[0]!.startLine).toBe(1);
    expect(
      order(
        'some words',
        found.map((each) => ({ ...each, cosine: null })),
      )[0]!.startLine,
    ).toBe(50);
  });

  test('says of each result what counted, and the sum is the score', () => {
    for (const { score, why } of rank('test run', candidates({}, { filePath: 'docs/a.md', words: 2 }))) {
      const entries = Object.entries(why());
      const added = entries.filter(([name]) => !name.startsWith('×')).reduce((sum, [, value]) => sum + value, 0);
      const factor = entries
        .filter(([name]) => name.startsWith('×'))
        .reduce((product, [, value]) => product * value, 1);
      expect(score).toBeCloseTo(added * factor, 10);
    }
  });

  test('orders equals by path and line', () => {
    const found = candidates(
      { filePath: 'b.ts' },
      { filePath: 'a.ts', startLine: 9 },
      { filePath: 'a.ts', startLine: 2 },
    );
    const places = order('x y', found).map(({ filePath, startLine }) => `${filePath}:${startLine}`);
    expect(places).toEqual(['a.ts:2', 'a.ts:9', 'b.ts:1']);
  });

  test('is a likelihood that rises with the score', () => {
    const values = [0, 0.5, 1, 2].map(confidenceOf);
    expect(values.every((value) => value > 0 && value < 1)).toBe(true);
    expect(values).toEqual([...values].sort((a, b) => a - b));
  });
});

describe('results', () => {
  test('have a definition once, whole where it is short enough', () => {
    const found = candidates(
      { startLine: 1, endLine: 30, lexical: 0.2 },
      { startLine: 31, endLine: 60, lexical: 0.4 },
      { name: 'other', startLine: 70, endLine: 80, lexical: 0.1 },
    );
    const results = toResults(rank('words here', found), 10);
    expect(results.map(({ startLine, endLine }) => [startLine, endLine])).toEqual([
      [1, 60],
      [70, 80],
    ]);
    expect(results[0]!.best.candidate.document.startLine).toBe(31);
  });

  test('have at most 100 lines, the part that matched', () => {
    const found = candidates(
      { startLine: 1, endLine: 70, lexical: 0.2 },
      { startLine: 71, endLine: 400, lexical: 0.4 },
    );
    const [result, ...others] = toResults(rank('words here', found), 10);
    expect([result!.startLine, result!.endLine, others]).toEqual([71, 170, []]);
  });

  test('do not show lines twice: what lies in a better result is left out', () => {
    const found = candidates(
      { kind: 'class', name: 'Queue', startLine: 1, endLine: 50, lexical: 0.9 },
      { kind: 'method', name: 'run', breadcrumb: 'Queue.run', startLine: 10, endLine: 20, lexical: 0.3 },
      { name: 'after', startLine: 60, endLine: 65, lexical: 0.1 },
    );
    expect(toResults(rank('words here', found), 10).map(({ startLine }) => startLine)).toEqual([1, 60]);
  });

  test('tell overloads apart, which share name and kind', () => {
    const found = candidates({ startLine: 1, signature: 1 }, { startLine: 20, endLine: 29, signature: 2 });
    expect(toResults(rank('words here', found), 10)).toHaveLength(2);
  });

  test('are spread over files, and no more than were asked for', () => {
    const inOneFile = Array.from({ length: 5 }, (_, index) => ({
      name: `n${index}`,
      startLine: index * 20 + 1,
      endLine: index * 20 + 9,
      lexical: 0.4,
    }));
    const found = candidates(...inOneFile, { filePath: 'src/other.ts', lexical: 0.37 });
    const paths = toResults(rank('words here', found), 3).map(({ best }) => best.candidate.document.filePath);
    expect(paths).toHaveLength(3);
    expect(paths).toContain('src/other.ts');
  });
});
