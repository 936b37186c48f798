// Marks in `.gitattributes`, as git itself reads them.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readLinguistMarks } from '../../src/discover/linguist.ts';
import {
  discoverIn,
  gitEnv,
  pathsOf,
  repository,
  skipsOf,
  temporaryFolder,
  write,
} from '../phase1-parse/temporary-trees.ts';

const FILES = [
  'a',
  'b.js',
  'gen/a',
  'gen/b.js',
  'gen/deep/b.js',
  'sub/gen/a',
  'sub/b.js',
  'sub/x y',
  'sub/é.js',
  'sub/#h',
];

/** What git says of the attribute, for each file. */
function askGit(root: string, attribute: string): Map<string, string> {
  const output = execFileSync('git', ['-C', root, 'check-attr', '-z', '--stdin', attribute], {
    env: gitEnv(),
    input: FILES.join('\0'),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const fields = output.split('\0');
  return new Map(FILES.map((_, index) => [fields[index * 3]!, fields[index * 3 + 2]!]));
}

const pattern = fc.constantFrom(
  ...[
    '*',
    '*.js',
    'a',
    '/a',
    'gen',
    'gen/',
    '/gen/*',
    'gen/a',
    'gen/**',
    '**/a',
    '**/gen/*',
    '**/deep/**',
    'sub/**/a',
    '**/gen/**/b.js',
    'sub/*',
    'sub/gen/a',
    '?',
    '[ab]*',
  ],
  ...['"sub/x y"', '"x y"', 'é.js', '*h', '!a', '# c'],
);
const attribute = fc.constantFrom(
  ...['linguist-generated', 'linguist-generated=true', '-linguist-generated', 'linguist-generated=false'],
  ...[
    '!linguist-generated',
    'linguist-vendored',
    'text',
    'linguist-language=C',
    'linguist-generated -linguist-vendored',
  ],
);
const attributes = fc
  .array(fc.tuple(pattern, attribute), { maxLength: 5 })
  .map((lines) => lines.map(([matched, words]) => `${matched} ${words}\n`).join(''));

test('is what git check-attr says, on random attributes files at several depths', () => {
  const root = repository(Object.fromEntries(FILES.map((file) => [file, 'x'])));
  const places = ['.gitattributes', 'gen/.gitattributes', 'sub/.gitattributes'];
  fc.assert(
    fc.property(fc.tuple(attributes, attributes, attributes), (texts) => {
      for (const [index, place] of places.entries()) {
        if (texts[index] === '') rmSync(`${root}/${place}`, { force: true });
        else write(root, { [place]: texts[index]! });
      }
      const failed: { path: string; reason: string }[] = [];
      const marks = readLinguistMarks(root, [...FILES, ...places], failed);
      const isSet = (value: string | undefined) => value === 'set' || value === 'true';
      const [generated, vendored] = [askGit(root, 'linguist-generated'), askGit(root, 'linguist-vendored')];
      for (const file of FILES) {
        const expected = isSet(generated.get(file)) ? 'generated' : isSet(vendored.get(file)) ? 'vendored' : null;
        expect(marks.of(file)?.mark ?? null, file).toBe(expected);
      }
      expect(failed).toEqual([]);
    }),
    { numRuns: Number(process.env.TANDEM_TREES ?? 40) },
  );
});

test('marked files are left out and name the line, in a repository and outside', async () => {
  const files = {
    '.gitattributes': '*.pb.ts linguist-generated\nthird/** linguist-vendored=true\n',
    'third/.gitattributes': 'ours.ts -linguist-vendored\n',
    'a.ts': 'x',
    'a.pb.ts': 'x',
    'third/b.ts': 'x',
    'third/ours.ts': 'x',
  };
  const outside = temporaryFolder();
  write(outside, files);
  for (const root of [outside, repository(files)]) {
    const found = await discoverIn(root);
    expect(pathsOf(found)).toEqual(['.gitattributes', 'a.ts', 'third/ours.ts']);
    expect(skipsOf(found)).toEqual({ generated: ['a.pb.ts'], vendored: ['third/.gitattributes', 'third/b.ts'] });
    expect(found.skipped[0]).toMatchObject({ rule: '.gitattributes:1: *.pb.ts' });
  }
});
