// Which holes in another program's rows of a file are seen, and what is no hole.
import { describe, expect, test } from 'vitest';
import type { Chunk, ChunkKind } from '../../src/core/chunk.ts';
import { findMissing } from '../../src/store/mcp-vector-search/missing-chunks.ts';
import { makeFile } from './make.ts';

let made = 0;

function chunk(kind: ChunkKind, name: string, lines: [number, number], more: Partial<Chunk> = {}): Chunk {
  const [base] = makeFile('a.py', ['x']).chunks;
  const [startLine, endLine] = lines;
  const signature = `def ${name}()`;
  const metrics = { ...base!.metrics, lines: endLine - startLine + 1 };
  const own = { chunkId: `c${++made}`, kind, name, breadcrumb: name, startLine, endLine, signature, metrics };
  return {
    ...base!,
    language: 'python',
    content: `${signature} {}`,
    parentChunkId: null,
    derived: false,
    ...own,
    ...more,
  };
}

function row(kind: string, name: string, [startLine, endLine]: [number, number], content = 'text') {
  return { kind, name, startLine, endLine, content };
}

const names = (chunks: readonly Chunk[]) => chunks.map(({ name }) => name);

describe('a definition is missing', () => {
  const rows = [row('function', 'kept', [1, 2])];

  test('without a row of its name within its lines, comments before it included', () => {
    const chunks = [chunk('function', 'kept', [1, 2]), chunk('function', 'lost', [4, 9])];
    expect(names(findMissing(chunks, rows))).toEqual(['lost']);
    expect(findMissing(chunks, [...rows, row('function', 'lost', [7, 9])])).toEqual([]);
    expect(names(findMissing(chunks, [...rows, row('function', 'lost', [20, 29])]))).toEqual(['lost']);
    expect(names(findMissing(chunks, [...rows, row('function', 'lost', [4, 9], '')]))).toEqual(['lost']);
  });

  test('only where mcp-vector-search gives it a row: not inside a function, not in part, not in every language', () => {
    const outer = chunk('function', 'kept', [1, 9]);
    const chunks = [
      outer,
      chunk('function', 'local', [3, 4], { parentChunkId: outer.chunkId }),
      chunk('function', 'kept', [8, 9], { partIndex: 1 }),
      chunk('function', 'other', [11, 12], { language: 'haskell' }),
      chunk('type', 'Alias', [13, 13], { language: 'go' }),
    ];
    expect(findMissing(chunks, rows)).toEqual([]);
  });

  test('of scripts if it is declared, with a body', () => {
    const script = (signature: string, content = `${signature} { }`): Partial<Chunk> => ({
      language: 'typescript',
      signature,
      content,
    });
    const chunks = [
      chunk('function', 'lost', [3, 4], script('export async function lost(a: number)')),
      chunk(
        'function',
        'overload',
        [5, 5],
        script('function overload(a: number): void;', 'function overload(): void;'),
      ),
      chunk('function', 'arrow', [6, 7], script('export const arrow = () =>')),
    ];
    expect(names(findMissing(chunks, rows))).toEqual(['lost']);
  });

  test('of a class of TypeScript unless an old release cut the file', () => {
    const chunks = [chunk('class', 'Cellar', [3, 9], { language: 'typescript', signature: 'export class Cellar' })];
    expect(names(findMissing(chunks, rows))).toEqual(['Cellar']);
    expect(findMissing(chunks, rows, 'old')).toEqual([]);
  });
});

test('imports of Python are missing without their row', () => {
  const imports = chunk('module', '', [1, 2], { content: 'import os\nfrom a import b' });
  const rows = [row('function', 'f', [4, 5])];
  expect(findMissing([imports], rows)).toEqual([imports]);
  expect(findMissing([imports], [...rows, row('imports', '', [1, 2])])).toEqual([]);
});

test('prose is missing whose words stand in no row, however they are wrapped; old releases dropped some', () => {
  const section = (content: string) => chunk('section', 'Guide', [1, 5], { language: 'markdown', content });
  const rows = [row('text', '', [1, 1], '# Guide\n\nPlant in\nautumn.')];
  expect(findMissing([section('# Guide\n\nPlant in')], rows)).toEqual([]);
  const lost = section('# Guide\n\nNever in summer.');
  expect(findMissing([lost], rows)).toEqual([lost]);
  expect(findMissing([lost], rows, 'old')).toEqual([]);
});
