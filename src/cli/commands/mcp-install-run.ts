// What `mcp install` and `mcp uninstall` do, loaded only then.
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import { packageRoot } from '../../config/package.ts';
import { startWords } from '../../config/started-as.ts';
import { userFolders } from '../../config/user-folders.ts';
import { CLIENTS, type Client, type Start } from '../../connect/clients.ts';
import {
  type ConnectOptions,
  changeAgentsMd,
  connect,
  disconnect,
  type FileChange,
  presentClients,
  printed,
} from '../../connect/connect.ts';
import { IndexerError } from '../../core/errors.ts';
import { describeFailure } from '../../core/failures.ts';
import type { Cli, GlobalFlags } from '../cli.ts';
import { EXIT } from '../failure.ts';
import { visible } from '../visible.ts';

export interface InstallFlags extends GlobalFlags {
  readonly client?: readonly Client[];
  readonly scope: 'user' | 'project';
  readonly dryRun?: boolean;
  readonly print?: boolean;
  readonly agentsMd?: boolean;
}

export async function changeClients(cli: Cli, flags: InstallFlags, removes: boolean): Promise<void> {
  const folders = userFolders();
  if (folders === null) {
    throw new IndexerError('USAGE', 'it is not known where your settings are', {
      hint: 'set HOME to an absolute path',
    });
  }
  const start = startFor(flags);
  if (flags.print) {
    for (const client of flags.client ?? CLIENTS) {
      cli.out.line(`${cli.out.bold(client.title)}  ${visible(client.userFile(folders))}`);
      cli.out.line(printed(client, start));
    }
    return;
  }
  const needsProject = flags.scope === 'project' || flags.agentsMd === true;
  const root = needsProject ? loadConfig({ projectRoot: flags.projectRoot, creates: true }).root : null;
  const options: ConnectOptions = {
    folders,
    project: flags.scope === 'project' ? root : null,
    start,
    dryRun: flags.dryRun === true,
  };
  const clients = flags.client ?? presentClients(folders).filter((each) => root === null || each.projectFile !== null);
  if (clients.length === 0) {
    throw new IndexerError('USAGE', 'no agent or editor that is known here was found', {
      hint: 'name one with --client, or print the settings: `tandem mcp install --print`',
    });
  }
  const changes: FileChange[] = [];
  const failures: { client: string; error: string; message: string; hint: string }[] = [];
  for (const client of clients) {
    try {
      changes.push(...(await (removes ? disconnect : connect)(client, options)));
    } catch (error) {
      const { code, why, how } = describeFailure(error);
      if (code === 'BUG') throw error;
      failures.push({ client: client.id, error: code, message: why, hint: cli.invocation.filled(how) });
    }
  }
  if (flags.agentsMd && root !== null) changes.push(await changeAgentsMd(root, removes, options.dryRun));
  if (flags.json)
    cli.out.raw(`${JSON.stringify({ schema: 1, dry_run: options.dryRun, changes, failures }, null, 2)}\n`);
  else print(cli, flags, clients, changes, failures);
  cli.end(failures.length > 0 ? EXIT.someFailed : EXIT.done);
}

function print(
  cli: Cli,
  flags: InstallFlags,
  clients: readonly Client[],
  changes: readonly FileChange[],
  failures: readonly { client: string; message: string; hint: string }[],
): void {
  const { out } = cli;
  if (!flags.quiet) {
    for (const { client, file, change, backup, text } of changes) {
      const before = backup === null ? '' : out.dim(`  (before: ${visible(backup)})`);
      out.line(
        `${client.padEnd(15)} ${(flags.dryRun ? `would be ${change}` : change).padEnd(10)} ${visible(file)}${before}`,
      );
      if (flags.dryRun && change !== 'unchanged' && change !== 'absent' && text !== '')
        out.line(out.dim(text.trimEnd()));
    }
    for (const { title, note } of clients) if (note !== undefined) out.line(`${title}: ${note}`);
  }
  for (const { client, message, hint } of failures) {
    cli.err.line(`${cli.err.red(client)}: ${visible(message)}`);
    cli.err.line(`  ${visible(hint)}`);
  }
}

/** The words that were typed for all later questions go along: which project, index and model. */
function startFor(flags: InstallFlags): Start {
  const script = realpathSync(join(packageRoot, 'bin', 'tandem.js'));
  const { command, args } = startWords(script, flags.scope === 'project');
  const option = (name: string, value: string | undefined) => (value === undefined ? [] : [name, value]);
  const root =
    flags.projectRoot === undefined || flags.scope === 'project' ? undefined : realpathSync(flags.projectRoot);
  return {
    command,
    args: [
      ...args,
      'mcp',
      ...option('-p', root),
      ...option('--index-dir', flags.indexDir),
      ...option('--model', flags.model),
      ...option('--model-dir', flags.modelDir),
      ...option('--device', flags.device),
    ],
  };
}
