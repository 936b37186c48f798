// Lists files by walking the tree ourselves, obeying `.gitignore` files: for folders that are no git work tree, or
// where git cannot be used. Iterative, so that depth costs no stack; links are listed but never followed.
import { isUtf8 } from 'node:buffer';
import { type Dirent, readdirSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import { isSilentName } from './file-policy.ts';
import type { Folders } from './folders.ts';
import { type IgnoreRules, NO_RULES, readRuleFile } from './ignore-rules.ts';

export interface Listing {
  /** Relative to the root, `/`-separated, as on disk; no order, duplicates possible. */
  readonly paths: readonly string[];
  /** Names that are not UTF-8, with the bad bytes written as `\xNN`. */
  readonly unreadableNames: readonly string[];
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
  /** How often each rule (`file:line: pattern`) hid a file or a whole folder. Empty from git, which does not tell. */
  readonly hits: ReadonlyMap<string, number>;
}

/** Walks `start` ('' for the root) and all below it; what git ignores is left out unless told otherwise. */
export async function walkFiles(
  root: string,
  start: string,
  folders: Folders,
  { obeysGit = true, signal }: { readonly obeysGit?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<Listing> {
  const paths: string[] = [];
  const unreadableNames: string[] = [];
  const failed: { path: string; reason: string }[] = [];
  const hits = new Map<string, number>();

  const isHidden = (rules: IgnoreRules, path: string) => {
    const rule = rules.hiddenBy(path);
    if (rule !== null) hits.set(rule, (hits.get(rule) ?? 0) + 1);
    return rule !== null;
  };

  const waiting: { folder: string; above: IgnoreRules }[] = [];
  if (folders.isOpen(start)) waiting.push({ folder: start, above: NO_RULES });
  for (let visited = 1; waiting.length > 0; visited++) {
    if (visited % 128 === 0) await nextTurn();
    signal?.throwIfAborted();
    const { folder, above } = waiting.pop()!;
    let rules: IgnoreRules;
    let entries: Dirent<Buffer>[];
    try {
      entries = entriesOf(absolutePath(root, folder));
      rules = obeysGit ? rulesWithin(root, folder, folder === start, above) : above;
    } catch (error) {
      // Rules that cannot be read close their folder: what they hide may be what must not be indexed.
      failed.push({ path: folder, reason: messageOf(error) });
      continue;
    }
    const prefix = folder === '' ? '' : `${folder}/`;
    for (const entry of entries) {
      if (!isUtf8(entry.name)) {
        unreadableNames.push(prefix + escapeBytes(entry.name));
        continue;
      }
      const name = entry.name.toString('utf8');
      const path = prefix + name;
      const isFolder = entry.isDirectory();
      if (isSilentName(name) || isHidden(rules, isFolder ? `${path}/` : path)) continue;
      if (!isFolder) paths.push(path);
      else if (folders.isOpen(path)) waiting.push({ folder: path, above: rules });
    }
  }
  return { paths, unreadableNames, failed, hits };
}

export function absolutePath(root: string, path: string): string {
  return path === '' ? root : `${root}/${path}`;
}

export function entriesOf(folder: string): Dirent<Buffer>[] {
  return readdirSync(folder, { withFileTypes: true, encoding: 'buffer' });
}

function rulesWithin(root: string, folder: string, isTop: boolean, above: IgnoreRules): IgnoreRules {
  let rules = above;
  // Git reads its private list first, so that a `.gitignore` may overrule it.
  for (const file of isTop ? ['.git/info/exclude', '.gitignore'] : ['.gitignore']) {
    const path = folder === '' ? file : `${folder}/${file}`;
    const text = readRuleFile(`${root}/${path}`);
    if (text !== null) rules = rules.with(folder, path, text);
  }
  return rules;
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
