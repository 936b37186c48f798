// What the environment says about the terminal, and how this process was started.
import type { Environment } from './environment.ts';
import { startedAs } from './started-as.ts';

/** How the streams may be written to, as far as the environment decides. */
export interface TerminalSettings {
  /** `auto`: each stream by its own TTY-ness. */
  readonly colour: 'never' | 'always' | 'auto';
  /** A live line can be drawn on a TTY. */
  readonly canRedraw: boolean;
  /** Output is read by GitHub's runner, which takes some lines for commands. */
  readonly isGithubActions: boolean;
  /** What the user typed before the command's own words. */
  readonly started: string;
  /** npm sends a Ctrl-C on to its script, which then has it twice. */
  readonly isUnderNpm: boolean;
}

/** NO_COLOR is a user's wish and wins over FORCE_COLOR. */
export function terminalSettings(
  env: Environment = process.env,
  script: string = process.argv[1] ?? '',
): TerminalSettings {
  const isDumb = env.TERM === 'dumb';
  const isForcedOff = Boolean(env.NO_COLOR) || env.FORCE_COLOR === '0' || env.FORCE_COLOR === 'false';
  const isForcedOn = env.FORCE_COLOR !== undefined && !isForcedOff;
  return {
    colour: isForcedOff ? 'never' : isForcedOn ? 'always' : isDumb ? 'never' : 'auto',
    canRedraw: !isDumb && !isSet(env.CI),
    isGithubActions: env.GITHUB_ACTIONS === 'true',
    started: startedAs(env, script),
    isUnderNpm: env.npm_lifecycle_event !== undefined,
  };
}

function isSet(value: string | undefined): boolean {
  return Boolean(value) && value !== 'false' && value !== '0';
}
