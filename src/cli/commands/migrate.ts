import type { Command } from 'commander';
import { IndexerError } from '../../core/errors.ts';
import { type Cli, configFor, type GlobalFlags } from '../cli.ts';
import { EXIT } from '../failure.ts';
import { visible } from '../visible.ts';

const EXAMPLES = `Examples:
  tandem migrate --to-dual-table --dry-run   say what would be done, and change nothing
  tandem migrate --to-dual-table             convert an index of the old layout; its table is kept as a backup
  tandem migrate --rollback                  go back to the old table
`;

interface MigrateFlags extends GlobalFlags {
  readonly toDualTable?: boolean;
  readonly rollback?: boolean;
  readonly dryRun?: boolean;
}

export function registerMigrate(program: Command, cli: Cli): void {
  program
    .command('migrate [path]')
    .summary('convert an index from an old layout, or undo that')
    .description('Convert an index of an older mcp-vector-search version without embedding anything again.')
    .addHelpText('before', EXAMPLES)
    .option('--to-dual-table', 'convert the old layout to the present one')
    .option('--rollback', 'undo the migration')
    .option('--dry-run', 'with --to-dual-table: show what would change')
    .action(async (typed: string | undefined, _flags, self: Command) => {
      const flags = self.optsWithGlobals<MigrateFlags>();
      // mcp-vector-search spells it `migrate migrate`.
      const isMvsSpelling = typed === 'migrate' && flags.rollback !== true;
      const config = await configFor(cli, self, isMvsSpelling ? undefined : typed, false);
      const goesForth = flags.toDualTable === true || isMvsSpelling;
      if (goesForth === (flags.rollback === true) || (flags.rollback && flags.dryRun)) throw unclear();

      const { createReporter } = await import('../report/reporter.ts');
      const signal = cli.interruptible('nothing was changed; run the same command again');
      const reporter = await createReporter(cli.err, {
        quiet: flags.quiet === true,
        progress: false,
        canRedraw: cli.terminal.canRedraw,
      });
      cli.setReporter(reporter);
      try {
        const { migrateToDualTable, rollbackMigration } = await cli.library();
        const { observe } = reporter;
        const { printMigration, printRollback } = await import('../report/migration.ts');
        const print = { root: visible(config.root), command: cli.invocation.command };
        if (goesForth) {
          const report = await migrateToDualTable(config, { dryRun: flags.dryRun, observe, signal });
          reporter.close();
          if (flags.json) cli.out.raw(`${JSON.stringify({ schema: 1, ...report })}\n`);
          else if (!flags.quiet) printMigration(cli.out, report, print);
        } else {
          const report = await rollbackMigration(config, { observe });
          reporter.close();
          if (flags.json) cli.out.raw(`${JSON.stringify({ schema: 1, ...report })}\n`);
          else if (!flags.quiet) printRollback(cli.out, report, print);
        }
      } finally {
        reporter.close();
        cli.setReporter(undefined);
      }
      cli.end(EXIT.done);
    });
}

function unclear(): IndexerError {
  return new IndexerError('USAGE', 'say which way: --to-dual-table (with --dry-run if you like) or --rollback', {
    hint: 'see: `tandem migrate --help`',
  });
}
