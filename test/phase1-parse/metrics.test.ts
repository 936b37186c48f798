import { describe, expect, it } from 'vitest';
import type { ChunkMetrics } from '../../src/core/chunk.ts';
import { parseFile } from '../../src/phase1-parse/parse-file.ts';
import { openSyntax } from '../../src/phase1-parse/syntax/syntax.ts';

const syntax = await openSyntax();

async function measure(path: string, text: string, name: string): Promise<ChunkMetrics> {
  const { chunks } = await parseFile(path, Buffer.from(text), syntax);
  return chunks.find((chunk) => chunk.name === name)!.metrics;
}

describe('metrics', () => {
  it('of a straight function are the smallest', async () => {
    expect(await measure('a.py', 'def f():\n    return 1\n', 'f')).toEqual({
      cyclomatic: 1,
      cognitive: 0,
      nesting: 0,
      parameters: 0,
      lines: 2,
      grade: 'A',
      smells: [],
    });
  });

  it('leave out what is in a nested definition', async () => {
    const text =
      'def outer(a):\n    if a:\n        def inner(b, c):\n            if b:\n                if c: pass\n    return a\n';
    expect(await measure('a.py', text, 'outer')).toMatchObject({
      cyclomatic: 2,
      cognitive: 1,
      nesting: 1,
      parameters: 1,
    });
    expect(await measure('a.py', text, 'inner')).toMatchObject({
      cyclomatic: 3,
      cognitive: 3,
      nesting: 2,
      parameters: 2,
    });
  });

  it('count anonymous functions into the definition around them', async () => {
    expect(await measure('a.js', 'function f(a) { return a.map((b) => (b ? 1 : 2)); }\n', 'f')).toMatchObject({
      cyclomatic: 2,
      cognitive: 1,
    });
  });

  it.each([
    [
      'a.py',
      'def f(a, b):\n    if a:\n        pass\n    elif b:\n        pass\n    elif a and b:\n        pass\n    else:\n        pass\n',
      5,
    ],
    ['a.js', 'function f(a, b) { if (a) {} else if (b) {} else if (a && b) {} else {} }\n', 5],
    ['a.ts', 'function f(a, b) { if (a) {} else if (b) {} else if (a && b) {} else {} }\n', 5],
    ['a.go', 'package a\nfunc f(a, b bool) { if a {} else if b {} else if a && b {} else {} }\n', 5],
    ['a.rs', 'fn f(a: bool, b: bool) { if a {} else if b {} else if a && b {} else {} }\n', 5],
    [
      'a.java',
      'class A { void f(boolean a, boolean b) { if (a) {} else if (b) {} else if (a && b) {} else {} } }\n',
      5,
    ],
  ])('a chain of else-ifs stays on one level: %s', async (path, text, cyclomatic) => {
    expect(await measure(path, text, 'f')).toMatchObject({ cyclomatic, cognitive: 3, nesting: 1, parameters: 2 });
  });

  it('a comment is no parameter', async () => {
    expect((await measure('a.ts', 'function f(a: A, /* b: B, */ c: C) {}\n', 'f')).parameters).toBe(2);
  });

  it.each([
    [5, 'A'],
    [6, 'B'],
    [10, 'B'],
    [11, 'C'],
    [20, 'C'],
    [21, 'D'],
    [30, 'D'],
    [31, 'F'],
  ])('%i paths are graded %s', async (cyclomatic, grade) => {
    const text = `def f(a):\n${'    if a: pass\n'.repeat(cyclomatic - 1)}`;
    expect(await measure('a.py', text, 'f')).toMatchObject({ cyclomatic, grade });
  });

  it('name what smells, sorted, and not what is just below', async () => {
    const nested = (depth: number) =>
      Array.from({ length: depth }, (_, n) => `${'    '.repeat(n + 1)}if a:\n`).join('') +
      `${'    '.repeat(depth + 1)}pass\n`;
    const bad = `def f(a, b, c, d, e, g):\n${nested(5)}${'    if a: pass\n'.repeat(60)}`;
    expect((await measure('a.py', bad, 'f')).smells).toEqual([
      'complex',
      'deep-nesting',
      'long-method',
      'many-parameters',
    ]);
    const good = `def f(a, b, c, d, e):\n${nested(4)}${'    if a: pass\n'.repeat(15)}${'    a()\n'.repeat(39)}`;
    expect(await measure('a.py', good, 'f')).toMatchObject({ lines: 60, cyclomatic: 20, nesting: 4, smells: [] });
  });

  it('do not count the comment above a function into its length', async () => {
    expect((await measure('a.py', `${'# words\n'.repeat(80)}def f(): pass\n`, 'f')).lines).toBe(1);
  });

  it('are unknown in text, and for code outside of definitions', async () => {
    const { chunks } = await parseFile('a.py', Buffer.from('if a and b:\n    c()\n'), syntax);
    expect(chunks[0]!.metrics).toMatchObject({ cyclomatic: null, cognitive: null, grade: null, lines: 2 });
  });
});
