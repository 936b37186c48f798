import type { Command } from 'commander';
import { type Cli, configFor, type GlobalFlags } from '../cli.ts';
import { EXIT } from '../failure.ts';
import { visible } from '../visible.ts';

const EXAMPLES = `Examples:
  tandem doctor                     is everything here that an index needs?
  tandem doctor --json              the same for programs
`;

export function registerDoctor(program: Command, cli: Cli): void {
  program
    .command('doctor [path]')
    .summary('check this machine and the index directory')
    .description(
      'Check Node, the native parts, model, grammars, disk, file system and lock. Exit code 15 if one fails.',
    )
    .addHelpText('before', EXAMPLES)
    .action(async (path: string | undefined, _flags, self: Command) => {
      const flags = self.optsWithGlobals<GlobalFlags>();
      const config = await configFor(cli, self, path, false);
      const { diagnose } = await cli.library();
      const diagnosis = await diagnose(config);
      if (flags.json) cli.out.raw(`${JSON.stringify(diagnosis, null, 2)}\n`);
      else {
        for (const { name, state, found, remedy } of diagnosis.checks) {
          if (flags.quiet && state === 'ok') continue;
          const paint = { ok: cli.out.dim, warning: cli.out.yellow, failed: cli.out.red }[state];
          cli.out.line(`${paint(state.padEnd(8))}${name.padEnd(17)}${visible(found)}`);
          if (remedy !== '') cli.out.line(`${''.padEnd(25)}${visible(cli.invocation.filled(remedy))}`);
        }
      }
      cli.end(diagnosis.healthy ? EXIT.done : EXIT.environment);
    });
}
