// Old rows name files by absolute paths of the place where they were indexed. Here these become paths of today's root.
import { dirname, isAbsolute, join, posix, win32 } from 'node:path';
import { IndexerError } from '../core/errors.ts';
import { exists } from '../store/files/atomic-file.ts';
import type { OldSettings } from './detect.ts';

/** Where an old path lies under today's root, `/`-separated; null if it does not. */
export type Relocate = (oldPath: string) => string | null;

/** How many files are looked for before a folder is believed to be the old root or not. */
const SAMPLE = 500;

/**
 * Finds the folder that the old paths start from: the root itself, the one the old tool recorded, or else the one under
 * which most files exist today. Errors: MIGRATION_REFUSED if no such folder makes any file exist.
 */
export async function findOldRoot(
  oldPaths: readonly string[],
  root: string,
  settings: OldSettings,
): Promise<{ oldRoot: string; relocate: Relocate }> {
  const absolute = oldPaths.filter(isAnywhereAbsolute);
  if (absolute.length === 0) return { oldRoot: root, relocate: (path) => inside(path) };
  const recorded = [root, settings.projectRoot, settings.indexPath && dirname(settings.indexPath)].filter(
    (folder): folder is string => typeof folder === 'string',
  );
  let best = { oldRoot: '', found: 0 };
  for (const folder of new Set([...recorded, ...commonFolders(absolute)])) {
    const relative = absolute.map((path) => below(folder, path));
    if (relative.includes(null)) continue;
    const found = await countExisting(root, relative as string[]);
    if (found > best.found) best = { oldRoot: folder, found };
    if (found > 0 && recorded.includes(folder)) break;
  }
  if (best.found === 0) throw movedAway(absolute, root);
  const relocate: Relocate = (path) => (isAnywhereAbsolute(path) ? below(best.oldRoot, path) : inside(path));
  return { oldRoot: best.oldRoot, relocate };
}

function movedAway(absolute: readonly string[], root: string): IndexerError {
  const [first] = absolute;
  return new IndexerError(
    'MIGRATION_REFUSED',
    `none of the ${absolute.length} files of the old index can be found below ${root}; they were indexed as ${first}`,
    {
      hint: 'nothing was changed; name the folder that holds these files today, or move the old index away and index again',
    },
  );
}

function isAnywhereAbsolute(path: string): boolean {
  return isAbsolute(path) || win32.isAbsolute(path);
}

/** Windows paths of an index that was made there. */
function slashed(path: string): string {
  return /^([A-Za-z]:|\\\\)/.test(path) ? path.replaceAll('\\', '/') : path;
}

function below(folder: string, path: string): string | null {
  const base = `${slashed(folder).replace(/\/+$/, '')}/`;
  const whole = slashed(path);
  return whole.startsWith(base) ? inside(whole.slice(base.length)) : null;
}

/** The path in its shortest form, or null if it leaves the root or names nothing in it. */
function inside(path: string): string | null {
  const normal = posix.normalize(slashed(path));
  return normal === '.' || normal === '..' || normal.startsWith('../') || normal.startsWith('/') ? null : normal;
}

/** The deepest folder that holds all paths, then those above it. */
function commonFolders(paths: readonly string[]): string[] {
  let common = slashed(paths[0] ?? '')
    .split('/')
    .slice(0, -1);
  for (const path of paths) {
    const parts = slashed(path).split('/');
    const end = common.findIndex((part, index) => part !== parts[index]);
    if (end !== -1) common = common.slice(0, end);
  }
  return common.map((_, index) => common.slice(0, common.length - index).join('/') || '/');
}

async function countExisting(root: string, relative: readonly string[]): Promise<number> {
  const step = Math.max(1, Math.floor(relative.length / SAMPLE));
  let found = 0;
  for (let index = 0; index < relative.length; index += step) {
    if (await exists(join(root, relative[index]!))) found++;
  }
  return found;
}
