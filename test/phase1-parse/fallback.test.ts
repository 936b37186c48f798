import { describe, expect, it } from 'vitest';
import { contentOf } from '../../src/phase1-parse/chunk/chunk.ts';
import { draftBlocks } from '../../src/phase1-parse/chunk/fallback.ts';
import { BUDGET, sizeOf } from '../../src/phase1-parse/chunk/split.ts';

const blocksOf = (text: string) => draftBlocks(text).map(({ segments }) => contentOf(text, segments));

describe('blocks of lines', () => {
  const paragraph = (n: number) => `${`Paragraph ${n} says one thing after another. `.repeat(8).trim()}\n`;
  const text = Array.from({ length: 40 }, (_, n) => paragraph(n)).join('\n');

  it('start where a paragraph does, but for what they repeat', () => {
    for (const { segments } of draftBlocks(text)) {
      const own = segments.find(({ derived }) => derived === null)!;
      expect(text.slice(own.start, own.end)).toMatch(/^Paragraph/);
    }
  });

  it('repeat about a tenth of the one before, in whole lines', () => {
    const lines = Array.from({ length: 300 }, (_, n) => `line ${n} of the table`).join('\n');
    const blocks = blocksOf(lines);
    expect(blocks.length).toBeGreaterThan(5);
    for (const [index, block] of blocks.slice(1).entries()) {
      const repeated = block.split('\n').filter((line) => blocks[index]!.split('\n').includes(line));
      expect(repeated.length).toBeGreaterThan(0);
      expect(sizeOf(repeated.join('\n'))).toBeLessThanOrEqual(BUDGET / 10 + 1);
    }
  });

  it('fit, and leave no small rest at the end', () => {
    for (const count of [10, 33, 34, 35, 36, 37, 38, 39, 40, 41, 80]) {
      const lines = Array.from({ length: count }, (_, n) => `line ${n} of the table`).join('\n');
      const sizes = blocksOf(lines).map((block) => sizeOf(block));
      for (const size of sizes) expect(size).toBeLessThanOrEqual(BUDGET);
      if (sizes.length > 1) expect(sizes.at(-1)).toBeGreaterThan(BUDGET / 5);
    }
  });

  it('cut an endless line', () => {
    const blocks = blocksOf('word '.repeat(2_000));
    expect(blocks.length).toBeGreaterThan(5);
    expect(blocks.join(' ').split(/\s+/).length).toBeGreaterThanOrEqual(2_000);
  });

  it('do not change before an edit', () => {
    const edited = text.replace('Paragraph 30', 'Paragraph thirty');
    const before = blocksOf(text);
    const after = blocksOf(edited);
    const first = before.findIndex((block) => block.includes('Paragraph 30'));
    expect(after.slice(0, first)).toEqual(before.slice(0, first));
  });
});
