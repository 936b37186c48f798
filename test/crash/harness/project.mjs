// A project to index and kill: short functions, so that many chunks are embedded in little time, and edits as people
// make them.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const VERBS = ['read', 'write', 'merge', 'split', 'open', 'close', 'hash', 'sort', 'count', 'parse'];

/** @param {number} file @param {number} functions @param {number} salt */
function moduleText(file, functions, salt) {
  const parts = ['import os', ''];
  for (let n = 0; n < functions; n++) {
    if (n % 10 === 0) parts.push(`class Part${n}:`, `    size = ${salt}`, '');
    parts.push(
      `    def ${VERBS[n % VERBS.length]}_${n}(self, value):`,
      `        return os.sep * ${file + n + salt}`,
      '',
    );
  }
  return parts.join('\n');
}

/**
 * @param {string} root an empty or absent folder
 * @param {{ files: number, functions: number }} size
 */
export function makeProject(root, { files, functions }) {
  for (let file = 0; file < files; file++)
    put(root, `part${file % 3}/module${file}.py`, moduleText(file, functions, 0));
  put(root, 'README.md', '# A project\n\nIt is here to be indexed.\n');
}

/** @param {string} root @param {string} path @param {string} text */
function put(root, path, text) {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** Relative paths, sorted. @param {string} root */
export function sourceFiles(root) {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.py') && !path.startsWith('.mcp-vector-search'))
    .sort();
}

/** Changes one to three files; returns what was done. @param {string} root @param {import('./random.mjs').Random} random */
export function edit(root, random) {
  const done = [];
  for (let left = random.whole(1, 3); left > 0; left--) {
    const files = sourceFiles(root);
    const path = random.pick(files);
    const before = readFileSync(join(root, path), 'utf8');
    const what = random.weighted({ change: 5, insert: 2, add: 2, remove: files.length > 4 ? 2 : 0, rename: 1 });
    if (what === 'change') put(root, path, withOtherNumbers(before, random));
    if (what === 'insert') put(root, path, `\n${before}`);
    if (what === 'add')
      put(root, `more/new${random.whole(1, 9999)}.py`, moduleText(random.whole(1, 999), random.whole(5, 60), 7));
    if (what === 'remove') rmSync(join(root, path));
    if (what === 'rename')
      renameSync(join(root, path), join(root, dirname(path), `renamed${random.whole(1, 9999)}.py`));
    done.push(what);
  }
  return done;
}

/** Gives every function of every file another body: all has to be embedded again. @param {string} root @param {import('./random.mjs').Random} random */
export function rewriteEach(root, random) {
  for (const path of sourceFiles(root))
    put(root, path, withOtherNumbers(readFileSync(join(root, path), 'utf8'), random));
}

/** @param {string} text @param {import('./random.mjs').Random} random */
function withOtherNumbers(text, random) {
  return text.replaceAll(/os\.sep \* \d+/g, () => `os.sep * ${random.whole(1, 99_999)}`);
}

/** Changes most of a project at once: a file goes, one moves by a line, the functions of the others become others. @param {string} root */
export function rewriteAll(root) {
  const [gone = '', moved = '', ...others] = sourceFiles(root);
  rmSync(join(root, gone));
  put(root, moved, `\n${readFileSync(join(root, moved), 'utf8')}`);
  for (const path of others)
    put(root, path, readFileSync(join(root, path), 'utf8').replaceAll('os.sep *', 'os.linesep *'));
}
