// What a command is given by main.ts: streams, settings of the terminal, the library, and a way to stop.
import type { Command } from 'commander';
import type { Flags } from '../config/layers.ts';
import type { TerminalSettings } from '../config/terminal.ts';
import { IndexerError } from '../core/errors.ts';
import type { Config } from '../index.ts';
import type { Invocation } from './invocation.ts';
import type { Output } from './output.ts';
import type { Reporter } from './report/types.ts';
import { visible } from './visible.ts';

export type Library = typeof import('../index.ts');

export interface Cli {
  readonly out: Output;
  readonly err: Output;
  readonly terminal: TerminalSettings;
  /** Writes the commands that a user can type next. */
  readonly invocation: Invocation;
  /** Loads the library; --help and usage errors never do. */
  library(): Promise<Library>;
  /** From here on a first signal only aborts, and the work ends by itself; `hint` says how to go on later. */
  interruptible(hint: string): AbortSignal;
  /** Who draws the run at the moment, so that a signal's message does not tear its line. */
  setReporter(reporter: Reporter | undefined): void;
  /** The exit code if nothing is thrown. */
  end(exitCode: number): void;
}

/** Options every command has. */
export interface GlobalFlags {
  readonly projectRoot?: string;
  readonly indexDir?: string;
  readonly model?: string;
  readonly modelDir?: string;
  readonly device?: string;
  readonly allowDownload?: boolean;
  readonly offline?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly debug?: boolean;
  readonly progress: boolean;
}

/** The merged configuration for a command as it was typed. */
export async function configFor(
  cli: Cli,
  command: Command,
  path: string | undefined,
  creates: boolean,
): Promise<Config> {
  const { loadConfig } = await import('../config/load.ts');
  const typed = command.optsWithGlobals<GlobalFlags & RunFlags>();
  const { model, modelDir, indexDir, device } = typed;
  const flags = configFlags(typed);
  const config = loadConfig({ path, projectRoot: typed.projectRoot, flags, creates });
  cli.invocation.situate({
    root: config.root,
    isProjectRoot: typed.projectRoot !== undefined,
    options: [
      ...(indexDir === undefined ? [] : ['--index-dir', config.indexDir]),
      ...(modelDir === undefined ? [] : ['--model-dir', config.modelDir]),
      ...(model === undefined ? [] : ['--model', config.hub?.id ?? config.modelDir]),
      ...(device === undefined ? [] : ['--device', device]),
    ],
  });
  if (!typed.quiet) {
    for (const warning of config.warnings ?? []) cli.err.line(`${cli.err.yellow('warning')} ${visible(warning)}`);
  }
  return config;
}

/** What was typed, as settings. Errors: USAGE. */
export function configFlags(typed: GlobalFlags & RunFlags): Flags {
  const { workers, checkpointInterval, maxFileSize, maxMemory, durability, model, modelDir, indexDir } = typed;
  if (typed.allowDownload && typed.offline) {
    throw new IndexerError('USAGE', '--allow-download and --offline exclude each other', { hint: 'leave one out' });
  }
  const { include, exclude, allowSecrets, device } = typed;
  return {
    workers,
    checkpointInterval,
    maxFileSize,
    maxMemory,
    durability,
    model,
    modelDir,
    device,
    allowDownload: typed.offline ? false : typed.allowDownload,
    indexDir,
    include,
    exclude,
    allowSecrets,
    cache: typed.cache === false ? ('off' as const) : undefined, // --no-cache
  };
}

/** Options of the commands that write. */
export interface RunFlags {
  readonly workers?: string;
  readonly checkpointInterval?: string;
  readonly maxFileSize?: string;
  readonly maxMemory?: string;
  readonly durability?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly allowSecrets?: boolean;
  readonly cache?: boolean;
}
