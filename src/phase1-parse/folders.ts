// Which folders may be entered, asked by both ways of listing files: never a link, never version control's or an
// index's own, nothing vendored, nothing our own `.tandemignore` files hide. Answers are remembered per folder.
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { isSilentName, isVendoredFolder } from './file-policy.ts';
import { type IgnoreRules, NO_RULES, readRuleFile } from './ignore-rules.ts';

const OWN_RULE_FILE = '.tandemignore';

export interface Folders {
  /** True if a folder ('' is the root) and all above it may be entered. What closes one is recorded once. */
  isOpen(folder: string): boolean;
  /** True if the file's folder is open and no own rule hides the file; a hidden file is recorded. */
  admits(path: string): boolean;
  /** Folders and files left out, with why; in the order met. */
  readonly skipped: readonly { readonly path: string; readonly reason: 'vendored' | 'ignored' }[];
  /** Folders left out because they could not be looked at. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
  /** The index directory relative to the root, or null if it lies elsewhere. */
  readonly indexFolder: string | null;
  /** How often each own rule (`file:line: pattern`) hid something. */
  readonly hits: ReadonlyMap<string, number>;
}

type State = { readonly rules: IgnoreRules } | 'closed';

export function openFolders(root: string, indexDir: string): Folders {
  const states = new Map<string, State>();
  const skipped: { path: string; reason: 'vendored' | 'ignored' }[] = [];
  const failed: { path: string; reason: string }[] = [];
  const hits = new Map<string, number>();
  const indexFolder = folderWithin(root, indexDir);

  const isHidden = (rules: IgnoreRules, path: string) => {
    const rule = rules.hiddenBy(path);
    if (rule === null) return false;
    hits.set(rule, (hits.get(rule) ?? 0) + 1);
    skipped.push({ path: path.replace(/\/$/, ''), reason: 'ignored' });
    return true;
  };

  const look = (folder: string): State => {
    if (folder === '') return enter(root, folder, NO_RULES);
    const above = stateOf(parentOf(folder));
    const name = folder.slice(folder.lastIndexOf('/') + 1);
    if (above === 'closed' || isSilentName(name) || folder === indexFolder) return 'closed';
    const absolute = `${root}/${folder}`;
    if (isVendoredFolder(name) || (name === 'venv' && isVirtualEnvironment(absolute))) {
      skipped.push({ path: folder, reason: 'vendored' });
      return 'closed';
    }
    if (isHidden(above.rules, `${folder}/`)) return 'closed';
    // A tracked file's folder may have become a link, which git lists the file through.
    if (!lstatSync(absolute, { throwIfNoEntry: false })?.isDirectory()) return 'closed';
    return enter(absolute, folder, above.rules);
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
    isOpen: (folder) => stateOf(folder) !== 'closed',
    admits(path) {
      const state = stateOf(parentOf(path));
      return state !== 'closed' && !isSilentName(path.slice(path.lastIndexOf('/') + 1)) && !isHidden(state.rules, path);
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
