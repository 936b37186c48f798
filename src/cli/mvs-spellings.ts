// How mcp-vector-search spells what can be done here, turned into our own words before anything is parsed. Data and
// string work only.
import { existsSync } from 'node:fs';
import { IndexerError } from '../core/errors.ts';

export interface Spelled {
  readonly words: readonly string[];
  /** What the user should know, one line each. */
  readonly warnings: readonly string[];
}

interface Spelling {
  readonly means: readonly string[];
  /** Set where mcp-vector-search itself, or we, would rather not see the spelling any more. */
  readonly deprecated?: true;
}

/** `index <word>` and lone words, with what they mean here. */
const SPELLINGS: Readonly<Record<string, Spelling>> = {
  'index chunk': { means: ['index', '--phase=1'] },
  'index embed': { means: ['index', '--phase=2'] },
  'index phases': { means: ['status'] },
  'index status': { means: ['status'] },
  'index health': { means: ['verify', '--quick'] },
  'index clean': { means: ['cleanup'] },
  'index reindex': { means: ['index', '--force'], deprecated: true },
  'index rebuild': { means: ['index', '--force'], deprecated: true },
  'migrate migrate': { means: ['migrate', '--to-dual-table'] },
  'migrate status': { means: ['migrate', '--to-dual-table', '--dry-run'] },
  'index-code': { means: ['index'], deprecated: true },
  embed: { means: ['index', '--phase=2'], deprecated: true },
  reindex: { means: ['index', '--force'], deprecated: true },
  progress: { means: ['status'], deprecated: true },
  setup: { means: ['index'], deprecated: true },
  version: { means: ['--version'] },
};

const INSTALL = 'agents are connected with: `tandem mcp install`';
const UNINSTALL = 'agents are disconnected with: `tandem mcp uninstall`';
const LANGUAGE_MODEL = 'nothing here talks to a language model';
const GRAPH = 'there is no knowledge graph here; mcp-vector-search builds it from these tables';
const NOT_HERE: Readonly<Record<string, string>> = {
  'index kg': GRAPH,
  'index relationships': GRAPH,
  'index watch': 'nothing runs in the background; run `tandem index` when files have changed',
  'index auto': 'nothing runs in the background; run `tandem index` from a hook or a schedule',
  'index cancel': 'nothing runs in the background; a run is stopped with Ctrl-C and loses nothing',
  'migrate list': 'there is one migration: `tandem migrate --to-dual-table`',
  'migrate db': 'ChromaDB indexes cannot be read; `tandem index` makes a new one',
  kg: GRAPH,
  watch: 'nothing runs in the background; run `tandem index` when files have changed',
  daemon: 'nothing runs in the background',
  reset: 'nothing needs to be reset; `tandem index --force` parses everything again',
  config: 'settings are in config.json and .tandem.json',
  install: INSTALL,
  uninstall: UNINSTALL,
  remove: UNINSTALL,
  demo: 'try it on a project of your own: tandem index, then tandem search',
  profile: 'tandem index -v says how long each phase took',
  wiki: LANGUAGE_MODEL,
  story: LANGUAGE_MODEL,
  audit: LANGUAGE_MODEL,
  skills: 'the skill for agents is installed with: `tandem mcp install`',
  'vendor-patterns': '.gitattributes marks vendored files; leave out others with .tandemignore',
  chat: LANGUAGE_MODEL,
  'chat-local': LANGUAGE_MODEL,
  ask: LANGUAGE_MODEL,
  visualize: 'there is no graph to draw; `tandem status` shows what is indexed',
  analyze: 'metrics are in the table structure.lance; there is no report of them yet',
};

const METRICS = 'of metrics only complexity is a filter; all of them are in the table structure.lance';
const INIT = 'init is not needed: `tandem index` makes the index, with the settings of config.json where there is one';

