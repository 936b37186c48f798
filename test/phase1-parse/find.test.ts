// What is read from the parser's memory directly, against what its own objects say.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Language as Grammar, type Node, Parser, Query } from 'web-tree-sitter';
import { loadBuiltInLanguages } from '../../src/languages/load.ts';
import { boundariesOf } from '../../src/phase1-parse/syntax/boundaries.ts';
import { compile } from '../../src/phase1-parse/syntax/compile.ts';
import { EMBED } from '../../src/phase1-parse/syntax/find.ts';
import { startRuntime } from '../../src/phase1-parse/syntax/runtime.ts';
import { fixtureTexts } from './fixture-texts.ts';

const languages = loadBuiltInLanguages();
/** With and without predicates, parameters, names of several parts and regions of other languages. */
const VARIED = ['python', 'javascript', 'go', 'html', 'vue', 'markdown', 'yaml'];

beforeAll(() => startRuntime());

describe('reading the parser’s memory', () => {
  it.each(VARIED)('finds in %s what the library’s objects say', async (id) => {
    const language = languages.find((each) => each.id === id)!;
    const compiled = await compile(language);
    const grammar = await Grammar.load(readFileSync(language.grammar!.path));
    const query = new Query(
      grammar,
      [language.query, ...language.comments.map((type) => `(${type}) @_comment`)].join('\n'),
    );
    const parser = new Parser().setLanguage(grammar);
    for (const text of fixtureTexts(language.id)) {
      const tree = parser.parse(text)!;
      const expected = query.matches(tree.rootNode).map(({ patternIndex, captures }) => ({ patternIndex, captures }));
      const { matches, regions } = compiled.finder.find(tree, text)!;

      const plain = expected.map(({ patternIndex, captures }) => ({
        pattern: patternIndex,
        captures: captures
          .filter(({ name }) => !name.startsWith(EMBED) && (!name.startsWith('_') || name === '_comment'))
          .map(({ name, node }) => ({
            name,
            start: node.startIndex,
            end: node.endIndex,
            children: paramsOf(name, node),
          })),
      }));
      expect(matches.map(({ pattern, captures }) => ({ pattern, captures }))).toEqual(
        plain.filter(({ captures }) => captures.length > 0),
      );
      const embedded = expected.flatMap(({ patternIndex, captures }) =>
        captures
          .filter(({ name }) => name.startsWith(EMBED))
          .map(({ name, node }) => regionOf(patternIndex, name, node)),
      );
      expect(regions).toEqual(embedded);
      tree.delete();
    }
  });

  it('cuts where the nodes of the outermost level start', async () => {
    const python = languages.find(({ id }) => id === 'python')!;
    const compiled = await compile(python);
    const text = 'größe = "🙂"\n\n# said of f\ndef f():\n    return 1\nprint(größe)\n';
    const tree = compiled.parser.parse(text)!;
    const starts = tree.rootNode.namedChildren.map((node) => node.startIndex);
    const whole = [{ start: 0, end: text.length }];
    const found = boundariesOf(tree, text, compiled, whole, 0).map(({ start }) => start);
    // A comment stays with what stands below it.
    expect(found).toEqual(starts.filter((start) => !text.startsWith('def f', start)));
    tree.delete();
  });
});

function paramsOf(name: string, node: Node): number {
  if (name !== 'params') return 0;
  return node.childCount === 0 ? -1 : node.namedChildCount;
}

function regionOf(pattern: number, name: string, node: Node) {
  const { startIndex, endIndex, startPosition, endPosition } = node;
  return { language: name.slice(EMBED.length), pattern, startIndex, startPosition, endIndex, endPosition };
}
