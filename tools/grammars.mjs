// Copies the grammars we ship from their packages to dist/grammars, with their licences. A language package also carries
// the parser's C source, many times the size of what is needed, so none is a run-time dependency.
//
//   node tools/grammars.mjs             copy; fails if a file is not the one recorded in src/languages/grammars.json
//   node tools/grammars.mjs --update    record what is installed (after a grammar was added or upgraded), then copy
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const manifestPath = join(root, 'src/languages/grammars.json');
const targetFolder = join(root, 'dist/grammars');

/** Copies every grammar of the manifest and its package's licence. Throws if a hash differs, before that file is copied. */
export async function copyGrammars(grammars = readManifest().grammars) {
  mkdirSync(targetFolder, { recursive: true });
  for (const grammar of grammars) {
    const source = packageFile(grammar, grammar.file);
    const found = sha256(source);
    if (found !== grammar.sha256) {
      throw new Error(
        `${grammar.package}/${grammar.file} has SHA-256 ${found}, but ${grammar.sha256} is recorded; ` +
          'if the upgrade is meant, run `node tools/grammars.mjs --update`',
      );
    }
    copyWhole(source, join(targetFolder, grammar.file));
    copyWhole(licenceFile(grammar), join(targetFolder, `LICENSE.${grammar.package.replaceAll('/', '-')}`));
  }
}

async function updateManifest() {
  const { Language, Parser } = await import('web-tree-sitter');
  await Parser.init();
  const grammars = [];
  for (const entry of readManifest().grammars) {
    const wasm = packageFile(entry, entry.file);
    const description = JSON.parse(readFileSync(packageFile(entry, 'package.json'), 'utf8'));
    const language = await Language.load(wasm);
    grammars.push({
      grammar: entry.grammar,
      file: entry.file,
      package: entry.package,
      version: description.version,
      abi: language.abiVersion,
      sha256: sha256(wasm),
      licence: description.license,
    });
  }
  grammars.sort((a, b) => (a.grammar < b.grammar ? -1 : 1));
  writeFileSync(manifestPath, `${JSON.stringify({ schema: 1, grammars }, null, 2)}\n`);
}

function readManifest() {
  return JSON.parse(readFileSync(manifestPath, 'utf8'));
}

function packageFile(grammar, name) {
  return join(root, 'node_modules', grammar.package, name);
}

function licenceFile(grammar) {
  const plain = packageFile(grammar, 'LICENSE');
  return existsSync(plain) ? plain : packageFile(grammar, 'LICENSE.md');
}

function sha256(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Leaves an equal file alone, and never shows a half-written one to a process that is reading grammars now. */
function copyWhole(source, target) {
  if (existsSync(target) && sha256(target) === sha256(source)) return;
  const temporary = `${target}.${process.pid}.tmp`;
  copyFileSync(source, temporary);
  renameSync(temporary, target);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--update')) await updateManifest();
  await copyGrammars();
}
