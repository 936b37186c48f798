// Makes src/languages/names.json: what languages are called whose files are cut by lines. From the npm package
// linguist-languages, the data of GitHub Linguist (both MIT): node tools/linguist.mjs [version]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './setup.mjs';

const version = process.argv[2] ?? '9.5.0';

/** Linguist's names of languages that Tandem parses, where the ids differ. */
const OWN_IDS = {
  'C#': 'c_sharp',
  'C++': 'cpp',
  Shell: 'bash',
  'Jupyter Notebook': 'jupyter',
  'F#': 'fsharp',
  'Protocol Buffer': 'protobuf',
};

/** Who has an extension that several languages claim; Linguist looks into the file, we take the usual one. */
const USUAL = {
  '.asm': 'Assembly',
  '.cl': 'OpenCL',
  '.cls': 'TeX',
  '.d': 'D',
  '.f': 'Fortran',
  '.for': 'Fortran',
  '.fs': 'F#',
  '.gd': 'GDScript',
  '.m': 'Objective-C',
  '.mm': 'Objective-C++',
  '.pl': 'Perl',
  '.plist': 'XML',
  '.pm': 'Perl',
  '.pp': 'Puppet',
  '.pro': 'Prolog',
  '.r': 'R',
  '.rst': 'reStructuredText',
  '.s': 'Assembly',
  '.sty': 'TeX',
  '.t': 'Perl',
  '.tex': 'TeX',
  '.v': 'Verilog',
  '.vhd': 'VHDL',
  '.xml': 'XML',
  perl: 'Perl',
};

const folder = mkdtempSync(join(tmpdir(), 'tandem-linguist-'));
try {
  execFileSync('npm', ['pack', '--silent', `linguist-languages@${version}`], { cwd: folder });
  execFileSync('tar', ['xzf', `linguist-languages-${version}.tgz`], { cwd: folder });
  const languages = [];
  for (const file of readdirSync(join(folder, 'package/data'))
    .filter((name) => name.endsWith('.js'))
    .sort()) {
    languages.push((await import(pathToFileURL(join(folder, 'package/data', file)).href)).default);
  }
  const names = {
    schema: 1,
    source: `linguist-languages ${version}`,
    extensions: claims(languages, ({ extensions = [] }) => extensions.map((each) => each.toLowerCase()), USUAL),
    filenames: claims(languages, ({ filenames = [] }) => filenames),
    shebangs: claims(languages, ({ interpreters = [] }) => interpreters, USUAL),
    aliases: claims(languages, ({ name, aliases = [] }) => [name, ...aliases].map((each) => each.toLowerCase())),
  };
  writeFileSync(join(root, 'src/languages/names.json'), `${JSON.stringify(names, null, 1)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Each word with the id of the one language that claims it, or of the usual one. */
function claims(languages, wordsOf, usual = {}) {
  const owners = new Map();
  for (const language of languages) {
    for (const word of new Set(wordsOf(language))) owners.set(word, [...(owners.get(word) ?? []), language.name]);
  }
  const decided = [...owners].flatMap(([word, [first, ...others]]) => {
    const owner = usual[word] ?? (others.length === 0 ? first : null);
    return owner === null || owner === 'Text' ? [] : [[word, idOf(owner)]];
  });
  return Object.fromEntries(decided.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function idOf(name) {
  return OWN_IDS[name] ?? name.toLowerCase().replaceAll(' ', '_');
}
