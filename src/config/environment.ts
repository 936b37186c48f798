// What the environment says about the user and the terminal. Nothing outside config/ reads it.
import { realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder the user stands in. npm runs a script in the package's folder and leaves the user's in INIT_CWD; a program
 * that such a script starts elsewhere inherits the variable, but stands where it was put.
 */
export function invocationDirectory(env: Environment = process.env, cwd: string = process.cwd()): string {
  const asked = env.INIT_CWD;
  if (!asked) return cwd;
  const manifest = env.npm_package_json;
  return manifest && !isSameFolder(dirname(manifest), cwd) ? cwd : resolve(cwd, asked);
}

function isSameFolder(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false; // a manifest that is gone tells nothing
  }
}
