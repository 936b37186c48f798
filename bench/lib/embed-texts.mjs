// The texts that embedding is measured on: chunks as the product embeds them.
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';

const CODE = new Set(['.py', '.ts', '.js', '.go', '.rs', '.java', '.c', '.cc', '.cpp', '.cs', '.rb', '.php', '.kt']);

/** Distinct texts of a folder's code, or those of a .json file with an array of texts, in order. */
export async function textsOf(source) {
  if (source.endsWith('.json')) return [...new Set(JSON.parse(readFileSync(source, 'utf8')))];
  const { embeddedText } = await import('../../dist/embedding/text.js');
  const { parseFile } = await import('../../dist/phase1-parse/parse-file.js');
  const { openSyntax } = await import('../../dist/phase1-parse/syntax.js');
  const syntax = await openSyntax();
  const texts = new Set();
  for (const file of codeFiles(source)) {
    const filePath = relative(source, file);
    const { chunks } = await parseFile(filePath, readFileSync(file), syntax);
    for (const chunk of chunks) texts.add(embeddedText({ ...chunk, filePath }));
  }
  if (texts.size === 0) throw new Error(`no code in ${source}`);
  return [...texts];
}

/** `count` of the texts, in order, with the lengths of all: at equal distances of a list sorted by length. */
export function stratified(texts, count) {
  if (texts.length <= count) return texts;
  const byLength = texts.map((_, index) => index).sort((a, b) => texts[a].length - texts[b].length || a - b);
  const step = texts.length / count;
  const taken = Array.from({ length: count }, (_, at) => byLength[Math.floor((at + 0.5) * step)]);
  return taken.sort((a, b) => a - b).map((index) => texts[index]);
}

function* codeFiles(folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* codeFiles(path);
    else if (CODE.has(extname(entry.name))) yield path;
  }
}
