// What mcp-vector-search was told about which files to take, applied beside our own rules.

import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import type { SourceRules } from '../core/source-rules.ts';
import { isSilentName, isVendoredFolder } from './file-policy.ts';
import { matchesGlob } from './glob.ts';
import { absolutePath, entriesOf } from './walk-files.ts';

const SHOWN_DOTFILES = new Set(['.github', '.gitlab-ci', '.circleci']);

/** Why a file is left out, or null. `isForced`: it is one of `listForced`, which only its extension can keep out. */
export function skippedByMvs(rules: SourceRules, path: string, isForced: boolean): string | null {
  if (rules.extensions !== null && !hasExtension(rules.extensions, path)) return 'extension not chosen';
  if (isForced) return null;
  if (rules.excludePatterns.some((pattern) => matchesGlob(pattern, path))) return 'excluded';
  if (rules.skipDotfiles && path.split('/').some((part) => part.startsWith('.') && !SHOWN_DOTFILES.has(part))) {
    return 'dotfile';
  }
  return null;
}

function hasExtension(extensions: readonly string[], path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  if (dot <= 0) return false;
  const extension = name.slice(dot);
  return extensions.includes(extension) || extensions.includes(extension.toLowerCase());
}

interface Forced {
  readonly paths: readonly string[];
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Files to take in whatever a `.gitignore` says. Folders of other people's work are entered only where a pattern names
 * them. Links are not followed; a folder that cannot be opened is among the failed, for what is known of it must be kept.
 */
export async function listForced(
  root: string,
  rules: SourceRules,
  isClosed: (folder: string) => boolean,
  signal: AbortSignal | undefined,
): Promise<Forced> {
  const { forceIncludePatterns: patterns, forceIncludePaths: places } = rules;
  if (patterns.length + places.length === 0) return { paths: [], failed: [] };
  const isNamed = (folder: string) => patterns.some((pattern) => pattern.startsWith(`${folder}/`));
  const liesInPlace = (path: string) => places.some((place) => path === place || path.startsWith(`${place}/`));
  // A pattern may match the end of a path, so that a folder can only be passed by where there are none.
  const mayHold = (folder: string) =>
    patterns.length > 0 || liesInPlace(folder) || places.some((place) => place.startsWith(`${folder}/`));

  const paths: string[] = [];
  const failed: { path: string; reason: string }[] = [];
  const waiting = [''];
  for (let visited = 1; waiting.length > 0; visited++) {
    if (visited % 128 === 0) await nextTurn();
    signal?.throwIfAborted();
    const folder = waiting.pop()!;
    let entries: ReturnType<typeof entriesOf>;
    try {
      if (folder !== '' && isClosed(folder)) continue;
      entries = entriesOf(absolutePath(root, folder));
    } catch (error) {
      failed.push({ path: folder, reason: messageOf(error) });
      continue;
    }
    for (const entry of entries) {
      const name = entry.name.toString('utf8');
      const path = folder === '' ? name : `${folder}/${name}`;
      if (!isUtf8(entry.name) || isSilentName(name)) continue;
      if (entry.isDirectory()) {
        const isOpen = mayHold(path) && (!isVendoredFolder(name) || isNamed(path));
        if (isOpen) waiting.push(path);
      } else if (liesInPlace(path) || patterns.some((pattern) => matchesGlob(pattern, path))) paths.push(path);
    }
  }
  return { paths, failed };
}
