import { type Command, InvalidArgumentError, Option } from 'commander';
import { CLIENTS, type Client } from '../../connect/clients.ts';
import { nearest } from '../../core/nearest.ts';
import type { Cli } from '../cli.ts';
import type { InstallFlags } from './mcp-install-run.ts';

const EXAMPLES = `Examples:
  tandem mcp install                      in every client that you have
  tandem mcp install --client cursor,zed
  tandem mcp install --client claude-code --scope project --agents-md
  tandem mcp install --dry-run            show what would be written
  tandem mcp install --print              print the settings, to add them by hand
`;

export function registerMcpInstall(mcp: Command, cli: Cli): void {
  addOptions(
    mcp
      .command('install')
      .summary('connect agents and editors')
      .description(
        'Write an entry for this program, and a skill where there are skills, into the settings of agents and editors.',
      )
      .addHelpText('before', EXAMPLES),
  )
    .option('--print', 'print the settings instead of writing them')
    .action((_flags, self: Command) => change(cli, self, false));
  addOptions(
    mcp
      .command('uninstall')
      .summary('disconnect them')
      .description('Remove what `tandem mcp install` wrote; nothing else.'),
  ).action((_flags, self: Command) => change(cli, self, true));
}

function addOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--client <names>', `only these: ${CLIENTS.map(({ id }) => id).join(', ')}`).argParser(parseClients),
    )
    .addOption(
      new Option('--scope <scope>', "user: your own settings; project: files in the project's folder")
        .choices(['user', 'project'])
        .default('user'),
    )
    .option('--agents-md', "also three lines in the project's AGENTS.md")
    .option('--dry-run', 'show what would be changed');
}

async function change(cli: Cli, command: Command, removes: boolean): Promise<void> {
  const { changeClients } = await import('./mcp-install-run.ts');
  await changeClients(cli, command.optsWithGlobals<InstallFlags>(), removes);
}

function parseClients(typed: string, before: readonly Client[] = []): Client[] {
  const names = typed.split(',').map((each) => each.trim());
  const found = names.map((name) => {
    const client = CLIENTS.find(({ id }) => id === name);
    if (client !== undefined) return client;
    const meant = nearest(
      name,
      CLIENTS.map(({ id }) => id),
    );
    throw new InvalidArgumentError(
      `${meant === undefined ? '' : `Did you mean ${meant}? `}The settings for others: tandem mcp install --print`,
    );
  });
  return [...new Set([...before, ...found])];
}
