// Where other programs of the user keep their settings.
import { join } from 'node:path';
import type { Environment } from './environment.ts';
import { userHome } from './places.ts';

/** Absolute folders. */
export interface UserFolders {
  readonly home: string;
  /** `~/.config`, and what takes its place on other platforms. */
  readonly config: string;
  /** Where Zed and other programs that follow XDG on every Unix keep theirs. */
  readonly xdgConfig: string;
  /** Folders that a variable names instead of the usual place, by its name; only absolute ones. */
  readonly named: Readonly<Record<string, string>>;
}

const VARIABLES = ['CODEX_HOME', 'CLAUDE_CONFIG_DIR', 'COPILOT_HOME'];

/** Null without a home. */
export function userFolders(env: Environment = process.env): UserFolders | null {
  const home = userHome(env);
  if (home === null) return null;
  const absolute = (name: string) =>
    env[name]?.startsWith('/') || /^[A-Za-z]:[\\/]/.test(env[name] ?? '') ? env[name] : undefined;
  const xdgConfig = absolute('XDG_CONFIG_HOME') ?? join(home, '.config');
  const config =
    process.platform === 'win32'
      ? (absolute('APPDATA') ?? join(home, 'AppData', 'Roaming'))
      : process.platform === 'darwin'
        ? join(home, 'Library', 'Application Support')
        : xdgConfig;
  const named = Object.fromEntries(
    VARIABLES.flatMap((name) => (absolute(name) === undefined ? [] : [[name, absolute(name)!]])),
  );
  return { home, config, xdgConfig: process.platform === 'win32' ? config : xdgConfig, named };
}
