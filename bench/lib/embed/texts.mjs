// The texts that embedding is measured on: chunks as the product embeds them.
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';

const CODE = new Set(['.py', '.ts', '.js', '.go', '.rs', '.java', '.c', '.cc', '.cpp', '.cs', '.rb', '.php', '.kt']);

/** The code files of a folder, in order, with the texts of each; a text that an earlier file has is left out. */
export async function filesOf(source) {
  const { embeddedText } = await import('../../../dist/embedding/text.js');
  const { parseFile } = await import('../../../dist/phase1-parse/parse-file.js');
  const { openSyntax } = await import('../../../dist/phase1-parse/syntax/syntax.js');
  const syntax = await openSyntax();
  const known = new Set();
  const files = [];
  for (const file of codeFiles(source)) {
    const filePath = relative(source, file);
    const { chunks } = await parseFile(filePath, readFileSync(file), syntax);
    const texts = [...new Set(chunks.map((chunk) => embeddedText({ ...chunk, filePath })))];
    files.push({ file, texts: texts.filter((text) => !known.has(text)) });
    for (const text of texts) known.add(text);
  }
  if (known.size === 0) throw new Error(`no code in ${source}`);
  return files;
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
