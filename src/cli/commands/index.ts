import { type Command, InvalidArgumentError, Option } from 'commander';
import { IndexerError } from '../../core/errors.ts';
import type { Phase } from '../../core/events.ts';
import { type Cli, configFor, type GlobalFlags } from '../cli.ts';
import { exitCodeOf } from '../failure.ts';
import type { PreviewFlags } from './preview.ts';
import { addRunOptions, runOnIndex, runReported } from './run.ts';

/** `chunk` and `embed` are what mcp-vector-search calls the phases. */
const PHASES: Readonly<Record<string, Phase | 'all'>> = { 1: 1, 2: 2, all: 'all', chunk: 1, embed: 2 };

const EXAMPLES = `Examples:
  tandem index                      index this project: parse, then embed; continues an interrupted run
  tandem index ~/code/app           index another folder
  tandem index --phase=1            only parse
  tandem index --include src/ --exclude '*.test.ts'
  tandem index --dry-run            show what would be indexed, and what is skipped and why
  tandem index --explain src/a.ts   which rule decides about this file
  tandem index --phase=2            only embed what is pending
`;

export function registerIndex(program: Command, cli: Cli): void {
  const command = program
    .command('index [path]')
    .summary('parse and embed a project, incrementally')
    .description('Parse changed files into chunks (phase 1) and embed pending chunks (phase 2).')
    .addHelpText('before', EXAMPLES)
    .option('-f, --force', 'parse every file again; unchanged chunks keep their vectors')
    .option(
      '--reembed',
      'embed every chunk again, for example with another model; searches use the old vectors until then',
    )
    .option('--no-migrate', 'fail on an index in an old layout instead of converting it')
    .option('--include <pattern>', 'index only matching files (.gitignore syntax; repeatable)', gather)
    .option('--exclude <pattern>', 'skip matching files and folders (.gitignore syntax; repeatable)', gather)
    .option('--dry-run', 'show which files would be indexed; -v or --json lists them')
    .option('--explain <path>', 'show which rule decides about a file; exit code 3 if it is skipped')
    .option('--allow-secrets', 'index files named like secrets (.env) and do not mask credentials in other files')
    .addOption(
      new Option('--phase <phase>', '1: parse, 2: embed, all: both').default('all' as const).argParser(parsePhase),
    );
  addRunOptions(command).action(async (path: string | undefined, _flags, self: Command) => {
    const flags = self.optsWithGlobals<IndexFlags>();
    if (flags.force && flags.phase === 2) {
      throw new IndexerError('USAGE', '--force parses again, and phase 2 does not parse', {
        hint: 'unchanged chunks keep their vectors; to embed everything again: `tandem index --reembed`',
      });
    }
    const config = await configFor(cli, self, path, true);
    if (flags.reembed && flags.phase !== 'all') {
      throw new IndexerError('USAGE', '--reembed goes through both phases', { hint: 'leave --phase out' });
    }
    if (flags.dryRun || flags.explain !== undefined) {
      const { preview } = await import('./preview.ts');
      return preview(cli, config, flags);
    }
    const { force } = flags;
    const report = flags.reembed
      ? await runReported(cli, config, flags, (library, options) => library.reembed(config, { ...options, force }))
      : await runOnIndex(cli, config, flags, true, (library, index, signal) =>
          library.indexProject(index, { phase: flags.phase, signal, force }),
        );
    if (flags.json) cli.out.raw((await import('../report/json.ts')).runAsJson(report));
    else if (!flags.quiet) {
      const { printSummary } = await import('../report/summary.ts');
      printSummary(cli.out, report, config, { verbose: flags.verbose === true, command: cli.invocation.command });
    }
    cli.end(exitCodeOf(report, flags.phase));
  });
}

interface IndexFlags extends GlobalFlags, PreviewFlags {
  readonly phase: Phase | 'all';
  readonly migrate: boolean;
  readonly force?: boolean;
  readonly reembed?: boolean;
}

function gather(typed: string, before: readonly string[] = []): string[] {
  return [...before, typed];
}

function parsePhase(typed: string): Phase | 'all' {
  const phase = Object.hasOwn(PHASES, typed) ? PHASES[typed] : undefined;
  if (phase === undefined) throw new InvalidArgumentError('It is 1, 2 or all.');
  return phase;
}
