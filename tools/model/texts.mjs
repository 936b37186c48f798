// Cuts source trees into the texts that parity is measured on, four classes of them, and writes one JSON array of
// { class, text } to standard output. The same trees give the same texts.
//
//   node tools/model/texts.mjs [--per-class 700] <folder>… > texts.json
//
// code        chunks as the product embeds them
// prose       paragraphs of Markdown and reStructuredText, without a header line
// non-latin   chunks and paragraphs with a good share of letters that are not Latin (comments, documentation)
// short       names, first lines and headings of at most 40 characters, as people type them into a search
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { embeddedText } from '../../dist/embedding/text.js';
import { parseFile } from '../../dist/phase1-parse/parse-file.js';
import { openSyntax } from '../../dist/phase1-parse/syntax/syntax.js';

const PROSE = new Set(['.md', '.mdx', '.rst']);
const CODE = new Set(
  '.py .ts .tsx .js .go .rs .java .c .h .cc .cpp .cs .rb .php .kt .scala .lua .sh .zig .vue .css .sql'.split(' '),
);
const MAX_FILE_BYTES = 200_000;
const SHORT_CHARACTERS = 40;
const NON_LATIN_LETTERS = 20;
const NON_LATIN_SHARE = 0.12;

const { values: options, positionals: folders } = parseArgs({
  allowPositionals: true,
  options: { 'per-class': { type: 'string', default: '700' } },
});
if (folders.length === 0) throw new Error('name the folders to cut');

const syntax = await openSyntax();
const found = { code: [], prose: [], 'non-latin': [], short: [] };
for (const folder of folders) {
  const ofFolder = { code: new Set(), prose: new Set(), 'non-latin': new Set(), short: new Set() };
  for (const path of filesOf(resolve(folder))) await collect(ofFolder, resolve(folder), path);
  for (const [name, texts] of Object.entries(ofFolder)) found[name].push([...texts]);
}
const sample = Object.entries(found).flatMap(([name, lists]) =>
  evenly(lists, Number(options['per-class'])).map((text) => ({ class: name, text })),
);
process.stdout.write(`${JSON.stringify(sample, null, 1)}\n`);

async function collect(into, folder, path) {
  const bytes = readFileSync(path);
  const isProse = PROSE.has(extname(path));
  const texts = isProse ? paragraphs(bytes.toString()) : await chunkTexts(relative(folder, path), bytes, into.short);
  for (const text of texts) {
    into[isNonLatin(text) ? 'non-latin' : isProse ? 'prose' : 'code'].add(text);
    if (isProse && text.startsWith('#')) addShort(into.short, text.split('\n')[0].replace(/^#+\s*/, ''));
  }
}

async function chunkTexts(filePath, bytes, short) {
  const { chunks } = await parseFile(filePath, bytes, syntax);
  for (const { breadcrumb, content } of chunks) {
    addShort(short, breadcrumb);
    addShort(short, content.split('\n')[0]);
  }
  return chunks.map((chunk) => embeddedText({ ...chunk, filePath }));
}

function addShort(short, line) {
  const text = line.trim();
  if (text.length > 0 && text.length <= SHORT_CHARACTERS) short.add(text);
}

function paragraphs(text) {
  return text.split(/\n\s*\n/).filter((paragraph) => paragraph.trim().length > SHORT_CHARACTERS);
}

function isNonLatin(text) {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const others = text.match(/[\p{L}--\p{Script=Latin}]/gv)?.length ?? 0;
  return others >= NON_LATIN_LETTERS && others >= NON_LATIN_SHARE * letters;
}

/** `count` texts, as many from each list as it can give, at equal distances within a list. */
function evenly(lists, count) {
  const taken = [];
  const bySize = [...lists].sort((a, b) => a.length - b.length);
  bySize.forEach((list, index) => {
    const share = Math.min(list.length, Math.floor((count - taken.length) / (bySize.length - index)));
    for (let at = 0; at < share; at += 1) taken.push(list[Math.floor((at * list.length) / share)]);
  });
  return taken;
}

function* filesOf(folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!entry.name.startsWith('.') && entry.name !== 'node_modules') yield* filesOf(path);
    } else if (isRead(path)) yield path;
  }
}

function isRead(path) {
  const extension = extname(path);
  return (CODE.has(extension) || PROSE.has(extension)) && statSync(path).size <= MAX_FILE_BYTES;
}
