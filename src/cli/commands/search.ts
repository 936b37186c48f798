import { text } from 'node:stream/consumers';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { invocationDirectory } from '../../config/environment.ts';
import { IndexerError } from '../../core/errors.ts';
import type { SearchAnswer, SearchMode } from '../../index.ts';
import { type Cli, configFor, type GlobalFlags } from '../cli.ts';
import { EXIT } from '../failure.ts';

const MOST_RESULTS = 1000;
const SEARCH_MODES: readonly SearchMode[] = ['hybrid', 'semantic', 'lexical', 'symbol'];

const EXAMPLES = `Examples:
  tandem search "where are retries decided"
  tandem search "parse a config file" -k 3
  tandem search "open the database" --json -p ~/code/app
  tandem search "retry" --language python --files src --files "!*_test.py" --threshold 0.6
  tandem search "SessionStore.load" --mode symbol
  tandem search "how are cookies signed" --why
  tandem search --similar src/queue.ts:40
  tandem search "retry" --kind method --no-tests --changed-since main
  npm test 2>&1 | tandem search -
`;

interface SearchFlags extends GlobalFlags {
  readonly limit: number;
  readonly k?: number;
  readonly language?: readonly string[];
  readonly files?: readonly string[];
  readonly function?: string;
  readonly class?: string;
  readonly kind?: readonly string[];
  readonly symbol?: string;
  readonly minComplexity?: number;
  readonly maxComplexity?: number;
  readonly tests?: boolean;
  readonly changedSince?: string;
  readonly diff?: boolean;
  readonly context?: number;
  readonly threshold?: number;
  readonly similar?: boolean;
  readonly content: boolean;
  readonly mode?: SearchMode;
  readonly why?: boolean;
  readonly envelope?: boolean;
  readonly requireComplete?: boolean;
  readonly failEmpty?: boolean;
}

export function registerSearch(program: Command, cli: Cli): void {
  program
    .command('search <query...>')
    .summary('find code by meaning and by words')
    .description(
      'Find the definitions that answer a query: a question in words, a symbol, a path, an error message or a piece of code.',
    )
    .addHelpText('before', EXAMPLES)
    .addOption(new Option('-l, --limit <n>', 'how many results at most').default(10).argParser(parseLimit))
    .addOption(new Option('-k <n>', 'the same as --limit').argParser(parseLimit))
    .addOption(new Option('-L, --language <names>', 'only these languages, such as python,go').argParser(parseList))
    .addOption(
      new Option(
        '-f, --files <paths>',
        'only these files: paths, folders or globs, or the end of one; !path leaves files out',
      ).argParser(parseFiles),
    )
    .addOption(new Option('--function <name>', 'only functions and methods with this name').argParser(parseName))
    .addOption(new Option('--class <name>', 'only the class with this name and its members').argParser(parseName))
    .addOption(new Option('--symbol <name>', 'only definitions with this name').argParser(parseName))
    .addOption(
      new Option('--kind <kinds>', 'only such definitions, as function, method, class, section').argParser(parseList),
    )
    .addOption(
      new Option('--min-complexity <n>', 'only what is at least so complex (cyclomatic)').argParser(parseComplexity),
    )
    .addOption(new Option('--max-complexity <n>', 'only what is at most so complex').argParser(parseComplexity))
    .option('--tests', 'only tests')
    .option('--no-tests', 'no tests')
    .addOption(
      new Option('--changed-since <revision>', 'only files that differ from a revision of git').argParser(parseName),
    )
    .addOption(new Option('--diff', 'the same as --changed-since HEAD').conflicts('changedSince'))
    .addOption(
      new Option('--context <lines>', 'show so many lines of the file before and after each hit').argParser(
        parseContext,
      ),
    )
    .addOption(new Option('-t, --threshold <score>', 'only hits of at least this score').argParser(parseScore))
    .option('-s, --similar', 'treat the query as a file, or file:line, and find similar code')
    .addOption(
      new Option('-m, --mode <mode>', 'hybrid (the default), or only semantic, lexical or symbol').choices(
        SEARCH_MODES,
      ),
    )
    .option('--why', 'show what each hit scored for')
    .option('--no-content', 'print locations without code')
    .option('--envelope', 'print one JSON object: the state of the index, the filters and the hits (also --json=v2)')
    .option('--fail-empty', 'exit with 5 if there is no result')
    .option('--require-complete', 'exit with 4 if the index is not complete')
    .action(async (words: string[], _flags, self: Command) => {
      const flags = self.optsWithGlobals<SearchFlags>();
      const query = (words.join(' ') === '-' ? await readStandardInput() : words.join(' ')).trim();
      if (query === '') {
        throw new IndexerError('USAGE', 'the query is empty', { hint: 'say in words what the code does' });
      }
      const config = await configFor(cli, self, undefined, false);
      const { openForReading, search } = await cli.library();
      await using index = await openForReading(config);
      const { file, line } = flags.similar ? locationOf(query) : { file: undefined, line: undefined };
      const answer = await search(index, query, {
        limit: flags.k ?? flags.limit,
        languages: flags.language,
        files: flags.files,
        functionName: flags.function,
        className: flags.class,
        threshold: flags.threshold,
        mode: flags.mode,
        why: flags.why,
        kinds: flags.kind,
        symbol: flags.symbol,
        minComplexity: flags.minComplexity,
        maxComplexity: flags.maxComplexity,
        tests: flags.tests === undefined ? undefined : flags.tests ? 'only' : 'none',
        changedSince: flags.diff ? 'HEAD' : flags.changedSince,
        context: flags.context,
        similarTo: file,
        similarLine: line,
        from: invocationDirectory(),
      });
      const shown = flags.content ? answer : withoutContent(answer);
      if (flags.envelope) cli.out.raw((await import('../report/json.ts')).answerAsJson(shown));
      else if (flags.json) cli.out.raw((await import('../report/json.ts')).hitsAsJson(shown.hits));
      else (await import('../report/hits.ts')).printHits(cli.out, query, shown, (flags.context ?? 0) > 0);
      if (!flags.quiet) {
        (await import('../report/doubts.ts')).printDoubts(cli.err, shown, cli.invocation.command);
      }
      const isIncomplete = flags.requireComplete && !answer.index.complete;
      const isEmpty = flags.failEmpty && answer.hits.length === 0;
      cli.end(isIncomplete ? EXIT.incomplete : isEmpty ? EXIT.nothingFound : EXIT.done);
    });
}

