// What a `.git` says of its repository, read without git.
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Where a `.git` that is a file points; null if it is none or points nowhere. */
export function gitFileTarget(folder: string): string | null {
  const git = `${folder}/.git`;
  if (!lstatSync(git).isFile()) return null;
  const target = /^gitdir: (.+)\n*$/.exec(readFileSync(git, 'utf8').slice(0, 4200))?.[1];
  return target === undefined ? null : resolve(folder, target);
}

/** The nearest folder upward that has a `.git`; null if there is none. */
export function topOf(folder: string): string | null {
  if (existsSync(join(folder, '.git'))) return folder;
  return dirname(folder) === folder ? null : topOf(dirname(folder));
}

/** Of a linked work tree or a submodule `.git` is a file that says where; work trees share what we look for. */
export function commonDirectory(top: string): string {
  const git = join(top, '.git');
  const target = gitFileTarget(top);
  if (target === null) return git;
  const shared = join(target, 'commondir');
  return existsSync(shared) ? resolve(target, readFileSync(shared, 'utf8').trim()) : target;
}
