// The grammars we ship. They lie compressed in grammars/, with the licences of the packages they come from, and set-up
// unpacks them to dist/grammars; src/languages/grammars.json says what each one is. A language's package carries the
// parser's C source, up to 200 MB of it, so none is a dependency, of development neither.
//
//   node tools/grammars.mjs                      unpack; fails if a file is not the one recorded
//   node tools/grammars.mjs --fetch [grammar…]   take them anew from their packages (all, or those named) and record them:
//                                                after a version in the manifest was raised, or an entry added
//   node tools/grammars.mjs --check [grammar…]   take them anew, and fail if they are not what is recorded
//
// An entry needs `grammar`, `file`, `package`, `version` and `source`, the place in the package: of the wasm, or of the
// folder with the C source, which tools/build-grammar.sh then compiles.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

const root = fileURLToPath(new URL('../', import.meta.url));
const manifestPath = join(root, 'src/languages/grammars.json');
const packedFolder = join(root, 'grammars');
const targetFolder = join(root, 'dist/grammars');

/** Unpacks every grammar of the manifest and its package's licence. Throws if a hash differs, before that file is written. */
export function unpackGrammars(grammars = readManifest()) {
  mkdirSync(targetFolder, { recursive: true });
  for (const grammar of grammars) {
    const target = join(targetFolder, grammar.file);
    if (!existsSync(target) || sha256(readFileSync(target)) !== grammar.sha256) {
      const wasm = brotliDecompressSync(readFileSync(join(packedFolder, `${grammar.file}.br`)));
      refuseOther(grammar, wasm);
      writeWhole(target, wasm);
    }
    writeWhole(join(targetFolder, licenceName(grammar)), readFileSync(join(packedFolder, licenceName(grammar))));
  }
}

function refuseOther(grammar, wasm) {
  const found = sha256(wasm);
  if (found === grammar.sha256) return;
  throw new Error(
    `${grammar.file} of ${grammar.package} ${grammar.version} has SHA-256 ${found}, but ${grammar.sha256} is recorded; ` +
      'if another one is meant, run `node tools/grammars.mjs --fetch`',
  );
}

async function fetchGrammars(names) {
  const { Language, Parser } = await import('web-tree-sitter');
  await Parser.init();
  mkdirSync(packedFolder, { recursive: true });
  const records = [];
  for (const entry of readManifest()) {
    if (names.length > 0 && !names.includes(entry.grammar)) {
      records.push(entry);
      continue;
    }
    const { wasm, licence, licenceText } = takeFromPackage(entry);
    const { grammar, file, package: name, version, source } = entry;
    const abi = (await Language.load(wasm)).abiVersion;
    records.push({ grammar, file, package: name, version, source, abi, sha256: sha256(wasm), licence });
    writeWhole(join(packedFolder, `${file}.br`), compress(wasm));
    writeWhole(join(packedFolder, licenceName(entry)), licenceText);
    process.stdout.write(`${name} ${version}: ${file}, ${wasm.length} bytes, ABI ${abi}\n`);
  }
  records.sort((a, b) => (a.grammar < b.grammar ? -1 : 1));
  writeFileSync(manifestPath, `${JSON.stringify({ schema: 1, grammars: records }, null, 2)}\n`);
}

function checkGrammars(names) {
  for (const entry of readManifest()) {
    if (names.length > 0 && !names.includes(entry.grammar)) continue;
    refuseOther(entry, takeFromPackage(entry).wasm);
    process.stdout.write(`${entry.package} ${entry.version}: ${entry.file} is as recorded\n`);
  }
}

/** Downloads the package of an entry, and compiles it if that is how its wasm comes to be. */
function takeFromPackage({ grammar, package: name, version, source }) {
  const folder = mkdtempSync(join(tmpdir(), 'grammar-'));
  try {
    const packed = execFileSync('npm', ['pack', '--silent', `${name}@${version}`], { cwd: folder, encoding: 'utf8' });
    execFileSync('tar', ['-xzf', packed.trim()], { cwd: folder });
    const inside = join(folder, 'package');
    let wasm = join(inside, source);
    if (!source.endsWith('.wasm')) {
      wasm = join(folder, 'built.wasm');
      execFileSync('sh', [join(root, 'tools/build-grammar.sh'), grammar, join(inside, source), wasm]);
    }
    const licenceFile = ['LICENSE', 'LICENSE.md'].map((each) => join(inside, each)).find(existsSync);
    return {
      wasm: readFileSync(wasm),
      licence: JSON.parse(readFileSync(join(inside, 'package.json'), 'utf8')).license,
      licenceText: readFileSync(licenceFile),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readManifest() {
  return JSON.parse(readFileSync(manifestPath, 'utf8')).grammars;
}

function licenceName(grammar) {
  return `LICENSE.${grammar.package.replaceAll('/', '-')}`;
}

function compress(bytes) {
  const params = {
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return brotliCompressSync(bytes, { params });
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Never shows a half-written file to a process that reads grammars now. */
function writeWhole(target, bytes) {
  if (existsSync(target) && readFileSync(target).equals(bytes)) return;
  const temporary = `${target}.${process.pid}.tmp`;
  writeFileSync(temporary, bytes);
  renameSync(temporary, target);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [mode, ...names] = process.argv.slice(2);
  if (mode === '--fetch') await fetchGrammars(names);
  if (mode === '--check') checkGrammars(names);
  else unpackGrammars();
}
