import { type Command, InvalidArgumentError, Option } from 'commander';
import { IndexerError } from '../../core/errors.ts';
import { type Cli, configFor, type GlobalFlags } from '../cli.ts';
import { EXIT } from '../failure.ts';

const MOST_RESULTS = 1000;

const EXAMPLES = `Examples:
  tandem search "where are retries decided"
  tandem search "parse a config file" -k 3
  tandem search "open the database" --json -p ~/code/app
`;

interface SearchFlags extends GlobalFlags {
  readonly limit: number;
  readonly k?: number;
}

export function registerSearch(program: Command, cli: Cli): void {
  program
    .command('search <query...>')
    .summary('find code by meaning')
    .description('Find the chunks whose meaning is closest to the query.')
    .addHelpText('before', EXAMPLES)
    .addOption(new Option('-l, --limit <n>', 'how many results at most').default(10).argParser(parseLimit))
    .addOption(new Option('-k <n>', 'the same as --limit').argParser(parseLimit))
    .action(async (words: string[], _flags, self: Command) => {
      const flags = self.optsWithGlobals<SearchFlags>();
      const query = words.join(' ').trim();
      if (query === '')
        throw new IndexerError('USAGE', 'the query is empty', { hint: 'say in words what the code does' });
      const config = await configFor(self, undefined, false);
      const { openIndex, search } = await cli.library();
      await using index = await openIndex(config, { mode: 'read' });
      const hits = await search(index, query, { limit: flags.k ?? flags.limit });
      if (flags.json) cli.out.raw((await import('../report/json.ts')).hitsAsJson(hits));
      else (await import('../report/hits.ts')).printHits(cli.out, query, hits);
      cli.end(EXIT.done);
    });
}

function parseLimit(typed: string): number {
  const limit = Number(typed);
  if (!/^\d+$/.test(typed) || limit < 1 || limit > MOST_RESULTS) {
    throw new InvalidArgumentError(`It is a whole number from 1 to ${MOST_RESULTS}.`);
  }
  return limit;
}
