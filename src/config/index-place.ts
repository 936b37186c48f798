// Where the index is, as a folder that exists or can be made.
import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errnoOf, IndexerError } from '../core/errors.ts';
import { INDEX_DIR_NAME, isInside, realPath } from './root.ts';

/** In the project. A clone can bring it as a link to anywhere; only the user may say that we write there. */
export function defaultIndexDir(root: string): string {
  const path = join(root, INDEX_DIR_NAME);
  const target = namedIndexDir(path);
  if (!isInside(root, target)) {
    throw new IndexerError('CONFIG_INVALID', `${path} is a link to ${target}, outside the project`, {
      hint: `if that is meant, add --index-dir ${target}`,
    });
  }
  return target;
}

/** Where the user said, without links. Errors: PATH_NOT_FOUND for a link to nothing, PATH_NOT_A_DIRECTORY. */
export function namedIndexDir(path: string): string {
  refuseDanglingLink(path);
  const target = realPath(path);
  const stats = look(statSync, target);
  if (stats !== null && !stats.isDirectory()) {
    throw new IndexerError('PATH_NOT_A_DIRECTORY', `${target} is a file, and the index directory should be there`, {
      hint: 'move it away, or choose another index directory with --index-dir',
    });
  }
  return target;
}

/** Of the path itself and all above it. A disk that is not mounted must not look like a project without an index. */
function refuseDanglingLink(path: string): void {
  if (look(statSync, path) !== null) return;
  if (look(lstatSync, path)?.isSymbolicLink()) {
    const target = resolve(dirname(path), readlinkSync(path));
    throw new IndexerError('PATH_NOT_FOUND', `${path} is a link to ${target}, which does not exist`, {
      hint: `mount or make ${target}, or remove the link`,
    });
  }
  if (dirname(path) !== path) refuseDanglingLink(dirname(path));
}

/** Null where there is nothing, or a link that leads to nothing or in a circle. */
function look(ask: typeof statSync | typeof lstatSync, path: string): Stats | null {
  try {
    return ask(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (['ELOOP', 'ENOTDIR', 'ENAMETOOLONG'].includes(errnoOf(error))) return null;
    throw error;
  }
}
