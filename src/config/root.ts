// Which tree is meant, and where its index lies.
import { accessSync, constants, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { errnoOf, IndexerError } from '../core/errors.ts';

export const INDEX_DIR_NAME = '.mcp-vector-search';

export interface RootRequest {
  /** The path argument of the command. */
  readonly path?: string | undefined;
  /** `--project-root`. */
  readonly projectRoot?: string | undefined;
  /** Absolute: relative paths start here, and so does the search upward. */
  readonly standing: string;
  /** True for commands that make an index: they fall back to the top of the git work tree. */
  readonly creates: boolean;
}

/**
 * The root as an absolute path without symbolic links: as asked for, else the nearest folder upward that holds an
 * index, else (for commands that make one) the top of the git work tree, else where the user stands.
 * Errors: PATH_NOT_FOUND, PATH_NOT_A_DIRECTORY, USAGE if two different roots were asked for.
 */
export function resolveRoot({ path, projectRoot, standing, creates }: RootRequest): string {
  const [asked, other] = [path, projectRoot]
    .filter((each) => each !== undefined)
    .map((each) => folderAt(each, standing));
  if (asked !== undefined) {
    if (other !== undefined && other !== asked) {
      throw new IndexerError('USAGE', `two different roots were given: ${asked} and ${other}`, {
        hint: 'give the path or --project-root, not both',
      });
    }
    return asked;
  }
  const here = folderAt('.', standing);
  return upwards(here).find(holdsIndex) ?? (creates ? upwards(here).find(isGitTopLevel) : undefined) ?? here;
}

/** True if `path` lies below `folder`; both absolute and without symbolic links. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && resolve(folder, way) === path;
}

/** The path without symbolic links, also where its last parts do not exist yet. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const parent = dirname(path);
    const isMissing = errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR';
    if (!isMissing || parent === path) throw error;
    return join(realPath(parent), path.slice(parent.length));
  }
}

function folderAt(path: string, standing: string): string {
  const absolute = resolve(standing, path);
  const stats = path === '' ? undefined : statOf(absolute);
  if (stats === undefined) {
    throw new IndexerError('PATH_NOT_FOUND', `there is no folder ${path === '' ? '""' : absolute}`, {
      hint: 'check the path; relative paths start in the current directory',
    });
  }
  if (!stats.isDirectory()) {
    throw new IndexerError('PATH_NOT_A_DIRECTORY', `${absolute} is not a folder`, {
      hint: `name the folder to index, for example ${dirname(absolute)}`,
    });
  }
  return realpathSync(absolute);
}

/** The folder and all above it that may be entered, nearest first: what is closed to us cannot hold our index. */
function upwards(folder: string): string[] {
  const folders = [folder];
  for (let at = folder; dirname(at) !== at; at = dirname(at)) folders.push(dirname(at));
  return folders.filter(mayEnter);
}

function mayEnter(folder: string): boolean {
  try {
    accessSync(folder, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function holdsIndex(folder: string): boolean {
  return statOf(join(folder, INDEX_DIR_NAME))?.isDirectory() === true;
}

/** By git's own marks: a repository's folder, or the file that points to one (work trees, submodules). */
function isGitTopLevel(folder: string): boolean {
  const mark = join(folder, '.git');
  const stats = statOf(mark);
  if (stats?.isFile()) return readFileSync(mark, 'utf8').startsWith('gitdir:');
  return stats?.isDirectory() === true && statOf(join(mark, 'HEAD')) !== undefined;
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (['ENOTDIR', 'ENAMETOOLONG'].includes(errnoOf(error))) return undefined;
    throw new IndexerError('NOT_WRITABLE', `cannot look at ${path}: ${errnoOf(error)}`, {
      hint: 'check the permissions of the folders on the way',
      cause: error,
    });
  }
}
