import type { Command } from 'commander';
import { IndexerError } from '../../core/errors.ts';
import type { RepairReport, VerifyReport } from '../../index.ts';
import { type Cli, configFor, type GlobalFlags } from '../cli.ts';
import { EXIT } from '../failure.ts';
import { parseWait, WAIT_OPTION } from './run.ts';

const EXAMPLES = `Examples:
  tandem verify                     prove the index of this project, contents and vectors included
  tandem verify --quick             only ids, statuses, ledger and file sizes
  tandem verify --repair            take away what is damaged; tandem index then makes it again
  tandem verify --against <folder>  compare with another index directory, row by row
`;

interface VerifyFlags extends GlobalFlags {
  readonly quick?: boolean;
  readonly full?: boolean;
  readonly repair?: boolean;
  readonly against?: string;
  readonly wait?: string | true;
}

export function registerVerify(program: Command, cli: Cli): void {
  program
    .command('verify [path]')
    .summary('check the index against the files and report inconsistencies')
    .description(
      'Read the whole index by another way than it was written and name everything that is wrong with it. ' +
        'Exit code 0: clean and complete; 4: clean, but work is pending; 12: damaged.',
    )
    .addHelpText('before', EXAMPLES)
    .option('--quick', 'check only ids, statuses, ledger and file sizes')
    .option('--full', 'also check contents, vectors and hashes (default)')
    .option('--repair', 'remove damaged rows; the next run creates them again')
    .option('--against <folder>', 'compare with another index directory')
    .option(...WAIT_OPTION)
    .action(async (path: string | undefined, _flags, self: Command) => {
      const flags = self.optsWithGlobals<VerifyFlags>();
      refuseContradictions(flags);
      const config = await configFor(cli, self, path, false);
      const library = await cli.library();
      const { printRepair, printVerification } = await import('../report/verify.ts');
      const { command } = cli.invocation;
      if (flags.repair) {
        const signal = flags.wait === undefined ? undefined : cli.interruptible('nothing was changed');
        const report = await library.repairIndex(config, {
          wait: parseWait(flags.wait, signal),
          observe: (event) => {
            if (event.type === 'notice' && !flags.quiet) cli.err.line(event.message);
          },
        });
        if (flags.json) cli.out.raw(`${JSON.stringify(report, null, 2)}\n`);
        else if (!flags.quiet) printRepair(cli.out, report, command);
        cli.end(exitCodeAfter(report));
        return;
      }
      const depth = flags.quick ? 'quick' : 'full';
      const report = await library.verifyIndex(config, { depth, against: flags.against });
      if (flags.json) cli.out.raw(`${JSON.stringify(report, null, 2)}\n`);
      else if (!flags.quiet) printVerification(cli.out, report, command);
      cli.end(exitCode(report));
    });
}

function refuseContradictions({ quick, full, repair, against }: VerifyFlags): void {
  const refuse = (what: string) => new IndexerError('USAGE', what, { hint: 'see: `tandem verify --help`' });
  if (quick && full) throw refuse('--quick and --full were both given');
  if (repair && (quick || against !== undefined)) throw refuse('--repair reads everything and compares with nothing');
}

function exitCode(report: VerifyReport): number {
  if (!report.clean) return EXIT.damaged;
  return report.complete ? EXIT.done : EXIT.incomplete;
}

/** What counts is what is left. */
function exitCodeAfter(report: RepairReport): number {
  return exitCode(report.after);
}
