// A picture of the chunks: how long they are in characters and word pieces, and a table by language, as one HTML file.
// npm run bench -- chunks <folder>… [--out=chunks.html] [--megabytes=1]
// Word pieces are counted with the bundled model's own tokenizer, over the text that is embedded, header and marks included.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { AutoTokenizer, env } from '@huggingface/transformers';
import { loadConfig } from '../dist/config/load.js';
import { embeddedText } from '../dist/embedding/text.js';
import { parseFile } from '../dist/phase1-parse/parse-file.js';
import { openSyntax } from '../dist/phase1-parse/syntax/syntax.js';
import { drawChunks } from './lib/draw-chunks.mjs';
import { byGroup, foldersOf, option, sampleFiles } from './lib/sample.mjs';

/** What the model reads of a text. */
const FITS = 256;

const args = process.argv.slice(2);
const folders = foldersOf(args);
if (folders.length === 0) {
  console.error('which folders? npm run bench -- chunks <folder>…');
  process.exit(2);
}
env.allowRemoteModels = false;
const { modelDir } = loadConfig({ path: folders[0], creates: true });
const tokenizer = await AutoTokenizer.from_pretrained(modelDir);
const syntax = await openSyntax();
const files = sampleFiles(folders, syntax.languages, Number(option(args, 'megabytes') ?? 1));

const languages = [];
for (const [id, group] of byGroup(files, (file) => file.language.id)) languages.push(await measure(id, group));
const all = {
  id: 'all',
  ...Object.fromEntries(['files', 'bytes', 'seconds', 'broken'].map((key) => [key, total(key)])),
  characters: languages.flatMap(({ characters }) => characters),
  pieces: languages.flatMap(({ pieces }) => pieces),
};
const rows = [all, ...languages].map(summary);
const out = resolve(process.env.INIT_CWD ?? process.cwd(), option(args, 'out') ?? 'chunks.html');
writeFileSync(out, drawChunks({ characters: all.characters, pieces: all.pieces, rows, fits: FITS }));
console.table(Object.fromEntries(rows.map(({ id, ...row }) => [id, row])));
console.log(out);
const short = rows.filter((row) => row['fit, %'] < 95).map(({ id }) => id);
if (short.length > 0) {
  console.error(`fewer than 95 % of the chunks fit: ${short.join(', ')}`);
  process.exitCode = 1;
}

async function measure(id, group) {
  for (const file of group.slice(0, 20)) await parseFile(file.path, file.bytes, syntax); // grammar and compiler warm up
  const before = process.cpuUsage();
  const contents = [];
  for (const file of group) contents.push(await parseFile(file.path, file.bytes, syntax));
  const { user, system } = process.cpuUsage(before);
  const chunks = contents.flatMap((content) => content.chunks);
  return {
    id,
    files: group.length,
    bytes: group.reduce((sum, file) => sum + file.bytes.length, 0),
    seconds: (user + system) / 1e6,
    broken: contents.filter(({ status }) => status === 'parsed-with-errors' || status === 'fallback').length,
    characters: chunks.map((chunk) => chunk.content.length),
    pieces: chunks.map((chunk) => tokenizer.encode(embeddedText(chunk)).length),
  };
}

function total(key) {
  return languages.reduce((sum, language) => sum + language[key], 0);
}

function summary({ id, files: count, bytes, seconds, broken, characters, pieces }) {
  const sorted = pieces.toSorted((a, b) => a - b);
  const percentile = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const share = (part, whole) => (whole === 0 ? 0 : Math.round((part / whole) * 1000) / 10);
  return {
    id,
    files: count,
    MB: Math.round(bytes / 1e4) / 100,
    'MB/s': Math.round(bytes / 1e5 / seconds) / 10,
    'with errors, %': share(broken, count),
    chunks: pieces.length,
    'mean characters': Math.round(characters.reduce((sum, length) => sum + length, 0) / Math.max(1, characters.length)),
    p50: percentile(0.5),
    p95: percentile(0.95),
    p99: percentile(0.99),
    'fit, %': share(pieces.filter((length) => length <= FITS).length, pieces.length),
  };
}
