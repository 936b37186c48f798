import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type LocalModel, loadLocalModel } from '../../src/embedding/inference/local-model.ts';
import { condense, type Encode, tokenIds } from '../../src/embedding/inference/tokens.ts';

const MEGABYTE = 1 << 20;
let model: LocalModel;
let limits: { maxTokens: number; startId: number; endId: number };
beforeAll(async () => {
  const folder = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url));
  model = await loadLocalModel({
    folder,
    dtype: 'q8',
    neverSaturates: true,
    device: 'cpu',
    pooling: 'mean',
    dimension: 384,
  });
  limits = { maxTokens: 256, startId: model.startId, endId: model.endId };
});

/** What the ids should be: all of the text encoded, then cut. */
function wholeIds(text: string): number[] {
  return [101, ...model.encode(text).slice(0, 254), 102];
}

/** An encoder that remembers how much it was given to read. */
function counting(): { encode: Encode; read(): number } {
  let read = 0;
  return {
    encode: (text) => {
      read += text.length;
      return model.encode(text);
    },
    read: () => read,
  };
}

// Letters that tokenizers stumble over: accents, signs that fall apart, sigma, ideographs, emoji, marks, controls, halves of
// pairs, odd blanks, and the names of special tokens.
const hostile = fc.constantFrom(
  ...[
    'a',
    'B',
    '7',
    '_',
    '.',
    ',',
    '[',
    ']',
    '≠',
    '≯',
    '\u1fef',
    'é',
    'e\u0301',
    'Σ',
    'ς',
    'İ',
    '한',
    '中',
    '\uf900',
    '𠀀',
    '🙂',
  ],
  ...['\u0301', '\u200b', '\u00ad', '\u0000', '\ufffd', '\ue000', '\ud800', '\udc00', '\ufeff', '\u000b'],
  ...[' ', '\t', '\n', '\r', '\u00a0', '\u3000', '\u2028', '[SEP]', '[MASK]', '[CLS]', 'return', '  '],
);
const hostileText = fc
  .array(fc.tuple(hostile, fc.constantFrom(1, 1, 1, 2, 3, 99, 101, 257, 600)), { maxLength: 60 })
  .map((parts) => parts.map(([part, times]) => part.repeat(times)).join(''));

describe('the ids of a text', () => {
  test('stand between the start and the end mark, the end mark also when the text is cut', () => {
    expect([...tokenIds('hello', model.encode, limits)]).toEqual([101, 7592, 102]);
    const long = tokenIds('hello '.repeat(1000), model.encode, limits);
    expect(long).toHaveLength(256);
    expect([long[0], long[254], long[255]]).toEqual([101, 7592, 102]);
  });

  test('are two marks for a text of nothing, blanks, or halves of pairs', () => {
    for (const text of ['', ' \n\t ', '\ud800', '\udc00\udc00 \u0000']) {
      expect([...tokenIds(text, model.encode, limits)]).toEqual([101, 102]);
    }
  });

  test('are those of the whole text cut afterwards, however odd the text', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect([...tokenIds(text, model.encode, limits)]).toEqual(wholeIds(text));
      }),
      { numRuns: 300 },
    );
  });

  test('are those of the whole text for every character beside letters', () => {
    const differing: string[] = [];
    for (let from = 0; from < 0x30000; from += 64) {
      const text = Array.from({ length: 64 }, (_, offset) => `a${String.fromCodePoint(from + offset)}b`).join(' ');
      if (model.encode(condense(text, Number.POSITIVE_INFINITY)).join() !== model.encode(text).join())
        differing.push(from.toString(16));
    }
    expect(differing).toEqual([]);
  });

  test.each([
    ['blanks before the words', `${' '.repeat(200_000)}def read(self): return 1`],
    ['an endless word before the words', `${'a'.repeat(200_000)} def read(self): return 1`],
    ['pairs that straddle the stretches', `x${'🙂'.repeat(100_000)} def read(self): return 1`],
    ['control characters and marks before the words', `${'\u0001\u0301 '.repeat(70_000)}def read(self): return 1`],
  ])('lose nothing to %s', (_, text) => {
    expect([...tokenIds(text, model.encode, limits)]).toEqual(wholeIds(text));
  });

  test.each([
    ['code', 'def read(self):\n        return self.buffer[1:2]\n', 5_000],
    ['blanks', ' \n', 200],
    ['one word', 'x', 1_000],
    ['emoji', '🙂', 1_000],
    ['private characters', '\u{f0000}', 200],
    ['blanks and marks', ' \u0301', 200],
    ['ideographs', '中', 5_000],
    ['control characters', '\u0001', 200],
  ])('of 20 MB of %s cost little', (_, unit, charactersAtMost) => {
    const { encode, read } = counting();
    const ids = tokenIds(unit.repeat(Math.ceil((20 * MEGABYTE) / unit.length)), encode, limits);
    expect(ids.length).toBeLessThanOrEqual(256);
    expect(read()).toBeLessThan(charactersAtMost * 4);
  });
});

describe('a condensed text', () => {
  test('is never longer and does not change when condensed again', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const once = condense(text, Number.POSITIVE_INFINITY);
        expect(once.length).toBeLessThanOrEqual(text.length);
        expect(condense(once, Number.POSITIVE_INFINITY)).toBe(once);
      }),
    );
  });
});
