// What `index` and `resume` share: a reporter and an open index around one piece of work.
import type { Command } from 'commander';
import type { Config, Index, RunReport } from '../../index.ts';
import type { Cli, GlobalFlags, Library } from '../cli.ts';
import { visible } from '../visible.ts';

export function addRunOptions(command: Command): Command {
  return command
    .option('--workers <n>', 'worker threads of either phase (default: the processors there are)')
    .option('--checkpoint-interval <n>', 'batches of 512 chunks between checkpoints (default: 20)')
    .option('--max-file-size <size>', 'skip files above this size, such as 500k or 2MiB (default: 2MiB)')
    .option(
      '--durability <mode>',
      'full: sync to disk at every checkpoint; fast: leave that to the system (default: full)',
    );
}

/** Opens the index for writing, works, closes it; the reporter draws until all of that is done. */
export async function runOnIndex(
  cli: Cli,
  config: Config,
  flags: GlobalFlags,
  mode: 'write' | 'resume',
  work: (library: Library, index: Index, signal: AbortSignal) => Promise<RunReport>,
): Promise<RunReport> {
  const { createReporter } = await import('../report/reporter.ts');
  const signal = cli.interruptible(`go on with: ${cli.terminal.invocation}resume ${visible(config.root)}`);
  const reporter = await createReporter(cli.err, {
    quiet: flags.quiet === true,
    progress: flags.progress,
    canRedraw: cli.terminal.canRedraw,
  });
  cli.setReporter(reporter);
  try {
    const library = await cli.library();
    signal.throwIfAborted();
    await using index = await library.openIndex(config, { mode, observe: reporter.observe });
    const report = await work(library, index, signal);
    if (!report.complete) signal.throwIfAborted();
    return report;
  } finally {
    reporter.close();
    cli.setReporter(undefined);
  }
}
