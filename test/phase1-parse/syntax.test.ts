import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type Language, loadBuiltInLanguages } from '../../src/languages/load.ts';
import { parseFile } from '../../src/phase1-parse/parse-file.ts';
import { openSyntax, type Syntax } from '../../src/phase1-parse/syntax/syntax.ts';
import { fixtureTexts } from './fixture-texts.ts';

const languages = loadBuiltInLanguages();
const withGrammar = languages.filter((language) => language.grammar !== null);
const python = languages.find((language) => language.id === 'python')!;
/** All that is read of a text, to compare. */
function readAll(syntax: Syntax, language: Language, text: string) {
  return syntax.read(language, text, ({ boundariesIn, ...reading }) => ({
    ...reading,
    boundaries: boundariesIn([{ start: 0, end: text.length }]),
  }));
}

const folder = mkdtempSync(join(tmpdir(), 'grammars-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('reading syntax', () => {
  it.each(withGrammar)('compiles the query of $id', async (language) => {
    const syntax = await openSyntax({ languages: [language] });
    expect(await readAll(syntax, language, '\n')).not.toBeNull();
  });

  it.each(withGrammar)('a parser of $id that has read other texts finds what a fresh one finds', async (language) => {
    const reused = await openSyntax({ languages });
    const texts = fixtureTexts(language.id);
    for (const text of [...texts, ...texts.toReversed()]) {
      const fresh = await openSyntax({ languages });
      expect(await readAll(reused, language, text)).toEqual(await readAll(fresh, language, text));
    }
  });

  it('gives offsets in the units of a JavaScript string', async () => {
    const text = '# größer 🙂\ndef naïve🙂(): pass\ndef café(): pass\n';
    const reading = await readAll(await openSyntax(), python, text);
    const names = reading!.matches.flatMap(({ captures }) => captures.filter(({ name }) => name === 'name'));
    expect(names.map(({ start, end }) => text.slice(start, end))).toContain('café');
  });

  it('reads the regions of another language in their own grammar, at their place in the text', async () => {
    const page = (type: string, code: string) => `<p>größer 🙂</p>\n<script${type}>\n${code}\n</script>\n`;
    const namesOf = async (text: string) => {
      const { chunks } = await parseFile('a.html', Buffer.from(text), await openSyntax({ languages }));
      return chunks.filter(({ kind }) => kind === 'function').map(({ name, startLine }) => [name, startLine]);
    };
    const code = "const naïve = '🙂'\nfunction après(a, b) { return a && b }";
    expect(await namesOf(page('', code))).toEqual([['après', 4]]);
    expect(await namesOf(page(' type="module"', code))).toEqual([['après', 4]]);
    expect(await namesOf(page(' type="text/x-template"', code))).toEqual([]);
    expect(await namesOf(page('', `{% if x %} }}} ${'{{'.repeat(20)} function f() {}`))).toEqual([]);
  });

  it('gives up at the deadline, and reads the next text as if nothing had been', async () => {
    const hurried = await openSyntax({ languages, mostParserCalls: 0 });
    expect(await readAll(hurried, python, `${'x = [1, 2, 3]\n'.repeat(20_000)}`)).toBeNull();
    // Too short for the parser to look at the clock, so this one is read to its end.
    const text = 'def f(): pass\n';
    const patient = await openSyntax({ languages });
    expect(await readAll(hurried, python, text)).toEqual(await readAll(patient, python, text));
  });
});

describe('a grammar that is not what was shipped', () => {
  const shipped = python.grammar!.path;
  const goneOrOther = (path: string): Language => ({ ...python, grammar: { ...python.grammar!, path } });

  it('is refused when a byte of it differs, and does not become a fallback', async () => {
    const path = join(folder, 'changed.wasm');
    const bytes = readFileSync(shipped);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
    const syntax = await openSyntax({ languages: [goneOrOther(path)] });
    await expect(parseFile('a.py', Buffer.from('x = 1\n'), syntax)).rejects.toMatchObject({ code: 'GRAMMAR_DAMAGED' });
  });

  it('is refused when it is missing', async () => {
    const syntax = await openSyntax({ languages: [goneOrOther(join(folder, 'gone.wasm'))] });
    await expect(parseFile('a.py', Buffer.from('x = 1\n'), syntax)).rejects.toMatchObject({
      code: 'GRAMMAR_DAMAGED',
      message: expect.stringContaining('gone.wasm'),
    });
  });

  it('is named when it does not load, whatever the loader says', async () => {
    const path = join(folder, 'nonsense.wasm');
    writeFileSync(path, 'no wasm');
    const syntax = await openSyntax({ languages: [{ ...python, grammar: { path, sha256: null } }] });
    await expect(parseFile('a.py', Buffer.from('x = 1\n'), syntax)).rejects.toMatchObject({
      code: 'GRAMMAR_DAMAGED',
      message: expect.stringMatching(/nonsense\.wasm of python.*ABI/),
    });
  });

  it('is found where a caller keeps its grammars', async () => {
    for (const { grammar } of withGrammar) copyFileSync(grammar!.path, join(folder, basename(grammar!.path)));
    const moved = loadBuiltInLanguages(pathToFileURL(`${folder}/`));
    const syntax = await openSyntax({ languages: moved });
    expect(await parseFile('a.py', Buffer.from('x = 1\n'), syntax)).toMatchObject({ status: 'parsed' });
  });
});

describe("a user's own query", () => {
  it.each([
    ['does not compile', '(no_such_node) @def.function', /no_such_node/],
    ['uses a capture that means nothing', '(call) @calls', /@calls/],
    ['defines an unknown kind', '(call) @def.thing', /@def\.thing/],
  ])('is refused when it %s', async (_, query, message) => {
    const own = { ...python, query };
    const syntax = await openSyntax({ languages: [own] });
    await expect(readAll(syntax, own, 'x\n')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
