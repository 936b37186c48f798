import { describe, expect, test } from 'vitest';
import { findText, linesOf } from '../../src/search/find-text.ts';

const at = (startLine: number, endLine: number) => ({ startLine, endLine });
const find = (text: string, content: string, indexed: { startLine: number; endLine: number }) =>
  findText(linesOf(text), content, indexed);

describe('the text of a chunk is found', () => {
  test.each([
    ['where it was', 'a\nb\nc\nd', 'b\nc', at(2, 3), at(2, 3)],
    ['further down', 'x\nx\na\nb\nc', 'b\nc', at(2, 3), at(4, 5)],
    ['further up', 'b\nc\nd', 'b\nc', at(20, 21), at(1, 2)],
    ['nearest to where it was', 'b\nx\nx\nb\nx\nb', 'b', at(3, 3), at(4, 4)],
    ['in the upper of two places as near', 'b\nx\nb', 'b', at(2, 2), at(1, 1)],
    ['under other line ends', 'x\r\na\r\nb\r\n', 'a\nb\n', at(1, 2), at(2, 3)],
    ['where lines end with CR alone', 'x\ra\rb', 'a\rb', at(1, 2), at(2, 3)],
    ['with other blanks at the ends of lines', 'a  \nb\t', 'a\nb', at(1, 2), at(1, 2)],
    ['between blank lines of its own', 'x\n\na\nb\n', '\n\na\nb\n\n', at(1, 2), at(3, 4)],
    ['in the middle of lines', 'x\n  let a = f(\n  b); // c', 'f(\n  b);', at(1, 2), at(2, 3)],
    ['in the middle of one line', 'x\n  let a = f(b);', 'f(b)', at(9, 9), at(2, 2)],
    ['after lines that it repeats', 'x\ny\na\nb\nc\nd', 'a\nb\nc\nd', at(2, 3), at(5, 6)],
    ['where secrets are asterisks', 'x\nkey = "abc"\nrun(key)', 'key = "***"\nrun(key)', at(1, 2), at(2, 3)],
    ['as a whole though its range was longer', 'x\nclass A {\n  f() {\n}', 'class A {\n  f() {\n}', at(1, 6), at(2, 4)],
    [
      'without the bodies that belong to its children',
      'x\nclass A {\n  f() {\n    body\n  }\n  v = 1\n}\nend',
      'class A {\n  f() {\n  v = 1\n}',
      at(1, 6),
      at(2, 7),
    ],
  ])('%s', (_, text, content, indexed, expected) => {
    expect(find(text, content, indexed)).toEqual(expected);
  });
});

describe('the text of a chunk is not there', () => {
  test.each([
    ['if a line of it has changed', 'a\nB\nc', 'a\nb\nc', at(1, 3)],
    ['if a line stands between', 'a\nx\nb', 'a\nb', at(1, 2)],
    ['if its indentation has changed', 'a\n\tb\nc', 'a\n    b\nc', at(1, 3)],
    ['if the file is empty', '', 'a', at(1, 1)],
    ['if the file ends before it does', 'a\nb', 'a\nb\nc', at(1, 3)],
    ['if it shows nothing', 'a\nb', ' \n\t', at(1, 2)],
    ['if asterisks stand for fewer characters than there are', 'key = "abcd"', 'key = "***"', at(1, 1)],
    ['if an outline lacks a line', 'class A {\n  f() {\n  }\n}', 'class A {\n  g() {\n}', at(1, 4)],
    ['if what an outline leaves out has grown', 'class A {\n  f() {\n  x\n  y\n}', 'class A {\n  f() {\n}', at(1, 4)],
  ])('%s', (_, text, content, indexed) => {
    expect(find(text, content, indexed)).toBe(null);
  });
});
