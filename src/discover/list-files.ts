// Lists the files of a tree: each repository in it by asking git, all else, and what git refuses, by a walk of our own.
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { type GitContext, listWithGit } from './git-files.ts';
import { rulesAbove } from './rules-above.ts';
import { type Listing, NO_RULES_ABOVE, type RulesAbove, walkFiles } from './walk-files.ts';

export interface TreeListing extends Listing {
  /** How the root was listed. */
  readonly method: 'git' | 'walk';
  /** What a user should know of how the files were found. */
  readonly notices: readonly string[];
  /** Submodules that are not checked out. */
  readonly empty: readonly string[];
}

export interface ListContext extends GitContext {
  readonly obeysGit: boolean;
  readonly onHidden?: ((path: string, rule: string) => void) | undefined;
}

/** `obeysGit` false walks the tree and lists what git ignores as well. Throws the signal's reason. */
export async function listFiles(context: ListContext): Promise<TreeListing> {
  const all = {
    paths: [] as string[],
    unreadableNames: [] as string[],
    failed: [] as { path: string; reason: string }[],
    repositories: [] as string[],
    empty: [] as string[],
    hits: new Map<string, number>(),
  };
  const notices: string[] = [];
  let method: 'git' | 'walk' = 'walk';
  let isGitAbsent = false;

  const add = (listing: Listing & { empty?: readonly string[] }) => {
    // One by one: a spread of 100,000 arguments overflows the stack.
    for (const path of listing.paths) all.paths.push(path);
    for (const name of listing.unreadableNames) all.unreadableNames.push(name);
    all.failed.push(...listing.failed);
    all.repositories.push(...listing.repositories);
    all.empty.push(...(listing.empty ?? []));
    for (const [rule, count] of listing.hits) all.hits.set(rule, (all.hits.get(rule) ?? 0) + count);
  };

  /** True if git answered. */
  const addWithGit = async (folder: string): Promise<boolean> => {
    if (isGitAbsent) return false;
    const listing = await listWithGit(context, folder);
    if ('paths' in listing) {
      if (folder === '') method = 'git';
      add(listing);
      return true;
    }
    isGitAbsent = listing.isAbsent;
    const what = folder === '' ? 'the files' : folder;
    notices.push(`git could not list ${what} (${listing.refused}); .gitignore files are read by tandem itself instead`);
    return false;
  };

  const addWithWalk = async (folder: string, inRepository: boolean) => {
    let above: RulesAbove;
    try {
      above = inRepository ? await rulesAbove(folder, context) : NO_RULES_ABOVE;
    } catch (error) {
      context.signal?.throwIfAborted();
      all.failed.push({ path: folder, reason: messageOf(error) });
      return;
    }
    add(await walkFiles({ ...context, start: folder, above }));
  };

  const isInRepository = context.obeysGit && hasGitAtOrAbove(context.root);
  if (!isInRepository || !(await addWithGit(''))) await addWithWalk('', isInRepository);
  for (let at = 0; at < all.repositories.length; at++) {
    const folder = all.repositories[at]!;
    if (!(await addWithGit(folder))) await addWithWalk(folder, true);
  }
  return { ...all, method, notices };
}

function hasGitAtOrAbove(folder: string): boolean {
  return existsSync(`${folder}/.git`) || (dirname(folder) !== folder && hasGitAtOrAbove(dirname(folder)));
}
