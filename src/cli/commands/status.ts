import type { Command } from 'commander';
import { IndexerError } from '../../core/errors.ts';
import { type Cli, configFlags, configFor, type GlobalFlags } from '../cli.ts';
import { EXIT } from '../failure.ts';

const EXAMPLES = `Examples:
  tandem status                     show what is indexed, and whether work is pending
  tandem status --json              the same for programs
  tandem status --config            show every setting and where it comes from
  tandem status --exit-code         in a script: 0 if complete, 4 if not, 10 if there is none
`;

export function registerStatus(program: Command, cli: Cli): void {
  program
    .command('status [path]')
    .summary('show what is indexed')
    .description('Show what is indexed and whether it is complete. Needs no lock and works during a run.')
    .addHelpText('before', EXAMPLES)
    .option('--config', 'show every setting, its value and where it comes from')
    .option('--exit-code', 'exit with 4 if the index is not complete')
    .action(async (path: string | undefined, _flags, self: Command) => {
      const flags = self.optsWithGlobals<GlobalFlags & { readonly exitCode?: boolean; readonly config?: boolean }>();
      if (flags.config) {
        await printConfig(cli, self, path);
        return;
      }
      const config = await configFor(cli, self, path, false);
      const { status } = await cli.library();
      const report = await status(config);
      const isAbsent = report.layout === 'none';
      if (flags.json) cli.out.raw((await import('../report/json.ts')).statusAsJson(report));
      else if (isAbsent) {
        throw new IndexerError('NO_INDEX', `there is no index in ${config.indexDir}`, {
          hint: 'make one with: `tandem index`',
        });
      } else (await import('../report/status.ts')).printStatus(cli.out, report, cli.invocation.command, flags.verbose);

      if (isAbsent) cli.end(EXIT.noIndex);
      else cli.end(flags.exitCode && !report.complete ? EXIT.incomplete : EXIT.done);
    });
}

async function printConfig(cli: Cli, command: Command, path: string | undefined): Promise<void> {
  const flags = command.optsWithGlobals<GlobalFlags>();
  await configFor(cli, command, path, false); // its warnings, and what it refuses
  const { describeSettings } = await import('../../config/describe-settings.ts');
  const report = describeSettings({ path, projectRoot: flags.projectRoot, flags: configFlags(flags), creates: false });
  if (flags.json) cli.out.raw(`${JSON.stringify(report, null, 2)}\n`);
  else (await import('../report/settings.ts')).printSettings(cli.out, report);
}