/** An error message or a piece of code that was piped in. */
function readStandardInput(): Promise<string> {
  return text(process.stdin);
}

function withoutContent(answer: SearchAnswer): SearchAnswer {
  return { ...answer, hits: answer.hits.map((hit) => ({ ...hit, content: '', highlights: [] })) };
}

/** The option may be repeated. */
function parseList(typed: string, before: readonly string[] = []): string[] {
  const values = typed.split(',').map((each) => each.trim());
  const names = values.filter((each) => each !== '');
  if (names.length === 0) throw new InvalidArgumentError('It names nothing.');
  return [...before, ...names];
}

/** Left as typed, for the name of a file may have commas in it. */
function parseFiles(typed: string, before: readonly string[] = []): string[] {
  if (typed.split(',').every((each) => each.trim() === '')) throw new InvalidArgumentError('It names no file.');
  return [...before, typed];
}

function parseName(typed: string): string {
  if (typed.trim() === '') throw new InvalidArgumentError('It names nothing.');
  return typed;
}

function parseScore(typed: string): number {
  const score = Number(typed);
  if (typed.trim() === '' || !(score >= 0 && score <= 1)) throw new InvalidArgumentError('It is a number from 0 to 1.');
  return score;
}

/** A line after a colon, as results print it; of a range the first. */
function locationOf(typed: string): { file: string; line: number | undefined } {
  const found = /^(.+?):(\d{1,9})(?:[-:]\d{1,9})?$/s.exec(typed);
  return found === null ? { file: typed, line: undefined } : { file: found[1]!, line: Number(found[2]) };
}

const MOST_CONTEXT = 1000;

function parseContext(typed: string): number {
  const lines = Number(typed);
  if (!/^\d+$/.test(typed) || lines > MOST_CONTEXT) {
    throw new InvalidArgumentError(`It is a whole number from 0 to ${MOST_CONTEXT}.`);
  }
  return lines;
}

function parseComplexity(typed: string): number {
  if (!/^\d{1,9}$/.test(typed)) throw new InvalidArgumentError('It is a whole number.');
  return Number(typed);
}

function parseLimit(typed: string): number {
  const limit = Number(typed);
  if (!/^\d+$/.test(typed) || limit < 1 || limit > MOST_RESULTS) {
    throw new InvalidArgumentError(`It is a whole number from 1 to ${MOST_RESULTS}.`);
  }
  return limit;
}
