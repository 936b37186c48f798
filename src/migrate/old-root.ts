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
 * Finds the folder that the old paths start from: the root itself, the one that was recorded, or else the one under which
 * most files exist today. Where the project stands where it was indexed no file has to exist: all may have been renamed.
 * Errors: MIGRATION_REFUSED if no such folder makes any file exist.
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
  const best =
    (await mostFound(recorded, absolute, root)) ??
    (await mostFound(await foldersByEvidence(absolute, root), absolute, root)) ??
    (absolute.some((path) => below(root, path) !== null) || settings.projectRoot === root ? root : null);
  if (best === null) throw movedAway(absolute, root);
  return { oldRoot: best, relocate: (path) => (isAnywhereAbsolute(path) ? below(best, path) : inside(path)) };
}

/** The folder under which most files exist, the first of equals; null if none does. */
async function mostFound(folders: Iterable<string>, absolute: readonly string[], root: string): Promise<string | null> {
  let best: { folder: string; found: number } | null = null;
  for (const folder of new Set(folders)) {
    const relative = absolute.map((path) => below(folder, path)).filter((path) => path !== null);
    const found = await countExisting(root, relative);
    if (found > (best?.found ?? 0)) best = { folder, found };
  }
  return best?.folder ?? null;
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

/** Windows paths of an index that was made there; drives are spelled in either case. */
function slashed(path: string): string {
  if (!/^([A-Za-z]:|\\\\)/.test(path)) return path;
  return path.replaceAll('\\', '/').replace(/^[a-z]:/, (drive) => drive.toUpperCase());
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

/**
 * The folders that leave of some path a file of today, the shallowest first: the more of a path is found again, the less
 * it is by chance.
 */
async function foldersByEvidence(paths: readonly string[], root: string): Promise<string[]> {
  const folders = new Set<string>();
  for (const path of sampleOf(paths)) {
    const parts = slashed(path).split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join('/') || '/';
      const relative = folders.has(folder) ? null : inside(parts.slice(depth).join('/'));
      if (relative !== null && (await exists(join(root, relative)))) folders.add(folder);
    }
  }
  return [...folders].sort((a, b) => a.split('/').length - b.split('/').length);
}

async function countExisting(root: string, relative: readonly string[]): Promise<number> {
  let found = 0;
  for (const path of sampleOf(relative)) if (await exists(join(root, path))) found++;
  return found;
}

function sampleOf(paths: readonly string[]): string[] {
  const step = Math.max(1, Math.floor(paths.length / SAMPLE));
  return paths.filter((_, index) => index % step === 0);
}
