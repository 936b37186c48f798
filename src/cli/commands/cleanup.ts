import type { Command } from 'commander';
import type { CleanupReport, Config } from '../../index.ts';
import { type Cli, configFor, type GlobalFlags } from '../cli.ts';
import { EXIT } from '../failure.ts';
import { bytes } from '../format.ts';
import { visible } from '../visible.ts';
import { parseWait, WAIT_OPTION } from './run.ts';

const EXAMPLES = `Examples:
  tandem cleanup --dry-run          say what would be freed, and change nothing
  tandem cleanup                    free it; the backup of a migration goes too, and with it the way back
  tandem cleanup --now              also what is younger than ten minutes
  tandem cleanup --cache            remove the vectors kept for all projects of this user instead
`;

interface CleanupFlags extends GlobalFlags {
  readonly dryRun?: boolean;
  readonly now?: boolean;
  readonly wait?: string | true;
  readonly cache?: boolean;
}

export function registerCleanup(program: Command, cli: Cli): void {
  program
    .command('cleanup [path]')
    .alias('gc')
    .summary('reclaim disk space')
    .description(
      'Remove old versions of the tables, backups of migrations, files that no version names, chunks of files that are ' +
        'gone, and what had been set aside as damaged.',
    )
    .addHelpText('before', EXAMPLES)
    .option('--dry-run', 'show what would be freed')
    .option(
      '--now',
      'also versions younger than ten minutes and strays younger than an hour, which may be in use, and unfinished vectors of another model',
    )
    .option('--cache', 'clear the vector cache of this machine instead; changes no index')
    .option(...WAIT_OPTION)
    .action(async (path: string | undefined, _flags, self: Command) => {
      const flags = self.optsWithGlobals<CleanupFlags>();
      const config = await configFor(cli, self, path, false);
      if (flags.cache) return cleanUpCache(cli, config, flags);
      const signal = cli.interruptible('run the same command again');
      const { cleanUp } = await cli.library();
      const report = await cleanUp(config, {
        dryRun: flags.dryRun,
        now: flags.now,
        wait: parseWait(flags.wait, signal),
        signal,
        observe: (event) => {
          if (event.type === 'notice' && !flags.quiet) cli.err.line(visible(event.message));
        },
      });
      if (flags.json) cli.out.raw(`${JSON.stringify(report)}\n`);
      else if (!flags.quiet) print(cli, report);
      cli.end(EXIT.done);
    });
}

/** An index keeps its vectors; what is embedded again later is embedded anew. */
async function cleanUpCache(cli: Cli, config: Config, { dryRun, json, quiet }: CleanupFlags): Promise<void> {
  const { cacheBytes, clearCache } = await cli.library();
  const directory = config.cache?.directory ?? null;
  const freed = directory === null ? 0 : dryRun ? cacheBytes(directory) : clearCache(directory);
  const report = { schema: 1, cache_dir: directory, dry_run: dryRun === true, bytes: freed };
  if (json) cli.out.raw(`${JSON.stringify(report)}\n`);
  else if (!quiet && directory === null) cli.out.line('the cache is turned off; nothing was changed');
  else if (!quiet)
    cli.out.line(`${bytes(freed)} ${dryRun ? 'would be freed' : 'freed'} in ${visible(directory ?? '')}`);
  cli.end(EXIT.done);
}

function print({ out }: Cli, report: CleanupReport): void {
  for (const { what, bytes: size } of report.freed) out.line(`  ${bytes(size).padStart(9)}  ${visible(what)}`);
  for (const { what, why } of report.kept) out.line(`  ${'kept'.padStart(9)}  ${visible(what)}: ${why}`);
  const verb = report.dry_run ? 'would be freed' : 'freed';
  if (report.freed.length === 0) out.line(`nothing to clean up in ${visible(report.index_dir)}`);
  else out.line(`${bytes(report.bytes)} ${verb} in ${visible(report.index_dir)}`);
}
