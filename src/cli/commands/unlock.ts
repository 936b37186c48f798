import type { Command } from 'commander';
import type { UnlockReport } from '../../index.ts';
import { type Cli, configFor, type GlobalFlags } from '../cli.ts';
import { EXIT } from '../failure.ts';
import { visible } from '../visible.ts';

const EXAMPLES = `Examples:
  tandem unlock                     remove a lock that a run left behind
  tandem unlock --force             even if its holder may live: it stops before it writes again
`;

const REASONS: Readonly<Record<NonNullable<UnlockReport['because']>, string>> = {
  dead: 'its process has ended',
  'stands-still': 'its heartbeat stopped',
  forced: 'you insisted; should it live, it stops before it writes again',
};

export function registerUnlock(program: Command, cli: Cli): void {
  program
    .command('unlock [path]')
    .summary('remove the lock of a process that no longer runs')
    .description(
      'Remove the lock of a run that has ended. A holder on another host or in another container is watched for a ' +
        'minute first; one that lives keeps its lock (exit code 11).',
    )
    .addHelpText('before', EXAMPLES)
    .option('--force', 'remove it even if its process runs')
    .action(async (path: string | undefined, _flags, self: Command) => {
      const flags = self.optsWithGlobals<GlobalFlags & { readonly force?: boolean }>();
      const config = await configFor(cli, self, path, false);
      const { unlockIndex } = await cli.library();
      const report = await unlockIndex(config, {
        force: flags.force === true,
        signal: cli.interruptible('nothing was changed'),
        observe: (event) => {
          if (event.type === 'notice' && !flags.quiet) cli.err.line(visible(event.message));
        },
      });
      if (flags.json) cli.out.raw(`${JSON.stringify(report)}\n`);
      else if (!flags.quiet) cli.out.line(describe(report));
      cli.end(EXIT.done);
    });
}

function describe({ because, holder }: UnlockReport): string {
  if (because === null) return 'there is no lock';
  const who = holder === null ? '' : ` of pid ${holder.pid} on ${visible(holder.host)} (${visible(holder.command)})`;
  return `removed the lock${who}: ${REASONS[because]}`;
}
