// What holds of every cut, whatever the file: nothing is lost, nothing is doubled, and it depends on the file alone.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import type { Language } from '../../src/languages/load.ts';
import { contentOf } from '../../src/phase1-parse/chunk/chunk.ts';
import { draftBlocks } from '../../src/phase1-parse/chunk/fallback.ts';
import { lineTable } from '../../src/phase1-parse/chunk/source-text.ts';
import { BUDGET, sizeOf } from '../../src/phase1-parse/chunk/split.ts';
import type { Draft } from '../../src/phase1-parse/chunk/types.ts';
import { draftFile, parseFile } from '../../src/phase1-parse/parse-file.ts';
import { readMatches } from '../../src/phase1-parse/syntax/captures.ts';
import { openSyntax } from '../../src/phase1-parse/syntax/syntax.ts';
import { fixtureTexts } from './fixture-texts.ts';
import { isWellFormed, wellFormed } from './well-formed.ts';

const syntax = await openSyntax();
const languages = syntax.languages.languages.filter((language) => language.grammar !== null);
const textsOf = new Map(languages.map((language) => [language.id, fixtureTexts(language.id)]));

const odd = fc.constantFrom(
  '',
  '\t',
  '    ',
  '🙂',
  'größe',
  '}',
  '{',
  '(',
  '"',
  "'",
  '`',
  '/*',
  '*/',
  '//',
  '#',
  ';',
  ',',
  '\u00a0',
  '\u2028',
  '@x',
);

/** A file stitched from whole fixtures, single lines of them, blank lines and rubbish, with all kinds of line ends. */
const files = fc.constantFrom(...languages).chain((language) => {
  const texts = textsOf.get(language.id)!;
  const lines = texts.flatMap((text) => text.split('\n'));
  const piece = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...texts) },
    { weight: 4, arbitrary: fc.array(fc.constantFrom(...lines), { maxLength: 12 }).map((some) => some.join('\n')) },
    { weight: 1, arbitrary: fc.constantFrom('', '\n', '\n\n\n') },
    { weight: 1, arbitrary: fc.array(odd, { maxLength: 8 }).map((some) => some.join('')) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
    { weight: 1, arbitrary: fc.constantFrom(...lines).map((line) => `${line} `.repeat(40)) },
  );
  return fc.record({
    language: fc.constant(language),
    text: fc
      .tuple(fc.array(piece, { maxLength: 6 }), fc.constantFrom('\n', '\n', '\r\n'), fc.constantFrom('', '  ', '\t'))
      .map(([pieces, lineEnd, indent]) =>
        wellFormed(
          pieces
            .join('\n')
            .split('\n')
            .map((line) => indent + line)
            .join(lineEnd),
        ),
      ),
  });
});

/** Null if the grammar takes too long: Kotlin's does for `fun f() = try { fun f() = try { …`, forty deep. */
async function draftsOf(language: Language, text: string): Promise<Draft[] | null> {
  const source = { path: 'a', text, lines: lineTable(text), language: language.id, density: language.density };
  return syntax.read(language, text, (reading) => draftFile(source, reading, readMatches(reading.matches)).drafts);
}

function nonBlank(text: string): string {
  return text.replace(/\s+/g, '');
}

/** Every non-blank character of the file is in the own text of one draft, and of one only. */
function expectToCover(text: string, drafts: readonly Draft[]): void {
  const owners = new Uint8Array(text.length);
  for (const { segments } of drafts) {
    for (const { start, end, derived } of segments) {
      if (derived === null) for (let at = start; at < end; at++) owners[at]! += 1;
    }
  }
  for (let at = 0; at < text.length; at++) {
    const isBlank = text[at]!.trim() === '';
    if (isBlank ? owners[at]! > 1 : owners[at] !== 1) {
      throw new Error(`${owners[at]} owners of ${JSON.stringify(text.slice(Math.max(0, at - 20), at + 20))} at ${at}`);
    }
  }
}

function expectWholeContent(text: string, drafts: readonly Draft[]): void {
  for (const { segments, start, end } of drafts) {
    const pieces = segments.map((segment) => segment.derived ?? text.slice(segment.start, segment.end));
    expect(nonBlank(contentOf(text, segments))).toBe(nonBlank(pieces.join('')));
    for (const segment of segments) {
      expect(segment.start).toBeGreaterThanOrEqual(start);
      expect(segment.end).toBeLessThanOrEqual(end);
    }
  }
}

