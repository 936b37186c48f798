// Lists files by walking the tree ourselves, obeying `.gitignore` files: for folders that are no git work tree, or
// where git cannot be used. Iterative, so that depth costs no stack; links are listed but never followed.
import { isUtf8 } from 'node:buffer';
import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import { isSilentName } from './file-policy.ts';
import type { Folders } from './folders.ts';
import { gitFileTarget } from './git-folder.ts';
import { type IgnoreRules, NO_RULES, readRuleFile } from './ignore-rules.ts';

export interface Listing {
  /** Relative to the root, `/`-separated, as on disk; no order, duplicates possible. */
  readonly paths: readonly string[];
  /** Names that are not UTF-8, with the bad bytes written as `\xNN`. */
  readonly unreadableNames: readonly string[];
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
  /** Folders with a repository of their own, not entered: rules from outside end there. */
  readonly repositories: readonly string[];
  /** How often each rule (`file:line: pattern`) hid a file or a whole folder. Empty from git, which does not tell. */
  readonly hits: ReadonlyMap<string, number>;
}

/** Rules that hold where a walk begins. */
export interface RulesAbove {
  readonly rules: IgnoreRules;
  /** Where the root lies in the folder that the rules are for: '' or a path that ends in `/`. */
  readonly prefix: string;
}

export const NO_RULES_ABOVE: RulesAbove = { rules: NO_RULES, prefix: '' };

export interface WalkOptions {
  readonly root: string;
  /** '' for the root. */
  readonly start: string;
  readonly folders: Folders;
  readonly above?: RulesAbove;
  /** False lists what git ignores as well, and enters other repositories. */
  readonly obeysGit?: boolean;
  /** Called for each file and folder that a rule hides. */
  readonly onHidden?: ((path: string, rule: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Walks `start` and all below it but other repositories. */
export async function walkFiles({
  root,
  start,
  folders,
  signal,
  above = NO_RULES_ABOVE,
  obeysGit = true,
  onHidden,
}: WalkOptions): Promise<Listing> {
  const paths: string[] = [];
  const unreadableNames: string[] = [];
  const failed: { path: string; reason: string }[] = [];
  const repositories: string[] = [];
  const hits = new Map<string, number>();
  const { prefix: outside } = above;

  const isHidden = (rules: IgnoreRules, path: string) => {
    const rule = rules.hiddenBy(outside + path);
    if (rule === null) return false;
    hits.set(rule, (hits.get(rule) ?? 0) + 1);
    onHidden?.(path.replace(/\/$/, ''), rule);
    return true;
  };

  const waiting: { folder: string; inherited: IgnoreRules }[] = [];
  if (folders.isOpen(start)) waiting.push({ folder: start, inherited: above.rules });
  for (let visited = 1; waiting.length > 0; visited++) {
    if (visited % 128 === 0) await nextTurn();
    signal?.throwIfAborted();
    const { folder, inherited } = waiting.pop()!;
    let rules: IgnoreRules;
    let entries: Entry[];
    try {
      entries = entriesOf(absolutePath(root, folder)).map(asEntry);
      if (
        obeysGit &&
        folder !== start &&
        entries.some(({ name }) => name === '.git') &&
        isRepository(`${root}/${folder}`)
      ) {
        repositories.push(folder);
        continue;
      }
      rules = obeysGit ? rulesWithin(root, folder, outside, inherited) : inherited;
      const prefix = folder === '' ? '' : `${folder}/`;
      entries = entries
        .filter(({ name, isReadable }) => !isReadable || !isSilentName(name))
        .map((entry) => ({ ...entry, name: prefix + entry.name }))
        .filter(({ name, isReadable, isFolder }) => !isReadable || !isHidden(rules, isFolder ? `${name}/` : name));
    } catch (error) {
      // Rules that cannot be obeyed close their folder: what they hide may be what must not be indexed.
      failed.push({ path: folder, reason: messageOf(error) });
      continue;
    }
    for (const { name: path, isReadable, isFolder } of entries) {
      if (!isReadable) unreadableNames.push(path);
      else if (!isFolder) paths.push(path);
      else if (folders.isOpen(path)) waiting.push({ folder: path, inherited: rules });
    }
  }
  return { paths, unreadableNames, failed, repositories, hits };
}

interface Entry {
  /** Bytes that are not UTF-8 as `\xNN`, and then not readable. */
  readonly name: string;
  readonly isReadable: boolean;
  readonly isFolder: boolean;
}

function asEntry(entry: Dirent<Buffer>): Entry {
  const isReadable = isUtf8(entry.name);
  return {
    name: isReadable ? entry.name.toString('utf8') : escapeBytes(entry.name),
    isReadable,
    isFolder: isReadable && entry.isDirectory(),
  };
}

/** Git takes a `.git` of another content for a name like any other. */
function isRepository(folder: string): boolean {
  const git = `${folder}/.git`;
  const target = gitFileTarget(folder);
  return target === null ? existsSync(`${git}/HEAD`) && existsSync(`${git}/objects`) : existsSync(`${target}/HEAD`);
}

export function absolutePath(root: string, path: string): string {
  return path === '' ? root : `${root}/${path}`;
}

export function entriesOf(folder: string): Dirent<Buffer>[] {
  return readdirSync(folder, { withFileTypes: true, encoding: 'buffer' });
}

function rulesWithin(root: string, folder: string, outside: string, above: IgnoreRules): IgnoreRules {
  const file = folder === '' ? '.gitignore' : `${folder}/.gitignore`;
  const text = readRuleFile(`${root}/${file}`);
  return text === null ? above : above.with((outside + folder).replace(/\/$/, ''), file, text);
}

/** A name's text with every byte that is not part of UTF-8 as `\xNN`, so that two such names stay two. */
export function escapeBytes(name: Uint8Array): string {
  let text = '';
  for (let at = 0; at < name.length; ) {
    const length = [1, 2, 3, 4].find((size) => at + size <= name.length && isUtf8(name.subarray(at, at + size)));
    text +=
      length === undefined ? `\\x${name[at]!.toString(16)}` : Buffer.from(name.subarray(at, at + length)).toString();
    at += length ?? 1;
  }
  return text;
}
