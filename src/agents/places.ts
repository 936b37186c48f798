// Which project a question is about, and which paths may be asked for. A client names its roots; nothing outside of them,
// or of the folder that the program was started in, is looked at.
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { type ConfigRequest, loadConfig } from '../config/load.ts';
import { INDEX_DIR_NAME, isInside, realPath } from '../config/root.ts';
import { IndexerError } from '../core/errors.ts';
import type { Config } from '../index.ts';

/** Where a client works. */
export interface Places {
  /** What the client says it has open, absolute; null where it says nothing. */
  readonly roots: readonly string[] | null;
  /** What the program was started with. */
  readonly request: Pick<ConfigRequest, 'projectRoot' | 'flags' | 'cwd'>;
}

/**
 * The configuration of the project that is meant: the one of that name or path, else the first that has an index, else
 * the first. Errors: USAGE for one that the client does not have open; those of `loadConfig`.
 */
export function projectFor(places: Places, asked: string | undefined, creates: boolean): Config {
  const { roots, request } = places;
  if (roots === null || roots.length === 0 || request.projectRoot !== undefined) {
    const config = loadConfig({ ...request, creates });
    if (asked !== undefined && !isCalled(config.root, asked)) throw notOpen(asked, [config.root]);
    return config;
  }
  const chosen = asked === undefined ? roots : roots.filter((root) => isCalled(root, asked));
  if (chosen.length === 0) throw notOpen(asked ?? '', roots);
  const indexed = chosen.map(nearestIndexed).find((folder) => folder !== null);
  return loadConfig({ ...request, path: indexed ?? chosen[0], creates });
}

/**
 * The path relative to the root, `/`-separated, '' for the root itself. Errors: USAGE if it leads out of the root, also by
 * way of a link.
 */
export function placeIn(root: string, path: string): string {
  if (path.includes('\0')) throw outside(path, root);
  const absolute = resolve(root, path);
  const isWithin = (each: string) => each === root || isInside(root, each);
  if (!isWithin(absolute) || !isWithin(realPathOf(absolute, path, root))) throw outside(path, root);
  return relative(root, absolute).split(sep).join('/');
}

/** A filter may be a glob, and `!` leaves out what it matches: what stands before the first wildcard is a place. */
export function refuseOutside(root: string, filters: readonly string[]): void {
  for (const filter of filters) {
    const path = filter.replace(/^!/, '');
    const steps = path.split(/[/\\]/);
    const firstGlob = steps.findIndex((step) => /[*?[{]/.test(step));
    const literal = firstGlob === -1 ? path : steps.slice(0, firstGlob).join('/');
    if (steps.slice(Math.max(0, firstGlob)).includes('..') && firstGlob !== -1) throw outside(filter, root);
    placeIn(root, literal);
  }
}

function realPathOf(absolute: string, typed: string, root: string): string {
  try {
    return realPath(absolute);
  } catch {
    throw outside(typed, root); // a circle of links, or a name that no file can have
  }
}

function isCalled(root: string, asked: string): boolean {
  return root === asked || basename(root) === asked || (resolve(asked) === asked && realPath(asked) === realPath(root));
}

/** From the root up to the top of its git work tree: what is above belongs to another project. */
function nearestIndexed(root: string): string | null {
  for (let at = root; ; at = dirname(at)) {
    if (existsSync(join(at, INDEX_DIR_NAME))) return at;
    if (existsSync(join(at, '.git')) || dirname(at) === at) return null;
  }
}

function outside(path: string, root: string): IndexerError {
  return new IndexerError('USAGE', `${path} is outside ${root}`, {
    hint: 'give a path in the project, relative to its root',
  });
}

function notOpen(asked: string, roots: readonly string[]): IndexerError {
  return new IndexerError('USAGE', `no project ${asked} is open here`, { hint: `open are: ${roots.join(', ')}` });
}