describe('chunks of code', () => {
  it('own every non-blank character once', async () => {
    await fc.assert(
      fc.asyncProperty(files, async ({ language, text }) => {
        const drafts = await draftsOf(language, text);
        fc.pre(drafts !== null); // such a file is cut into lines
        expectToCover(text, drafts);
        expectWholeContent(text, drafts);
      }),
      { numRuns: 300 },
    );
  });

  it.each(languages)(
    'own every non-blank character once in the fixtures of $id, alone and with CRLF',
    async (language) => {
      for (const text of textsOf.get(language.id)!) {
        expectToCover(text, (await draftsOf(language, text))!);
        const crlf = text.replaceAll(/\r?\n/g, '\r\n');
        expectToCover(crlf, (await draftsOf(language, crlf))!);
      }
    },
  );

  it('have ids of their own, parents before them and around them, and lines inside the file', async () => {
    await fc.assert(
      fc.asyncProperty(files, async ({ language, text }) => {
        const { chunks } = await parseFile(`a${language.extensions[0]}`, Buffer.from(text), syntax);
        expect(new Set(chunks.map(({ chunkId }) => chunkId)).size).toBe(chunks.length);
        const lineCount = lineTable(text).starts.length;
        const seen = new Map<string, Chunk>();
        const orders = new Map<string | null, number>();
        for (const chunk of chunks) {
          expect(chunk.content.trim()).not.toBe('');
          expect(isWellFormed(chunk.content)).toBe(true);
          expect(chunk.startLine).toBeGreaterThanOrEqual(1);
          expect(chunk.endLine).toBeGreaterThanOrEqual(chunk.startLine);
          expect(chunk.endLine).toBeLessThanOrEqual(lineCount);
          expect(chunk.childOrder).toBe(orders.get(chunk.parentChunkId) ?? 0);
          orders.set(chunk.parentChunkId, chunk.childOrder + 1);
          if (chunk.parentChunkId === null) expect(chunk.depth).toBe(0);
          else {
            const parent = seen.get(chunk.parentChunkId)!;
            expect(chunk.depth).toBe(parent.depth + 1);
            expect(chunk.startChar).toBeGreaterThanOrEqual(parent.startChar);
          }
          seen.set(chunk.chunkId, chunk);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('are as long as the embedder reads, or shorter', async () => {
    await fc.assert(
      fc.asyncProperty(files, async ({ language, text }) => {
        const { chunks } = await parseFile(`a${language.extensions[0]}`, Buffer.from(text), syntax);
        for (const { content } of chunks) expect(sizeOf(content)).toBeLessThanOrEqual(BUDGET + 1);
      }),
      { numRuns: 100 },
    );
  });

  it('are the same for the same bytes, and tell of nothing but the file', async () => {
    await fc.assert(
      fc.asyncProperty(files, async ({ language, text }) => {
        const bytes = Buffer.from(text);
        const path = `a${language.extensions[0]}`;
        expect(await parseFile(path, bytes, syntax)).toEqual(await parseFile(path, bytes, syntax));
      }),
      { numRuns: 50 },
    );
  });
});

describe('ids', () => {
  const ids = (chunks: readonly Chunk[]) => chunks.map(({ chunkId }) => chunkId);

  it.each(languages)('of $id survive blank lines above', async (language) => {
    for (const text of textsOf.get(language.id)!) {
      const path = `a${language.extensions[0]}`;
      const before = await parseFile(path, Buffer.from(text), syntax);
      const after = await parseFile(path, Buffer.from(`\n\n\n${text}`), syntax);
      expect(ids(after.chunks)).toEqual(ids(before.chunks));
      // Lines of a notebook are those of the text made of its cells.
      const shift = language.notebook && isJson(text) ? 0 : 3;
      expect(after.chunks[0]!.startLine).toBe(before.chunks[0]!.startLine + shift);
    }
  });

  // A heading takes what follows below itself.
  it.each(languages.filter(({ prose }) => !prose))(
    'of definitions in $id survive a new definition above',
    async (language) => {
      const path = `a${language.extensions[0]}`;
      const [first, ...others] = textsOf.get(language.id)!;
      for (const text of others) {
        const definitions = (await parseFile(path, Buffer.from(text), syntax)).chunks.filter(({ name }) => name !== '');
        const together = await parseFile(path, Buffer.from(`${first}\n\n${text}`), syntax);
        if (together.status === 'parsed')
          expect(ids(together.chunks)).toEqual(expect.arrayContaining(ids(definitions)));
      }
    },
  );

  it('differ with the path, the kind, the names around and the content', async () => {
    const idOf = async (path: string, text: string, name: string) =>
      (await parseFile(path, Buffer.from(text), syntax)).chunks.find((chunk) => chunk.name === name)!.chunkId;
    const one = await idOf('a.py', 'class A:\n    def f(self): pass\n', 'f');
    expect(await idOf('b.py', 'class A:\n    def f(self): pass\n', 'f')).not.toBe(one);
    expect(await idOf('a.py', 'class B:\n    def f(self): pass\n', 'f')).not.toBe(one);
    expect(await idOf('a.py', 'def A():\n    def f(self): pass\n', 'f')).not.toBe(one);
    expect(await idOf('a.py', 'class A:\n    def f(self): return\n', 'f')).not.toBe(one);
    expect(await idOf('a.py', 'x = 1\n\n\nclass A:\n    def f(self): pass\n', 'f')).toBe(one);
  });

  it('count what is equal in everything, in file order', async () => {
    const text = 'def f():\n    pass\n\n\ndef f():\n    pass\n\n\ndef f():\n    pass\n';
    const { chunks } = await parseFile('a.py', Buffer.from(text), syntax);
    expect(chunks.map(({ occurrence }) => occurrence)).toEqual([0, 1, 2]);
    expect(new Set(ids(chunks)).size).toBe(3);
  });
});

describe('where code is cut', () => {
  const parse = async (path: string, text: string) => (await parseFile(path, Buffer.from(text), syntax)).chunks;

  it('a long function falls into parts that start with its statements and share its parent', async () => {
    const statements = Array.from(
      { length: 60 },
      (_, n) => `        if ready(${n}):\n            values.append(compute(${n}, "step"))`,
    );
    const chunks = await parse(
      'a.py',
      `class A:\n    def long(self, values):\n${statements.join('\n')}\n        return values\n`,
    );
    const [container, ...parts] = chunks;
    expect(parts.length).toBeGreaterThan(3);
    expect(parts.map(({ partIndex }) => partIndex)).toEqual(parts.map((_, index) => index));
    for (const part of parts) {
      expect(part).toMatchObject({ kind: 'method', breadcrumb: 'A.long', parentChunkId: container!.chunkId, depth: 1 });
      expect(part.metrics.cyclomatic).toBe(61);
    }
    for (const part of parts.slice(1)) expect(part.content).toMatch(/^ {8}(if|return)/);
    expect(parts.slice(1).map(({ startLine }) => startLine)).toEqual(
      parts.slice(0, -1).map(({ endLine }) => endLine + 1),
    );
  });

  it('below a long header a chunk is shorter, but never than half of what may be', async () => {
    const lines = (count: number) => Array.from({ length: count }, (_, n) => `put(${n}, "a word");`).join('\n');
    const longest = async (path: string) => {
      const sizes = (await parse(path, lines(200))).map(({ content }) => sizeOf(content));
      return Math.max(...sizes);
    };
    const usual = await longest('src/a.js');
    const long = await longest(`${'someFolder/ofManyWords/'.repeat(3)}a.js`);
    const endless = await longest(`${'someFolder/ofManyWords/'.repeat(40)}a.js`);
    expect(usual).toBeGreaterThan(BUDGET * 0.8);
    expect(long).toBeLessThan(BUDGET * 0.95);
    expect(endless).toBeGreaterThan(BUDGET * 0.4);
    expect(endless).toBeLessThanOrEqual(BUDGET / 2);
  });

  it('no text is larger than a bound on its characters says', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'B', '1', '.', ' '), minLength: 1 }), (text) => {
        expect(sizeOf(text)).toBeLessThanOrEqual(sizeOf('a1') * Math.ceil(text.length / 2));
      }),
    );
  });

  it('a comment is not parted from the statement below it', async () => {
    const statements = Array.from(
      { length: 60 },
      (_, n) => `    // the reason for step ${n}\n    run(${n}, options.first, options.second);`,
    );
    const chunks = await parse('a.js', `function f() {\n${statements.join('\n')}\n}\n`);
    expect(chunks.length).toBeGreaterThan(2);
    for (const chunk of chunks.slice(1)) expect(chunk.content).toMatch(/^ {4}\/\/ the reason/);
  });

  it('one endless line is cut inside the line, never inside a character', async () => {
    const text = `x = "${'🙂'.repeat(900)}"\n${'# a line like any other\n'.repeat(200)}`;
    const chunks = await parse('a.py', text);
    const withSmiles = chunks.filter(({ content }) => content.includes('🙂'));
    expect(withSmiles.length).toBeGreaterThan(3);
    expect(withSmiles.every(({ content }) => isWellFormed(content))).toBe(true);
    expect(withSmiles.map(({ content }) => content.match(/🙂/gu)!.length).reduce((a, b) => a + b)).toBe(900);
  });

  it('a container repeats one line of each child, marked as derived, and its children own their text', async () => {
    const chunks = await parse(
      'a.py',
      'class A:\n    """Doc."""\n\n    def f(self, x):\n        return x\n\n    y = 1\n',
    );
    expect(chunks.map(({ kind, derived }) => [kind, derived])).toEqual([
      ['class', true],
      ['method', false],
    ]);
    expect(chunks[0]!.content).toBe('class A:\n    """Doc."""\n\n    def f(self, x):\n\n    y = 1');
    expect(chunks[0]).toMatchObject({ startLine: 1, endLine: 7 });
  });

  it('a method belongs to the class around it, not to one of the same name', async () => {
    const chunks = await parse(
      'a.py',
      'class A:\n    def f(self): return 1\n\n\nclass A:\n    def g(self): return 2\n',
    );
    const [first, f, second, g] = chunks;
    expect(f!.parentChunkId).toBe(first!.chunkId);
    expect(g!.parentChunkId).toBe(second!.chunkId);
    expect(first!.chunkId).not.toBe(second!.chunkId);
  });

  it('a comment after a blank line, or after code, is no part of the definition below', async () => {
    const chunks = await parse(
      'a.go',
      'package a\n\n// far away\n\nvar x = 1 // of x\nfunc f() {}\n\n// near\nfunc g() {}\n',
    );
    expect(chunks.filter(({ kind }) => kind === 'function').map(({ content }) => content)).toEqual([
      'func f() {}',
      '// near\nfunc g() {}',
    ]);
  });

  it('a comment that is the last thing in a definition stays there', async () => {
    const chunks = await parse('a.py', 'class A:\n    x = 1\n    # last words\ndef f(): pass\n');
    expect(chunks.map(({ breadcrumb, content }) => [breadcrumb, content])).toEqual([
      ['A', 'class A:\n    x = 1\n    # last words'],
      ['f', 'def f(): pass'],
    ]);
  });

  it('a small nameless piece joins a near neighbour, a definition never does', async () => {
    const chunks = await parse('a.py', 'import a\n\n\ndef f(): pass\n\n\nx = 1\n\n\ndef g(): pass\n');
    expect(chunks.map(({ kind, content }) => [kind, content])).toEqual([
      ['module', 'import a\nx = 1'],
      ['function', 'def f(): pass'],
      ['function', 'def g(): pass'],
    ]);
  });

  it('and not one that is far away', async () => {
    const chunks = await parse('a.py', `import a\n\n\ndef f():\n${'    run()\n'.repeat(60)}\n\nmain()\n`);
    expect(chunks.filter(({ kind }) => kind === 'module').map(({ startLine }) => startLine)).toEqual([1, 67]);
  });

  it('several definitions on one line are told apart', async () => {
    const chunks = await parse(
      'a.js',
      'function a() { return 1 } function b() { return 2 } class C { d() {} e() {} }\n',
    );
    expect(chunks.map(({ breadcrumb, content }) => [breadcrumb, content])).toEqual([
      ['a', 'function a() { return 1 }'],
      ['b', 'function b() { return 2 }'],
      ['C', 'class C { d() e() }'],
      ['C.d', 'd() {}'],
      ['C.e', 'e() {}'],
    ]);
  });
});

describe('blocks of lines', () => {
  it('own every non-blank character once, and what they repeat is not their own', () => {
    const line = fc.oneof(fc.string({ maxLength: 80 }), fc.lorem(), fc.constantFrom('', '    ', '\t- a', 'é🙂'), odd);
    const texts = fc
      .tuple(fc.array(line, { maxLength: 120 }), fc.constantFrom('\n', '\r\n', '\r'))
      .map(([lines, lineEnd]) => wellFormed(lines.join(lineEnd)));
    fc.assert(
      fc.property(texts, (text) => {
        const drafts = draftBlocks(text);
        expectToCover(text, drafts);
        expectWholeContent(text, drafts);
        for (const { segments } of drafts) expect(sizeOf(contentOf(text, segments))).toBeLessThanOrEqual(BUDGET + 1);
      }),
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
