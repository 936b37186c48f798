import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBuiltInLanguages, loadLanguage } from '../../src/languages/load.ts';

const folder = mkdtempSync(join(tmpdir(), 'language-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(language: unknown, query = ''): ReturnType<typeof loadLanguage> {
  writeFileSync(join(folder, 'language.json'), typeof language === 'string' ? language : JSON.stringify(language));
  writeFileSync(join(folder, 'query.scm'), query);
  return loadLanguage(pathToFileURL(`${folder}/`));
}

describe('loading languages', () => {
  it('finds the built-in ones, each with a grammar and a query', () => {
    const languages = loadBuiltInLanguages();
    expect(languages.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['go', 'java', 'javascript', 'python', 'rust', 'tsx', 'typescript']),
    );
    for (const language of languages) {
      expect(language.extensions.length + language.filenames.length, language.id).toBeGreaterThan(0);
      if (language.grammar !== null) expect(language.query, language.id).toContain('@def.');
    }
  });

  it('lets no two built-in languages claim the same extension', () => {
    const extensions = loadBuiltInLanguages().flatMap((language) => language.extensions);
    expect(extensions.toSorted()).toEqual([...new Set(extensions)].sort());
  });

  it("loads a user's own language from its directory, with a shipped grammar", () => {
    const language = load(
      { id: 'starlark', extensions: ['.bzl'], grammar: 'tree-sitter-python.wasm' },
      '; nothing yet',
    );
    expect(language).toMatchObject({ id: 'starlark', separator: '.', comments: [], query: '; nothing yet' });
    expect(language.grammar?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('prefers a grammar that lies beside the language and does not check its hash', () => {
    writeFileSync(join(folder, 'own.wasm'), 'anything');
    expect(load({ id: 'own', grammar: 'own.wasm' }).grammar).toEqual({ path: join(folder, 'own.wasm'), sha256: null });
  });

  it('accepts a language without a grammar', () => {
    expect(load({ id: 'notes', extensions: ['.note'] })).toMatchObject({ grammar: null, query: '' });
  });

  it.each([
    ['an unknown key', { id: 'x', extension: ['.x'] }, /extension/],
    ['an extension without its dot', { id: 'x', extensions: ['x'] }, /extensions\.0/],
    ['no id', { extensions: ['.x'] }, /id/],
    ['an unknown kind', { id: 'x', methodsIn: ['klass'] }, /klass/],
    ['an unknown small kind', { id: 'x', textWhenSmall: ['row'] }, /textWhenSmall.*row/],
    ['a grammar that is nowhere', { id: 'x', grammar: 'tree-sitter-x.wasm' }, /there is no "tree-sitter-x\.wasm"/],
    [
      'a query that is nowhere',
      { id: 'x', grammar: 'tree-sitter-go.wasm', queries: ['no.scm'] },
      /no\.scm.*no such file/,
    ],
    ['broken JSON', '{', /language\.json/],
  ])('names the file and the place when there is %s', (_, language, message) => {
    expect(() => load(language)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) }),
    );
  });
});
