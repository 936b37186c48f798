import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { embeddedText } from '../../src/embedding/text.ts';

const chunk = {
  filePath: 'src/read.py',
  kind: 'method',
  breadcrumb: 'Reader.next',
  content: 'def next(self):\n  pass\n',
};

describe('the embedded text', () => {
  test('begins with a line of file name, breadcrumb and kind, and goes on with the content as it is', () => {
    expect(embeddedText(chunk)).toBe('read.py Reader.next method\ndef next(self):\n  pass\n');
  });

  test('leaves out a breadcrumb that is empty', () => {
    expect(embeddedText({ ...chunk, breadcrumb: '' })).toBe('read.py method\ndef next(self):\n  pass\n');
  });

  test('uses nothing of a chunk but what its id is made of', () => {
    const moved = { ...chunk, startLine: 40, endLine: 41, language: 'other', name: 'other', parentName: 'other' };
    expect(embeddedText(moved)).toBe(embeddedText(chunk));
  });

  test('is the same for a copy in another folder', () => {
    expect(embeddedText({ ...chunk, filePath: 'lib/deep/read.py' })).toBe(embeddedText(chunk));
    expect(embeddedText({ ...chunk, filePath: 'read.py' })).toBe(embeddedText(chunk));
    expect(embeddedText({ ...chunk, filePath: 'src/write.py' })).not.toBe(embeddedText(chunk));
  });

  test('keeps every character of the content', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (content) =>
        embeddedText({ ...chunk, content }).endsWith(`\n${content}`),
      ),
    );
  });
});
