// A home folder in the tree that its user may not enter, as `docker run -u` makes one: no source, so no failure either.
import { accessSync, constants, realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { errnoOf } from '../core/errors.ts';
import type { GitEnvironment } from './git.ts';

/** The home folder relative to the root, `/`-separated; null if it is outside, the root itself, or may be entered. */
export function closedHome(realRoot: string, env: GitEnvironment | undefined): string | null {
  const home = env?.HOME;
  if (!home || !isAbsolute(home)) return null;
  try {
    const real = realpathSync.native(home);
    const inside = relative(realRoot, real);
    if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return null;
    if (mayEnter(real)) return null;
    return join(inside).split(sep).join('/');
  } catch {
    return null; // it does not exist, or a folder above it may not be entered, which is a failure of that folder
  }
}

function mayEnter(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'EACCES' && errnoOf(error) !== 'EPERM';
  }
}
