// The tree of commands. Knows commander; knows nothing of processes.
import { Command, CommanderError, type Option } from 'commander';
import { mvsEnvironmentWarnings } from '../config/mvs-environment.ts';
import { packageVersion } from '../config/package.ts';
import { IndexerError } from '../core/errors.ts';
import type { Cli } from './cli.ts';
import { registerCleanup } from './commands/cleanup.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerIndex } from './commands/index.ts';
import { registerMcp } from './commands/mcp.ts';
import { registerMigrate } from './commands/migrate.ts';
import { registerResume } from './commands/resume.ts';
import { registerSearch } from './commands/search.ts';
import { registerStatus } from './commands/status.ts';
import { registerUnlock } from './commands/unlock.ts';
import { registerVerify } from './commands/verify.ts';
import { translate } from './mvs-spellings.ts';

const EXAMPLES = `Examples:
  tandem index                      index the current project
  tandem search "where are retries decided"
  tandem status                     show what is indexed
  tandem resume                     finish an interrupted run
`;

export function buildProgram(cli: Cli): Command {
  const program = new Command('tandem')
    .description('A local semantic code index, built in two phases that can be interrupted at any time.')
    .version(packageVersion(), '--version', 'print the version')
    .addHelpText('before', EXAMPLES)
    .option('-p, --project-root <folder>', 'the project (default: nearest parent directory with an index)')
    .option('--index-dir <folder>', 'index directory (default: .mcp-vector-search in the project)')
    .option('--model <name>', 'embedding model: a folder, or org/name as on huggingface.co')
    .option('--allow-download', 'download the model org/name if it is not in the cache folder')
    .option('--offline', 'never download, the same as without --allow-download')
    .option('--model-dir <folder>', 'like --model, but always a folder')
    .option('-d, --device <device>', 'embedding device: auto (the CPU), cpu, cuda, dml, coreml or webgpu')
    .option('-j, --json', 'print results as JSON, and a final error too')
    .option('-q, --quiet', 'print only errors and requested results')
    .option('-v, --verbose', 'list everything and show the causes of errors')
    .option('--no-progress', 'show no progress')
    .option('--no-color', 'print without colours')
    .option('--debug', 'print the stack trace of every error')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => cli.out.raw(text),
      writeErr: (text) => cli.err.raw(text),
      outputError: () => undefined, // thrown as well, and said once by main.ts
    })
    .exitOverride();
  for (const register of [
    registerIndex,
    registerResume,
    registerMigrate,
    registerStatus,
    registerSearch,
    registerVerify,
    registerDoctor,
    registerUnlock,
    registerCleanup,
    registerMcp,
  ])
    register(program, cli);
  return program;
}

/**
 * Runs one command line, given without `node` and the script, in our own words or those of mcp-vector-search. Help and
 * version return; everything that went wrong is thrown, a mistyped command as USAGE.
 */
export async function runProgram(
  program: Command,
  typed: readonly string[],
  notify: (warning: string) => void = () => undefined,
): Promise<void> {
  try {
    const { words, warnings } = translate(versionedJson(commandFirst(program, typed)));
    for (const warning of [...warnings, ...mvsEnvironmentWarnings()]) notify(warning);
    if (words.length > 0 || warnings.length === 0) await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    throw usageError(error);
  }
}

/**
 * Options may stand in any position, also before the command: commander knows a command's own options only after its
 * name, so the name goes to the front.
 */
export function commandFirst(program: Command, typed: readonly string[]): string[] {
  const commands = [program, ...program.commands];
  const valued = optionsWithValue(commands);
  // Of two meanings of one letter (-f globs, -f force) the one counts that leaves a command to be found.
  const isFlagToo = (word: string) => optionsWithoutValue(commands).has(word);
  const names = new Set(program.commands.map((command) => command.name()));
  for (let at = 0; at < typed.length; at++) {
    const word = typed[at] ?? '';
    if (word === '--') break;
    if (!word.startsWith('-')) return [word, ...typed.slice(0, at), ...typed.slice(at + 1)];
    if (valued.has(word) && !(isFlagToo(word) && names.has(typed[at + 1] ?? ''))) at += 1;
  }
  return [...typed];
}

/** `--json` takes no value; the second form of a search's JSON has an option of its own. */
function versionedJson(typed: readonly string[]): readonly string[] {
  if (typed[0] !== 'search') return typed;
  const end = typed.indexOf('--');
  return typed.map((word, at) => (word === '--json=v2' && (end === -1 || at < end) ? '--envelope' : word));
}

function optionsWithValue(commands: readonly Command[]): Set<string | undefined> {
  const options: Option[] = commands.flatMap((command) => [...command.options]);
  return new Set(options.filter((option) => option.required).flatMap((option) => [option.short, option.long]));
}

function optionsWithoutValue(commands: readonly Command[]): Set<string | undefined> {
  const options: Option[] = commands.flatMap((command) => [...command.options]);
  return new Set(options.filter((option) => !option.required).flatMap((option) => [option.short, option.long]));
}

function usageError(error: CommanderError): IndexerError {
  if (error.code === 'commander.help')
    return new IndexerError('USAGE', 'no command was given', { hint: 'try: `tandem index`' });
  const [message = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n');
  const meant = /Did you mean (?:one of )?(.+?)\??\)/.exec(suggestion)?.[1];
  return new IndexerError('USAGE', message, {
    hint: meant === undefined ? 'see: tandem --help' : `did you mean ${meant}?`,
    cause: error,
  });
}
