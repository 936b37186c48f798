import type { Command } from 'commander';
import { type Cli, configFor, type GlobalFlags } from '../cli.ts';
import { exitCodeOf } from '../failure.ts';
import { addRunOptions, runOnIndex } from './run.ts';

const EXAMPLES = `Examples:
  tandem resume                     finish an interrupted run in this project
  tandem resume ~/code/app          the same for another folder
`;

export function registerResume(program: Command, cli: Cli): void {
  const command = program
    .command('resume [path]')
    .summary('finish an interrupted run')
    .description('Finish an interrupted run: the rest of phase 1, then every pending chunk.')
    .addHelpText('before', EXAMPLES);
  addRunOptions(command).action(async (path: string | undefined, _flags, self: Command) => {
    const flags = self.optsWithGlobals<GlobalFlags>();
    const config = await configFor(cli, self, path, false);
    const report = await runOnIndex(cli, config, flags, false, (library, index, signal) =>
      library.resume(index, { signal }),
    );
    if (flags.json) cli.out.raw((await import('../report/json.ts')).runAsJson(report));
    else if (!flags.quiet) {
      const { printNothingToDo, printSummary } = await import('../report/summary.ts');
      const options = { verbose: flags.verbose === true, command: cli.invocation.command };
      if (report.phases.length === 0) printNothingToDo(cli.out, report);
      else printSummary(cli.out, report, config, options);
    }
    cli.end(exitCodeOf(report, 'all'));
  });
}
