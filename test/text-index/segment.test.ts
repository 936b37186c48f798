import { describe, expect, test } from 'vitest';
import { SegmentBuilder } from '../../src/text-index/build-segment.ts';
import { fromMemory } from '../../src/text-index/bytes.ts';
import type { TextDocument } from '../../src/text-index/document.ts';
import { nameTerm } from '../../src/text-index/format.ts';
import { scoreSegments } from '../../src/text-index/score.ts';
import { Segment, SegmentDamaged } from '../../src/text-index/segment.ts';
import { compoundOf, tokensOfWord, wordsOf } from '../../src/text-index/tokens.ts';

function documentOf(path: string, name: string, content: string, line = 1): TextDocument {
  return {
    chunkId: `${path}#${name}`,
    filePath: path,
    language: 'python',
    kind: name === '' ? 'module' : 'function',
    name,
    breadcrumb: name,
    content,
    docstring: '',
    signature: `def ${name}()`,
    startLine: line,
    endLine: line + 2,
    complexity: 3,
  };
}

function built(files: Readonly<Record<string, readonly TextDocument[]>>): Buffer {
  const builder = new SegmentBuilder();
  for (const [path, documents] of Object.entries(files)) builder.add({ path, state: 'x', documents });
  return Buffer.from(builder.finish());
}

const FILES = {
  'src/session_store.py': [
    documentOf('src/session_store.py', 'load_session', 'def load_session(key):\n    return signer.loads(key)'),
    documentOf('src/session_store.py', '', 'import hmac', 9),
  ],
  'src/größe.py': [documentOf('src/größe.py', 'größe', 'def größe(): return "日本語の検索"')],
};

const tokensOf = (text: string) => wordsOf(text).flatMap(tokensOfWord);
const query = (text: string) => new Map(tokensOf(text).map((token) => [token, 1]));

describe('tokens', () => {
  test.each([
    ['getHTTPServer_v2', ['get', 'http', 'server', 'v2', 'gethttpserverv2']],
    ['registered registering', ['regist', 'regist']],
    ['$scope __init__', ['scope', 'init']],
    ['größe Straße', ['größe', 'straße']],
    ['日本語', ['日本', '本語']],
    ['a-b.c', ['a', 'b', 'c']],
    ['x'.repeat(65), []],
  ])('of %s', (text, tokens) => {
    expect(tokensOf(text)).toEqual(tokens);
  });

  test('of one name in three styles are the same', () => {
    expect(new Set(['load_session', 'loadSession', 'LoadSession'].map(compoundOf)).size).toBe(1);
    expect(tokensOf('load_session')).toEqual(tokensOf('loadSession'));
  });
});

describe('a segment', () => {
  test('finds documents by words of the content, of the name and of the path, however they are written', () => {
    const segment = new Segment(fromMemory(built(FILES)));
    const foundBy = (text: string) =>
      scoreSegments([segment], query(text))
        .scored[0]!.found.map((index) => segment.document(index).chunkId)
        .sort();
    expect(foundBy('signer')).toEqual(['src/session_store.py#load_session']);
    expect(foundBy('sessions')).toEqual(['src/session_store.py#', 'src/session_store.py#load_session']);
    expect(foundBy('LoadSession')).toContain('src/session_store.py#load_session');
    expect(foundBy('検索')).toEqual(['src/größe.py#größe']);
    expect(foundBy('nowhere')).toEqual([]);
    expect([...segment.postings(nameTerm('loadsession'))!.documents]).toEqual([0]);
  });

  test('scores a name above a mention, from 0 to 1', () => {
    const other = documentOf('b.py', 'other', 'load_session is called here, and so are many other things of this file');
    const segment = new Segment(fromMemory(built({ ...FILES, 'b.py': [other] })));
    const { scores } = scoreSegments([segment], query('load session')).scored[0]!;
    expect(scores[0]!).toBeGreaterThan(scores[3]!);
    expect(scores[3]!).toBeGreaterThan(0);
    expect(scores[0]!).toBeLessThanOrEqual(1);
  });

  test('gives back what was stored, by place and by id', () => {
    const segment = new Segment(fromMemory(built(FILES)));
    expect(segment.files().map(({ path, first, count }) => [path, first, count])).toEqual([
      ['src/session_store.py', 0, 2],
      ['src/größe.py', 2, 1],
    ]);
    expect(segment.candidatesFor('src/größe.py#größe')).toEqual([2]);
    expect(segment.candidatesFor('nobody')).toEqual([]);
    expect(segment.document(1)).toMatchObject({ kind: 'module', startLine: 9, endLine: 11, complexity: 3, words: 2 });
  });

  test('has equal bytes for equal files', () => {
    expect(built(FILES).equals(built(FILES))).toBe(true);
  });

  test('holds nothing where nothing was added', () => {
    const segment = new Segment(fromMemory(built({})));
    expect([segment.documents, segment.files(), segment.postings('x')]).toEqual([0, [], null]);
  });

  test('that was cut off, or has a flipped bit where it is read, is damaged and never wrong', () => {
    const whole = built(FILES);
    const read = (bytes: Buffer) => {
      const segment = new Segment(fromMemory(bytes));
      const postings = ['signer', 'session', nameTerm('loadsession')].map((term) => segment.postings(term));
      return JSON.stringify(postings.map((list) => list && [[...list.documents], [...list.impacts]]));
    };
    const right = read(whole);
    for (let cut = 0; cut < whole.length; cut += 7) {
      const outcome = attempt(() => read(whole.subarray(0, cut)));
      expect(outcome === 'damaged' || outcome === right, `cut at ${cut}: ${outcome}`).toBe(true);
    }
    for (let at = 0; at < whole.length; at++) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 0x10;
      const outcome = attempt(() => read(bytes));
      expect(outcome === 'damaged' || outcome === right, `flipped at ${at}: ${outcome}`).toBe(true);
    }
  });
});

function attempt(action: () => string): string {
  try {
    return action();
  } catch (error) {
    if (error instanceof SegmentDamaged) return 'damaged';
    throw error;
  }
}