/** Options of mcp-vector-search that ask for what is so anyway, or for what is not done here, by command. */
const OPTIONS: Readonly<Record<string, Readonly<Record<string, OptionVerdict>>>> = {
  index: {
    '-b': { value: true, warn: 'batches hold 512 chunks' },
    '--batch-size': { value: true, warn: 'batches hold 512 chunks' },
    '-e': {
      value: true,
      refuse: 'what is left out of one run would leave the index; set file_extensions in config.json',
    },
    '--extensions': {
      value: true,
      refuse: 'what is left out of one run would leave the index; set file_extensions in config.json',
    },
  },
  search: {
    '--no-daemon': {},
    '--no-rerank': {},
    '--no-mmr': {},
    '--no-expand': {},
    '-N': {},
    '-c': {},
    '--context': { unless: /^\d/ },
    '--rerank': { warn: 'ranking works differently here; --mode chooses its parts' },
    '--expand': { warn: 'the query is taken as it is' },
    '-E': { warn: 'the query is taken as it is' },
    '--rerank-top-n': { value: true, warn: 'ranking works differently here; --mode chooses its parts' },
    '-D': { value: true, warn: 'ranking works differently here; --mode chooses its parts' },
    '--diversity': { value: true, warn: 'ranking works differently here; --mode chooses its parts' },
    '-S': { value: true, only: 'vector', warn: 'ranking works differently here; --mode chooses its parts' },
    '--search-mode': { value: true, only: 'vector', warn: 'ranking works differently here; --mode chooses its parts' },
    '--hybrid-alpha': { value: true, warn: 'ranking works differently here; --mode chooses its parts' },
    '--quality-weight': { value: true, warn: 'ranking works differently here; --mode chooses its parts' },
    '--focus': { value: true, warn: 'put it into the query' },
    '-B': { warn: 'authors are not indexed' },
    '--git-blame': { warn: 'authors are not indexed' },
    '--grade': { value: true, refuse: METRICS },
    '--no-smells': { refuse: METRICS },
    '--min-quality': { value: true, refuse: METRICS },
    '--tests-only': { refuse: 'use --tests' },
    '-P': { value: true, refuse: 'use --files with the folder of the project' },
    '--project-name': { value: true, refuse: 'use --files with the folder of the project' },
    '-e': { value: true, refuse: 'use --json > file' },
    '--export': { value: true, refuse: 'use --json > file' },
    '--export-path': { value: true, refuse: 'use --json > file' },
  },
};

interface OptionVerdict {
  readonly value?: true;
  /** The one value that asks for what is done anyway. */
  readonly only?: string;
  readonly warn?: string;
  /** An option of ours has the same name, and such a value. */
  readonly unless?: RegExp;
  /** Why it is an error, with what to do: without it the answer would be another one than was asked for. */
  readonly refuse?: string;
}

/**
 * Translates what was typed; `command` is already in front (see `commandFirst`). Errors: USAGE for what mcp-vector-search has and
 * this program does not, with what to do instead.
 */
export function translate(typed: readonly string[]): Spelled {
  const [command, ...rest] = typed;
  if (command === undefined) return { words: [], warnings: [] };
  const at = rest.findIndex((word) => !word.startsWith('-'));
  const sub = `${command} ${rest[at] ?? ''}`;
  const warnings: string[] = [];
  if (command === 'init') return { words: [], warnings: [INIT] };
  const key = at === 0 && (Object.hasOwn(SPELLINGS, sub) || Object.hasOwn(NOT_HERE, sub)) ? sub : command;
  if (Object.hasOwn(NOT_HERE, key)) {
    throw new IndexerError('USAGE', `"${key}" of mcp-vector-search is not done here`, { hint: NOT_HERE[key]! });
  }
  if (!Object.hasOwn(SPELLINGS, key)) return withOptions(typed, warnings);
  const { means, deprecated } = SPELLINGS[key]!;
  if (deprecated) warnings.push(`"${key}" is an old spelling of: tandem ${means.join(' ')}`);
  if (key.startsWith('index ') && existsSync(key.slice(6))) {
    warnings.push(`"${key}" is taken for the command of mcp-vector-search; for the folder write ./${key.slice(6)}`);
  }
  return withOptions([...means, ...(key === sub ? rest.slice(1) : rest)], warnings);
}

function withOptions([command = '', ...rest]: readonly string[], warnings: string[]): Spelled {
  const verdicts = OPTIONS[command] ?? {};
  const words = [command];
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]!;
    if (word === '--') {
      words.push(...rest.slice(at));
      break;
    }
    const [name = '', inline] = word.startsWith('--') ? word.split(/=(.*)/s) : [word];
    const isOurs = verdicts[name]?.unless?.test(inline ?? rest[at + 1] ?? '') ?? false;
    if (!Object.hasOwn(verdicts, name) || isOurs) {
      words.push(word);
      continue;
    }
    const { value, only, warn, refuse } = verdicts[name]!;
    if (refuse !== undefined)
      throw new IndexerError('USAGE', `${name} of mcp-vector-search is not done here`, { hint: refuse });
    const given = value ? (inline ?? rest[++at]) : undefined;
    if (warn !== undefined && (only === undefined || given !== only)) warnings.push(`${name} changes nothing: ${warn}`);
  }
  return { words, warnings };
}
