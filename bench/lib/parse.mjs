// CPU time of the parser alone and of the whole way from bytes to chunks, over the same files, language by language.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Language, Parser } from 'web-tree-sitter';
import { parseFile } from '../../dist/phase1-parse/parse-file.js';
import { median } from './measure.mjs';
import { byGroup } from './sample.mjs';

/**
 * Milliseconds of CPU, medians over `rounds` after one that warms up: for each language what `parse` and `chunk` (all of
 * parseFile) took, with its files, bytes and chunks. Files that end without a tree are left out of all.
 */
export async function measureParsing(syntax, files, rounds) {
  await Parser.init();
  const results = [];
  for (const [id, group] of byGroup(files, (file) => file.language.id)) {
    const grammar = await Language.load(readFileSync(group[0].language.grammar.path));
    const parser = new Parser();
    parser.setLanguage(grammar);
    const parsed = [];
    let chunks = 0;
    for (const file of group) {
      const content = await parseFile(file.path, file.bytes, syntax);
      if (!content.status.startsWith('parsed')) continue;
      parsed.push({ ...file, text: new TextDecoder().decode(file.bytes) });
      chunks += content.chunks.length;
    }
    const parseAll = () => {
      for (const { text } of parsed) parser.parse(text).delete();
    };
    parseAll();
    const parse = [];
    const chunk = [];
    for (let round = 0; round < rounds; round++) {
      parse.push(await cpuOf(parseAll));
      chunk.push(
        await cpuOf(async () => {
          for (const { path, bytes } of parsed) await parseFile(path, bytes, syntax);
        }),
      );
    }
    const bytes = parsed.reduce((sum, file) => sum + file.bytes.length, 0);
    results.push({ id, files: parsed, bytes, chunks, parse: median(parse), chunk: median(chunk) });
    parser.delete();
  }
  return results;
}

async function cpuOf(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The same files through py-tree-sitter: milliseconds by language, null for those it has no grammar of. */
export function measurePython(python, results, rounds) {
  const work = results.map(({ id, files }) => ({ id, paths: files.map((file) => file.absolute) }));
  const script = fileURLToPath(new URL('./parse.py', import.meta.url));
  const child = spawnSync(python, [script, String(rounds)], {
    input: JSON.stringify(work),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (child.status !== 0) throw new Error(`${python} failed: ${child.error?.message ?? child.stderr}`);
  return JSON.parse(child.stdout);
}
