import { describe, expect, it } from 'vitest';
import { fitHits } from '../../src/agents/fit.ts';
import { mergeOverlapping } from '../../src/agents/merge.ts';
import type { SearchHit } from '../../src/index.ts';

/** Of a file whose lines are their own numbers. */
function hit(start: number, end: number, more: Partial<SearchHit> = {}): SearchHit {
  const file_path = more.file_path ?? 'a.ts';
  const content = Array.from({ length: end - start + 1 }, (_, at) => `line ${start + at}`).join('\n');
  return {
    chunk_id: `${file_path}${start}`,
    content,
    file_path,
    start_line: start,
    end_line: end,
    language: 'typescript',
    similarity_score: 0.5,
    rank: 1,
    chunk_type: 'function',
    function_name: null,
    class_name: null,
    breadcrumb: `f${start}`,
    context_before: [],
    context_after: [],
    highlights: [],
    location: `${file_path}:${start}-${end}`,
    line_count: end - start + 1,
    stale: false,
    text_found: true,
    ...more,
  };
}

describe('hits that share lines', () => {
  const places = (hits: readonly SearchHit[]) =>
    mergeOverlapping(hits).map(({ rank, location, also }) => [rank, location, also]);

  it('are one: the better one where one contains the other', () => {
    expect(places([hit(5, 9), hit(1, 20), hit(30, 40), hit(6, 7)])).toEqual([
      [1, 'a.ts:5-9', ['a.ts:1-20', 'a.ts:6-7']],
      [2, 'a.ts:30-40', undefined],
    ]);
  });

  it.each([
    [hit(1, 10), hit(8, 15)],
    [hit(8, 15), hit(1, 10)],
  ])('have all lines of both once where they overlap', (better, other) => {
    const [merged] = mergeOverlapping([better, other]);
    expect(merged).toMatchObject({ location: 'a.ts:1-15', chunk_id: better.chunk_id, also: [other.location] });
    expect(merged?.content).toBe(hit(1, 15).content);
  });

  it('are not joined where a content is no copy of its lines', () => {
    const [merged] = mergeOverlapping([hit(1, 10, { content: 'class A { … }' }), hit(8, 15)]);
    expect(merged).toMatchObject({ location: 'a.ts:1-10', content: 'class A { … }', also: ['a.ts:8-15'] });
  });

  it('stay apart in two files, and where they only touch', () => {
    expect(places([hit(1, 5), hit(1, 5, { file_path: 'b.ts' }), hit(6, 9)])).toHaveLength(3);
  });

  it('are one as parts of one definition', () => {
    const part = { breadcrumb: 'long', chunk_type: 'function' };
    expect(places([hit(20, 30, part), hit(1, 10, part)])).toEqual([[1, 'a.ts:20-30', ['a.ts:1-10']]]);
    expect(places([hit(20, 30, { breadcrumb: '' }), hit(1, 10, { breadcrumb: '' })])).toHaveLength(2);
  });
});

describe('a budget', () => {
  const hits = mergeOverlapping([hit(1, 40), hit(100, 104), hit(200, 260)]);
  const fittedTo = (budget: number) => fitHits(hits, budget, ({ hits: shown }) => JSON.stringify(shown).length);
  const linesOf = (budget: number) => fittedTo(budget).hits.map(({ content }) => content?.split('\n').length ?? 0);

  it('gives whole definitions where there is room', () => {
    expect(linesOf(1e6)).toEqual([40, 5, 61]);
    expect(fittedTo(1e6)).toMatchObject({ shortened: 0, left_out: 0 });
  });

  it('gives every place first, then the lines that matched, then the best hit whole', () => {
    const places = fittedTo(0).left_out === 3 ? JSON.stringify(fitHits(hits, 0, () => 0).hits).length : 0;
    expect(places).toBeGreaterThan(0);
    const all = Array.from({ length: 60 }, (_, at) => linesOf(at * 50));
    const seen = [...new Set(all.map((lines) => lines.join()))];
    expect(seen).toEqual(expect.arrayContaining(['', '0', '0,0', '0,0,0', '12,5,12', '40,5,12', '40,5,61']));
    const amounts = all.map((lines) => lines.reduce((sum, count) => sum + 100 + count, 0));
    expect(amounts).toEqual(amounts.toSorted((a, b) => a - b));
  });

  it('marks what is cut, and shows the part that matched', () => {
    const [long] = fitHits(
      [{ ...hits[2]!, matched: { start_line: 240, end_line: 245 } }],
      500,
      ({ hits: shown }) => JSON.stringify(shown).length,
    ).hits;
    expect(long).toMatchObject({ content_cut: true, location: 'a.ts:200-260' });
    expect(long?.content).toContain('line 240');
  });
});
