// What `index` and `resume` share: a reporter and an open index around one piece of work.
import type { Command } from 'commander';
import { IndexerError } from '../../core/errors.ts';
import type { Config, Index, OpenIndexOptions, RunReport, Wait } from '../../index.ts';
import type { Cli, GlobalFlags, Library } from '../cli.ts';

/** For every command that takes the lock. */
export const WAIT_OPTION = [
  '--wait [seconds]',
  'wait for another writer to finish instead of failing (default: no limit)',
] as const;

/** Undefined if the option was not given. */
export function parseWait(typed: string | true | undefined, signal: AbortSignal | undefined): Wait | undefined {
  if (typed === undefined) return undefined;
  if (typed === true) return { seconds: null, signal };
  if (!/^\d{1,7}$/.test(typed)) {
    throw new IndexerError('USAGE', `--wait was given "${typed}"`, {
      hint: 'it takes a whole number of seconds: --wait=30; a folder goes before it',
    });
  }
  return { seconds: Number(typed), signal };
}

export function addRunOptions(command: Command): Command {
  return command
    .option('--workers <n>', 'maximum worker threads per phase (default: CPU count, limited by memory)')
    .option('--checkpoint-interval <n>', 'batches of 512 chunks between checkpoints (default: 20)')
    .option('--max-file-size <size>', 'skip files above this size, such as 500k or 2MiB (default: 2MiB)')
    .option('--max-memory <size>', 'memory limit for the workers, such as 512MiB (default: available memory)')
    .option(
      '--durability <mode>',
      'full: sync to disk at every checkpoint; fast: let the system decide (default: full)',
    )
    .option('--no-cache', 'ignore the vector cache')
    .option(...WAIT_OPTION);
}

/** Opens the index for writing, works, closes it; the reporter draws until all of that is done. */
export async function runOnIndex(
  cli: Cli,
  config: Config,
  flags: GlobalFlags & { readonly wait?: string | true; readonly migrate?: boolean },
  creates: boolean,
  work: (library: Library, index: Index, signal: AbortSignal) => Promise<RunReport>,
): Promise<RunReport> {
  return runReported(cli, config, flags, async (library, options, signal) => {
    await using index = await library.openForWriting(config, { ...options, creates });
    return await work(library, index, signal);
  });
}

/** The reporter around work that opens the index by itself, with what it opens it with. */
export async function runReported(
  cli: Cli,
  _config: Config,
  flags: GlobalFlags & { readonly wait?: string | true; readonly migrate?: boolean },
  work: (library: Library, options: OpenIndexOptions, signal: AbortSignal) => Promise<RunReport>,
): Promise<RunReport> {
  const { createReporter } = await import('../report/reporter.ts');
  const signal = cli.interruptible(`continue with: ${cli.invocation.command('resume')}`);
  const wait = parseWait(flags.wait, signal);
  const reporter = await createReporter(cli.err, {
    quiet: flags.quiet === true,
    verbose: flags.verbose === true,
    progress: flags.progress,
    canRedraw: cli.terminal.canRedraw,
  });
  cli.setReporter(reporter);
  try {
    const library = await cli.library();
    signal.throwIfAborted();
    const { observe } = reporter;
    const report = await work(library, { observe, wait, signal, migrate: flags.migrate }, signal);
    if (!report.complete) signal.throwIfAborted();
    return report;
  } finally {
    reporter.close();
    cli.setReporter(undefined);
  }
}
