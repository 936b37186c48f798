// Other work trees of the same repository that lie inside the tree (as `git worktree add .worktrees/fix` makes them):
// the same code once more, so that every hit would come twice. Submodules are code of their own and no work trees.
import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { commonDirectory, gitFileTarget, topOf } from './git-folder.ts';

/**
 * Tells of a folder (relative to the root) whether it is such a work tree: its `.git` is a file that points into
 * `worktrees/` of the repository around the root, of one of that repository's submodules, or of one with its own checkout
 * inside the root. Throws where a `.git` cannot be looked at.
 */
export function openLinkedWorktrees(root: string): (folder: string) => boolean {
  let around: string | null | undefined;
  const commonOfRoot = () => {
    if (around === undefined) around = commonOf(root);
    return around;
  };
  return (folder) => {
    const place = join(root, folder);
    if (!lstatSync(join(place, '.git'), { throwIfNoEntry: false })?.isFile()) return false;
    const target = gitFileTarget(place);
    if (target === null || basename(dirname(target)) !== 'worktrees') return false;
    const common = commonOfRoot();
    if (!existsSync(target)) return common !== null && isKnownByName(common, basename(target), folder);
    const owner = realpathSync.native(dirname(dirname(target)));
    if (common !== null && (owner === common || owner.startsWith(`${join(common, 'modules')}/`))) return true;
    return basename(owner) === '.git' && owner.startsWith(`${root}/`) && !isBare(owner);
  };
}

/** The repository that the root is a checkout of; null if it is none. */
function commonOf(root: string): string | null {
  const top = topOf(root);
  if (top === null) return null;
  const common = commonDirectory(top);
  if (!existsSync(common)) return null;
  const isLinked = gitFileTarget(top) !== null && existsSync(join(gitFileTarget(top)!, 'commondir'));
  // A folder whose `.git` names a bare repository has no checkout of its own: there the work trees are all there is.
  return isLinked || !isBare(common) ? realpathSync.native(common) : null;
}

function isBare(gitDir: string): boolean {
  const config = join(gitDir, 'config');
  return existsSync(config) && /^\s*bare\s*=\s*true\s*$/im.test(readFileSync(config, 'utf8'));
}

/** In a container, or after a move, `.git` holds a path of elsewhere; the repository still lists its work trees. */
function isKnownByName(common: string, name: string, folder: string): boolean {
  const listed = join(common, 'worktrees', name, 'gitdir');
  return existsSync(listed) && readFileSync(listed, 'utf8').trim().endsWith(`/${folder}/.git`);
}
