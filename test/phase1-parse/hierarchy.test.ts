import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Language, loadBuiltInLanguages } from '../../src/languages/load.ts';
import { draftChunks } from '../../src/phase1-parse/chunk/chunk.ts';
import { buildHierarchy, ownedSpans } from '../../src/phase1-parse/chunk/hierarchy.ts';
import { lineTable } from '../../src/phase1-parse/chunk/source-text.ts';
import { readMatches } from '../../src/phase1-parse/syntax/captures.ts';
import type { Match } from '../../src/phase1-parse/syntax/types.ts';

const language: Language = loadBuiltInLanguages().find(({ id }) => id === 'python')!;
const counts = { decisions: true, nesting: true };
const origin = { language: { ...language, joins: new Set(['function'] as const), commentsBelow: true }, counts };

const texts = fc
  .array(fc.constantFrom('word', ' ', ' ', '\n', '\n', ',', ';', '#c', '\t'), { minLength: 5, maxLength: 80 })
  .map((parts) => parts.join(''));

/** Spans of a text in any arrangement: nested, apart, doubled, crossing. No grammar gives such, a careless query might. */
function matchesIn(text: string): fc.Arbitrary<Match[]> {
  const span = fc
    .tuple(fc.nat(text.length - 1), fc.integer({ min: 1, max: text.length }))
    .map(([start, length]) => ({ start, end: Math.min(text.length, start + length), children: 0 }));
  const name = fc.constantFrom('def.function', 'def.class', '_comment', 'lead', 'docstring');
  const single = fc.record({ pattern: fc.nat(3), captures: fc.tuple(fc.record({ name, span })) });
  const pair = fc.record({
    pattern: fc.constant(4),
    captures: fc.tuple(
      fc.record({ name: fc.constant('outer'), span }),
      fc.record({ name: fc.constant('inner'), span }),
    ),
  });
  return fc
    .array(fc.oneof({ weight: 4, arbitrary: single }, { weight: 1, arbitrary: pair }), { maxLength: 14 })
    .map((matches) =>
      matches.map(({ pattern, captures }) => ({
        pattern,
        origin,
        captures: captures.map((capture) => ({ name: capture.name, ...capture.span })),
      })),
    );
}

const cases = texts.chain((text) => fc.record({ text: fc.constant(text), matches: matchesIn(text) }));

describe('the tree of definitions', () => {
  it('nests without crossing, whatever a query captures, and still loses no character', () => {
    fc.assert(
      fc.property(cases, ({ text, matches }) => {
        const definitions = buildHierarchy(text, readMatches(matches));
        for (const [index, { parent, start, end, depth }] of definitions.entries()) {
          expect(start).toBeLessThan(end);
          if (parent !== null) {
            expect(parent.index).toBeLessThan(index);
            expect(start).toBeGreaterThanOrEqual(parent.start);
            expect(end).toBeLessThanOrEqual(parent.end);
            expect(end - start).toBeLessThan(parent.end - parent.start);
          }
          expect(depth).toBe(parent === null ? 0 : parent.depth + 1);
          for (const other of definitions.slice(index + 1)) {
            expect(other.start >= end || other.end <= end, 'apart, or one in the other').toBe(true);
          }
        }
        const drafts = draftChunks(
          { path: 'a', text, lines: lineTable(text), language: 'a', density: 1 },
          definitions,
          definitions.map(() => 'line'),
          [],
          () => [],
        );
        const owned = drafts.flatMap(({ segments }) => segments.filter(({ derived }) => derived === null));
        const count = owned.reduce((sum, { start, end }) => sum + text.slice(start, end).replace(/\s/g, '').length, 0);
        expect(count).toBe(text.replace(/\s/g, '').length);
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves small definitions to the text around them where the language says so', () => {
    const text = `${'small\n'.repeat(3)}${'a larger entry of several words\n'.repeat(20)}`;
    const read = (saying: Partial<Language>) => {
      const entry = (start: number, end: number) => ({
        pattern: 0,
        origin: { language: { ...language, ...saying }, counts },
        captures: [{ name: 'def.entry', start, end, children: 0 }],
      });
      return buildHierarchy(text, readMatches([entry(0, 5), entry(6, 11), entry(18, text.length)]));
    };
    expect(read({})).toHaveLength(3);
    const joined = read({ textWhenSmall: new Set(['entry'] as const) });
    expect(joined.map(({ start, end }) => [start, end])).toEqual([[18, text.length]]);
  });

  it('joins neighbours of one name where the language says so, and counts their bodies', () => {
    const text = 'f :: a\nf 0 = 1\nf n = 2\ng = 3\nf 2 = 4';
    const equation = (start: number, end: number, body: number | null) => ({
      pattern: 0,
      origin,
      captures: [
        { name: 'def.function', start, end, children: 0 },
        { name: 'name', start, end: start + 1, children: 0 },
        ...(body === null ? [] : [{ name: 'body', start: body, end, children: 0 }]),
      ],
    });
    const matches = [equation(0, 6, null), equation(7, 14, 11), equation(15, 22, 19), equation(23, 28, 25)];
    const found = buildHierarchy(text, readMatches([...matches, equation(29, 36, 33)]));
    expect(found.map(({ start, end, clauses }) => [text.slice(start, end), clauses])).toEqual([
      ['f :: a\nf 0 = 1\nf n = 2', 2],
      ['g = 3', 1],
      ['f 2 = 4', 1],
    ]);
  });

  it('lets a heading reach to the next of its rank, if it starts its line', () => {
    const text = 'A\nx\nB\ny > C\nz\nD\n';
    const heading = (name: string, rank: number) => {
      const start = text.indexOf(name);
      return {
        pattern: 0,
        origin,
        captures: [
          { name: 'def.section', start, end: start + 1, children: 0 },
          { name: `rank.${rank}`, start, end: start + 1, children: 0 },
        ],
      };
    };
    const found = buildHierarchy(
      text,
      readMatches([heading('A', 1), heading('B', 2), heading('C', 1), heading('D', 1)]),
    );
    expect(found.map(({ start, end }) => text.slice(start, end))).toEqual(['A\nx\nB\ny > C\nz', 'B\ny > C\nz', 'D']);
    expect(found.map(({ depth }) => depth)).toEqual([0, 1, 0]);
  });

  it('takes several scopes for one, from the first to the last', () => {
    const text = 'void a::b::f() {}';
    const capture = (name: string, word: string, from = 0) => {
      const start = text.indexOf(word, from);
      return { name, start, end: start + word.length, children: 0 };
    };
    const captures = [
      capture('def.method', text),
      capture('scope', 'a', 4),
      capture('scope', 'b'),
      capture('name', 'f'),
    ];
    const [method] = buildHierarchy(text, readMatches([{ pattern: 0, origin, captures }]));
    expect(method?.breadcrumb).toBe('a::b.f');
  });

  it('says for every place which definition is the innermost', () => {
    fc.assert(
      fc.property(cases, ({ text, matches }) => {
        const definitions = buildHierarchy(text, readMatches(matches));
        const owned = ownedSpans(definitions, text.length);
        expect(owned.map(({ start }) => start)).toEqual([0, ...owned.slice(0, -1).map(({ end }) => end)]);
        for (const { start, end, owner } of owned) {
          for (const at of [start, end - 1]) {
            const around = definitions.filter((definition) => definition.start <= at && at < definition.end);
            expect(around.at(-1)?.index ?? -1).toBe(owner);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
