// Trees of files to measure discovery and whole runs on.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathsBelow } from './sample.mjs';

/**
 * `count` small source files in `count / 100` folders of a git work tree in which nothing is committed, as deep as a
 * kernel's; every third folder has a .gitignore with rules that hit a few files beside the `count`.
 */
export function makeLargeTree(root, count) {
  const folders = Math.ceil(count / 100);
  let made = 0;
  for (let folder = 0; folder < folders; folder++) {
    const place = join(root, `area${folder % 23}`, `part${folder % 101}`, `unit${folder}`);
    mkdirSync(place, { recursive: true });
    if (folder % 3 === 0) {
      writeFileSync(join(place, '.gitignore'), '*.o\n/build/\n!keep.o\nlocal_*.py\n');
      for (const name of ['a.o', 'b.o', 'local_x.py']) writeFileSync(join(place, name), 'x = 1\n');
      made += 1; // the .gitignore itself
    }
    for (let file = 0; file < 100 && made < count; file++, made++) {
      writeFileSync(join(place, `module_${file}.py`), source(folder, file));
    }
  }
  git(root, 'init', '-q');
}

function source(folder, file) {
  return `"""Part ${file} of unit ${folder}."""
import os


class Reader${file}:
    """Reads what unit ${folder} wrote."""

    def read(self, path, limit=${file}):
        with open(os.path.join(path, "${folder}")) as stream:
            return [line for line in stream if len(line) > limit]


def total_${folder}_${file}(rows):
    return sum(len(row) + ${file} for row in rows)
`;
}

/** `count` copies of files from the folders, in turn as often as it takes, as a committed work tree. */
export function copyTree(root, folders, count) {
  let made = 0;
  for (let turn = 0; made < count; turn++) {
    const before = made;
    for (const folder of folders) {
      for (const path of pathsBelow(folder)) {
        if (made === count) break;
        const target = join(root, `copy${turn}`, path.slice(dirname(folder).length + 1));
        mkdirSync(dirname(target), { recursive: true });
        copyFileSync(path, target);
        made += 1;
      }
    }
    if (made === before) throw new Error('there are no files to copy');
  }
  git(root, 'init', '-q');
  git(root, 'add', '--all', '--force');
}

function git(root, ...args) {
  const { status, stderr } = spawnSync('git', ['-C', root, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args[0]} failed: ${stderr}`);
}
