import type { Command } from 'commander';
import { invocationDirectory } from '../../config/environment.ts';
import { type Cli, configFlags, type GlobalFlags } from '../cli.ts';
import { registerMcpInstall } from './mcp-install.ts';

const EXAMPLES = `Examples:
  tandem mcp                        for a client that starts it in the project, or tells its folders
  tandem mcp -p ~/code/app          always for this project
  npx @modelcontextprotocol/inspector --cli tandem mcp --method tools/list
`;

export function registerMcp(program: Command, cli: Cli): void {
  const mcp = program
    .command('mcp')
    .summary('serve agents and editors (Model Context Protocol)')
    .description(
      'Answer an agent or editor over standard input and output, until it closes them. Started by the client, not by hand.',
    )
    .addHelpText('before', EXAMPLES)
    .action(async (_flags, self: Command) => {
      const flags = self.optsWithGlobals<GlobalFlags>();
      const request = { projectRoot: flags.projectRoot, flags: configFlags(flags), cwd: invocationDirectory() };
      const { serveMcp } = await import('../../mcp/server.ts');
      const { startEngine } = await import('../../agents/engine.ts');
      const signal = cli.interruptible('what was indexed so far is saved');
      let engine: Promise<ReturnType<typeof startEngine>> | undefined;
      const start = () => {
        engine ??= cli.library().then(startEngine);
        return engine;
      };
      const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      const onError = (error: Error) => {
        if (flags.verbose) cli.err.line(error.message);
      };
      await Promise.race([serveMcp({ engine: start, request, onError }), stopped]);
      await (await engine)?.[Symbol.asyncDispose]();
    });
  registerMcpInstall(mcp, cli);
}
