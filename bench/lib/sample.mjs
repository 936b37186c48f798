// Source files of some folders that have a grammar, a bounded amount of each language.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { findLanguage } from '../../dist/languages/registry.js';

/** Folders as given on a command line, absolute. */
export function foldersOf(args) {
  const base = process.env.INIT_CWD ?? process.cwd();
  return args.filter((arg) => !arg.startsWith('--')).map((folder) => resolve(base, folder));
}

/** The value of `--name=value`, or undefined. */
export function option(args, name) {
  return args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
}

/**
 * Files of the folders in order of their paths, at most `megabytes` of each language; `absolute` is where they lie,
 * `path` what they are called.
 */
export function sampleFiles(folders, languages, megabytes) {
  const taken = new Map();
  const files = [];
  for (const folder of folders) {
    for (const absolute of pathsBelow(folder)) {
      const language = findLanguage(languages, absolute, '');
      if (language?.grammar == null) continue;
      const { size } = statSync(absolute);
      const before = taken.get(language.id) ?? 0;
      if (size === 0 || size > 1024 * 1024 || before + size > megabytes * 1e6) continue;
      taken.set(language.id, before + size);
      files.push({ path: relative(folder, absolute), absolute, language, bytes: readFileSync(absolute) });
    }
  }
  return files;
}

const NOT_ENTERED = new Set(['.git', 'node_modules']);

/** All regular files, sorted; what git and package managers keep is left out. */
export function* pathsBelow(folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !NOT_ENTERED.has(entry.name)) yield* pathsBelow(path);
    else if (entry.isFile()) yield path;
  }
}

/** What `group` says of each, and of all of them as `all`, in order of the names. */
export function byGroup(items, group) {
  const groups = new Map();
  for (const item of items) {
    const name = group(item);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(item);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}
