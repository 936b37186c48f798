// Which folders may be entered, asked by both ways of listing files: never a link, never version control's or an
// index's own, nothing vendored, no second work tree of the same repository, nothing that our own `.tandemignore` files hide or the user left out. Answers are remembered per folder.
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { isSilentName, isVendoredFolder } from './file-policy.ts';
import { type IgnoreRules, NO_RULES, readRuleFile } from './ignore-rules.ts';
import { openLinkedWorktrees } from './linked-worktrees.ts';
import { compileSelection, EVERYTHING, type Selection } from './selection.ts';

const OWN_RULE_FILE = '.tandemignore';

export interface Folders {
  /** True if a folder ('' is the root) and all above it may be entered. What closes one is recorded once. */
  isOpen(folder: string): boolean;
  /** True if the file's folder is open, no own rule hides the file and the user wants it; else it is recorded. */
  admits(path: string): boolean;
  /** Folders and files left out, with why; in the order met. */
  readonly skipped: readonly { readonly path: string; readonly reason: FolderSkip; readonly rule: string | null }[];
  /** Folders left out because they could not be looked at. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
  /** The index directory relative to the root, or null if it lies elsewhere. */
  readonly indexFolder: string | null;
  /** True for a folder with the same repository checked out once more. */
  isLinkedWorktree(folder: string): boolean;
  /** How often each own rule or wish (`file:line: pattern`) hid something. */
  readonly hits: ReadonlyMap<string, number>;
}

/** `ignored` by our own rule files, `excluded` and `not included` by the user's patterns. */
export type FolderSkip = 'vendored' | 'linked worktree' | 'ignored' | 'excluded' | 'not included';

type State = { readonly rules: IgnoreRules } | 'closed';

export function openFolders(root: string, indexDir: string, selection: Selection = EVERYTHING): Folders {
  const chosen = compileSelection(selection);
  const states = new Map<string, State>();
  const skipped: { path: string; reason: FolderSkip; rule: string | null }[] = [];
  const failed: { path: string; reason: string }[] = [];
  const hits = new Map<string, number>();
  const indexFolder = folderWithin(root, indexDir);
  const isLinkedWorktree = openLinkedWorktrees(root);

  const isHidden = (rules: IgnoreRules, path: string) => {
    const own = rules.hiddenBy(path);
    const rule = own ?? chosen.excludedBy(path);
    if (rule === null) return false;
    hits.set(rule, (hits.get(rule) ?? 0) + 1);
    skipped.push({ path: path.replace(/\/$/, ''), reason: own === null ? 'excluded' : 'ignored', rule });
    return true;
  };

  const look = (folder: string): State => {
    if (folder === '') return enter(root, folder, NO_RULES);
    const above = stateOf(parentOf(folder));
    const name = folder.slice(folder.lastIndexOf('/') + 1);
    if (above === 'closed' || isSilentName(name) || folder === indexFolder) return 'closed';
    const absolute = `${root}/${folder}`;
    if (isVendoredFolder(name) || (name === 'venv' && isVirtualEnvironment(absolute))) {
      skipped.push({ path: folder, reason: 'vendored', rule: null });
      return 'closed';
    }
    if (isHidden(above.rules, `${folder}/`)) return 'closed';
    // A tracked file's folder may have become a link, which git lists the file through.
    if (!lstatSync(absolute, { throwIfNoEntry: false })?.isDirectory()) return 'closed';
    const state = enter(absolute, folder, above.rules);
    if (!isLinkedWorktree(folder)) return state;
    skipped.push({ path: folder, reason: 'linked worktree', rule: null });
    return 'closed';
  };

  const stateOf = (folder: string): State => {
    let state = states.get(folder);
    if (state === undefined) {
      try {
        state = look(folder);
      } catch (error) {
        failed.push({ path: folder, reason: messageOf(error) });
        state = 'closed';
      }
      states.set(folder, state);
    }
    return state;
  };

  return {
    skipped,
    failed,
    hits,
    indexFolder,
    isLinkedWorktree,
    isOpen: (folder) => stateOf(folder) !== 'closed',
    admits(path) {
      const state = stateOf(parentOf(path));
      if (state === 'closed' || isSilentName(path.slice(path.lastIndexOf('/') + 1))) return false;
      if (isHidden(state.rules, path)) return false;
      if (chosen.includedBy(path) !== null) return true;
      skipped.push({ path, reason: 'not included', rule: null });
      return false;
    },
  };
}

function enter(absolute: string, folder: string, above: IgnoreRules): State {
  const text = readRuleFile(`${absolute}/${OWN_RULE_FILE}`);
  if (text === null) return { rules: above };
  return { rules: above.with(folder, folder === '' ? OWN_RULE_FILE : `${folder}/${OWN_RULE_FILE}`, text) };
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** `venv` is also a fine name for a package (Python's own library has one), so the tool's mark decides. */
function isVirtualEnvironment(folder: string): boolean {
  return statSync(`${folder}/pyvenv.cfg`, { throwIfNoEntry: false }) !== undefined;
}

/** The index directory relative to the root, or null if it lies elsewhere. Compared by real paths where it exists. */
function folderWithin(root: string, indexDir: string): string | null {
  const real = (path: string) => {
    try {
      return realpathSync.native(path);
    } catch {
      return path; // not made yet: what does not exist cannot be entered either
    }
  };
  const inside = relative(real(root), real(indexDir));
  if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return null;
  return join(inside).split(sep).join('/');
}
