// How this process was started, as the user would type it again.
import { basename, delimiter, dirname, relative, sep } from 'node:path';
import { packageRoot } from './package.ts';

/** By npm's `start`, by npx, by the command in the PATH, or as a script. `script` is the path that Node was given. */
export function startedAs(env: Readonly<Record<string, string | undefined>>, script: string): string {
  const top = packageRoot.replace(/[\\/]$/, '');
  // A script of another package may start us too, and its variables are inherited.
  const isOurStart =
    env.npm_lifecycle_event === 'start' && (!env.npm_package_json || dirname(env.npm_package_json) === top);
  if (isOurStart) {
    const isInside = !env.INIT_CWD || !relative(top, env.INIT_CWD).startsWith('..');
    return isInside ? 'npm start --' : `npm --prefix ${quoted(top)} start --`;
  }
  const isLocal = dirname(script).endsWith(`node_modules${sep}.bin`);
  if (env.npm_lifecycle_event === 'npx' && isLocal)
    return script.includes(`${sep}_npx${sep}`) ? 'npx tandem-index' : 'npx tandem';
  if (basename(script) === 'tandem.js') return `node ${quoted(script)}`;
  const isInPath = (env.PATH ?? '').split(delimiter).includes(dirname(script));
  return isInPath || script === '' ? 'tandem' : quoted(script);
}

/**
 * How another program starts this one. By paths where it is installed, for programs of a desktop do not have the user's
 * PATH; by npx where npx brought it, or where the words are shared with others (`isShared`).
 */
export function startWords(
  script: string,
  isShared: boolean,
): { readonly command: string; readonly args: readonly string[] } {
  const isFromNpx = packageRoot.includes(`${sep}_npx${sep}`);
  if (!isShared && !isFromNpx) return { command: process.execPath, args: [script] };
  const words = ['npx', '-y', 'tandem-index'];
  const [command = '', ...args] = process.platform === 'win32' ? ['cmd', '/c', ...words] : words;
  return { command, args };
}

/** For a shell: as it is where nothing in it means something there. */
export function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return process.platform === 'win32' ? `"${word}"` : `'${word.replaceAll("'", `'\\''`)}'`;
}
