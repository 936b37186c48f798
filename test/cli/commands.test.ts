// The commands over a library that only remembers what it was asked: what is typed, called, printed and answered.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Cli, Library } from '../../src/cli/cli.ts';
import { createInvocation } from '../../src/cli/invocation.ts';
import { buildProgram, commandFirst, runProgram } from '../../src/cli/program.ts';
import { terminalSettings } from '../../src/config/terminal.ts';
import type {
  Config,
  IndexEvent,
  IndexState,
  OpenIndexOptions,
  RunReport,
  SearchAnswer,
  SearchHit,
  StatusReport,
} from '../../src/index.ts';
import { temporaryTree } from '../config/temporary.ts';
import { capture } from './captured.ts';
import { report } from './report/reports.ts';

const EMPTY_STATUS: StatusReport = {
  schema: 1,
  root: '/r',
  index_dir: '/r/.mcp-vector-search',
  layout: 'none',
  complete: false,
  files: { indexed: 0, skipped: 0, skipped_by_reason: {}, unfinished: 0, failed: 0 },
  unfinished: [],
  chunks: { total: 0, pending: 0, processing: 0, complete: 0, error: 0 },
  vectors: 0,
  model: null,
  processor: null,
  checkpoint: null,
  last_run: null,
  changes: null,
  locked_by: null,
};

const HIT: SearchHit = {
  chunk_id: '0123456789abcdef',
  content: 'function retry() {\n\tdecide(\u001b[2J);\n}',
  file_path: 'src/retry.ts',
  start_line: 3,
  end_line: 5,
  language: 'typescript',
  similarity_score: 0.84215,
  rank: 1,
  chunk_type: 'function',
  function_name: 'retry',
  class_name: null,
  breadcrumb: 'Client.retry',
  context_before: [],
  context_after: [],
  highlights: ['decide(\u001b[2J);'],
  location: 'src/retry.ts:3-5',
  line_count: 3,
  stale: false,
  text_found: true,
};

const HOW: SearchAnswer['how'] = { mode: 'hybrid', reason: null, read_directly: 0, left_out: 0 };

const STATE: IndexState = {
  complete: true,
  phase1: 'finished',
  chunks: { total: 100, embedded: 100, pending: 0, error: 0 },
  locked_by: null,
};

const NO_FILTERS: SearchAnswer['filters'] = {
  files: null,
  languages: null,
  function: null,
  class: null,
  kinds: null,
  symbol: null,
  complexity: null,
  tests: null,
  changed_since: null,
};

interface Answers {
  readonly report?: RunReport;
  readonly status?: StatusReport;
  readonly hits?: readonly SearchHit[];
  readonly state?: IndexState;
  readonly filters?: Partial<SearchAnswer['filters']>;
  readonly similar?: SearchAnswer['similar_to'];
  readonly events?: readonly IndexEvent[];
  readonly thrown?: unknown;
  /** Stands for a signal that arrives while the run is at work. */
  readonly abortWith?: unknown;
}

async function tandem(typed: readonly string[], answers: Answers = {}) {
  const out = capture();
  const err = capture();
  const controller = new AbortController();
  const calls: { readonly name: string; readonly config?: Config; readonly options?: unknown }[] = [];
  const hints: string[] = [];
  let exitCode = 0;
  let closed = 0;

  const run = async (name: string, options: unknown) => {
    calls.push({ name, options });
    if (answers.thrown) throw answers.thrown;
    if (answers.abortWith) controller.abort(answers.abortWith);
    return answers.report ?? report();
  };
  const opened = async (name: string, config: Config) => {
    calls.push({ name, config });
    return { config, [Symbol.asyncDispose]: async () => void closed++ };
  };
  const library = {
    openForReading: (config: Config) => opened('open read', config),
    openForWriting: (config: Config, { creates, observe }: OpenIndexOptions) => {
      for (const event of answers.events ?? []) observe?.(event);
      return opened(creates ? 'open write' : 'open resume', config);
    },
    indexProject: (_index: unknown, { phase }: { phase: unknown }) => run('indexProject', { phase }),
    resume: () => run('resume', {}),
    search: async (_index: unknown, query: string, options: object) => {
      calls.push({ name: 'search', options: { query, ...options } });
      const answer: SearchAnswer = {
        schema: 1,
        how: HOW,
        index: answers.state ?? STATE,
        filters: { ...NO_FILTERS, ...answers.filters },
        similar_to: answers.similar ?? null,
        hits: answers.hits ?? [],
      };
      return answer;
    },
    status: async (config: Config) => {
      calls.push({ name: 'status', config });
      return answers.status ?? EMPTY_STATUS;
    },
  } as unknown as Library;
  const cli: Cli = {
    out: out.output,
    err: err.output,
    terminal: terminalSettings({}),
    invocation: createInvocation('tandem'),
    library: async () => library,
    interruptible: (hint) => {
      hints.push(hint);
      return controller.signal;
    },
    setReporter: () => undefined,
    end: (code) => {
      exitCode = code;
    },
  };
  let thrown: unknown;
  await runProgram(buildProgram(cli), typed).catch((error: unknown) => {
    thrown = error;
  });
  return { out, err, calls, hints, exitCode, thrown, closed };
}

describe('what is typed', () => {
  it.each([
    [['index', '--phase=1'], 1],
    [['index', '--phase', '2'], 2],
    [['index', '--phase=all'], 'all'],
    [['index'], 'all'],
    [['index', '--phase=chunk'], 1],
    [['index', '--phase=embed'], 2],
    [['--phase=1', 'index'], 1],
    [['--json', '--phase', '2', '-q', 'index', '--workers', '1'], 2],
  ] as const)('%j runs phase %s', async (typed, phase) => {
    const { calls, thrown } = await tandem(typed);
    expect(thrown).toBeUndefined();
    expect(calls.at(-1)).toMatchObject({ name: 'indexProject', options: { phase } });
  });

  it.each([
    [['index', '--phase=3'], /It is 1, 2 or all/],
    [['index', '--phase='], /It is 1, 2 or all/],
    [['index', '--phase=toString'], /It is 1, 2 or all/],
    [['index', '--nope'], /unknown option '--nope'/],
    [['index', 'a', 'b'], /too many arguments/],
    [['search'], /missing required argument/],
    [['search', 'x', '--limit', '0'], /from 1 to 1000/],
    [['search', 'x', '-k', '1e3'], /from 1 to 1000/],
    [['search', '  '], /the query is empty/],
    [['-p'], /argument missing/],
    [[], /no command was given/],
  ])('%j is a usage error', async (typed, message) => {
    const { thrown, calls } = await tandem(typed);
    expect(thrown).toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) });
    expect(calls).toEqual([]);
  });

  it.each([
    [['serch', 'x'], 'did you mean search?'],
    [['stats'], 'did you mean status?'],
    [['status', '--jsn'], 'did you mean --json?'],
  ])('%j is a slip, and what was meant is named', async (typed, hint) => {
    expect((await tandem(typed)).thrown).toMatchObject({ code: 'USAGE', hint });
  });

  it('may have its options before the command, but not after a bare --', () => {
    const program = buildProgram({ out: capture().output, err: capture().output } as unknown as Cli);
    const first = (...typed: string[]) => commandFirst(program, typed);
    expect(first('-p', 'index', '--json', 'status', 'x')).toEqual(['status', '-p', 'index', '--json', 'x']);
    expect(first('--project-root=index', 'search', '-k', '3')).toEqual(['search', '--project-root=index', '-k', '3']);
    expect(first('--', 'index')).toEqual(['--', 'index']);
    expect(first('--json')).toEqual(['--json']);
  });

  it('becomes the configuration', async () => {
    const tree = temporaryTree({ 'project/': '' });
    const path = join(tree, 'project');
    const typed = [
      'index',
      path,
      '--workers=3',
      '--checkpoint-interval',
      '5',
      '--max-file-size=1k',
      '--durability=fast',
    ];
    const { calls } = await tandem([...typed, '--index-dir', join(tree, 'elsewhere')]);
    expect(calls[0]?.config).toMatchObject({
      root: path,
      indexDir: join(tree, 'elsewhere'),
      workers: 3,
      checkpointInterval: 5,
      maxFileBytes: 1024,
      durability: 'fast',
    });
  });

  it('is refused before anything is opened if a value is out of range', async () => {
    const { thrown, calls } = await tandem(['index', '--checkpoint-interval', '0']);
    expect(thrown).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(calls).toEqual([]);
  });
});

describe('help', () => {
  it.each([['--help'], ['index', '--help'], ['help', 'search'], ['status', '-h']])(
    'for %s %s leads with examples',
    async (...typed) => {
      const { out, err, exitCode, thrown } = await tandem(typed);
      expect(out.lines()[0]).toBe('Examples:');
      expect(out.text()).toContain('Usage: tandem');
      expect([exitCode, thrown, err.text()]).toEqual([0, undefined, '']);
    },
  );
});

describe('index', () => {
  it('prints what was done and ends with 0', async () => {
    const run = report({ skipped: { binary: 3, 'too large': 1 } });
    const { out, exitCode, closed } = await tandem(['index'], { report: run });
    expect(out.lines().slice(1)).toEqual([
      '  files     10 found by asking git: 8 added, 1 removed, 2 unchanged; 8 parsed',
      '  skipped   3 binary, 1 too large',
      '  chunks    100: 100 embedded',
      '  phase 1   8 files in 0.5s (16 files/s), 250 kB read, 100 chunks made',
      '  phase 2   100 chunks in 20s (5 chunks/s) on the CPU, 1 checkpoint',
      expect.stringMatching(/^Complete\. Next: tandem search "…" -p /),
    ]);
    expect([exitCode, closed]).toEqual([0, 1]);
  });

  it('names the first ten unfinished files, made harmless, and ends with 3', async () => {
    const unfinished = Array.from({ length: 12 }, (_, index) => ({ path: `\u001b${index}`, reason: 'EACCES' }));
    const { out, exitCode } = await tandem(['index'], { report: report({ unfinished, complete: false }) });
    const listed = out.lines().filter((line) => line.startsWith('    '));
    expect(listed).toHaveLength(11);
    expect(listed[0]).toBe('    \\x1b0: EACCES');
    expect(listed[10]).toBe('    and 2 more (-v lists all)');
    expect(exitCode).toBe(3);

    const verbose = await tandem(['index', '-v'], { report: report({ unfinished, complete: false }) });
    expect(verbose.out.lines().filter((line) => line.startsWith('    '))).toHaveLength(12);
  });

  it('that leaves work says how much and what comes next, and ends with 4, or with 0 if only phase 1 was wanted', async () => {
    const run = report({ pending: 40, complete: false });
    const { out, exitCode } = await tandem(['index'], { report: run });
    expect(out.lines()[0]).toMatch(/^Not complete: /);
    expect(out.lines().at(-1)).toMatch(/^40 chunks still to embed\. Next: tandem resume \//);
    expect(exitCode).toBe(4);
    expect((await tandem(['index', '--phase=1'], { report: run })).exitCode).toBe(0);
  });

  it('prints one JSON object for programs, with its schema', async () => {
    const { out } = await tandem(['index', '--json']);
    const { files, ...rest } = report();
    expect(JSON.parse(out.text())).toEqual({ schema: 1, ...rest, files: { ...files, failed: files.unfinished } });
    expect(out.lines()).toHaveLength(1);
  });

  it('prints nothing if quiet, but JSON if that was asked for', async () => {
    const events: IndexEvent[] = [{ type: 'warning', message: 'odd' }];
    const quiet = await tandem(['index', '-q'], { events });
    expect([quiet.out.text(), quiet.err.text()]).toEqual(['', '']);
    const json = await tandem(['index', '-q', '--json'], { events });
    expect([JSON.parse(json.out.text()).schema, json.err.text()]).toEqual([1, '']);
  });

  it('draws on stderr only', async () => {
    const events: IndexEvent[] = [{ type: 'phase-started', phase: 1, total: 10, unit: 'files' }];
    const { out, err } = await tandem(['index'], { events });
    expect(err.lines()).toEqual(['Phase 1  parse  10 files']);
    expect(out.text()).not.toContain('Phase 1  parse');
  });

  it('closes the index if the run fails', async () => {
    const thrown = new Error('torn');
    expect(await tandem(['index'], { thrown })).toMatchObject({ thrown, closed: 1 });
  });

  it('that was interrupted is no success, even if the library returned; one that was done by then is', async () => {
    const abortWith = new Error('stop');
    const cut = await tandem(['index'], { abortWith, report: report({ pending: 1, complete: false }) });
    expect(cut.thrown).toBe(abortWith);
    expect(cut.hints[0]).toMatch(/^continue with: tandem resume \//);
    const done = await tandem(['index'], { abortWith });
    expect([done.thrown, done.exitCode]).toEqual([undefined, 0]);
  });
});

describe('resume', () => {
  it('opens what is there and prints as index does', async () => {
    const { calls, out, exitCode } = await tandem(['resume'], { report: report({ phases: [2] }) });
    expect(calls.map(({ name }) => name)).toEqual(['open resume', 'resume']);
    expect(out.text()).not.toContain('phase 1');
    expect(out.text()).toContain('  phase 2   100 chunks in 20s');
    expect(exitCode).toBe(0);
  });

  it('says so where there is nothing to do', async () => {
    const { out, exitCode } = await tandem(['resume'], { report: report({ phases: [] }) });
    expect(out.lines()).toEqual(['Nothing to do: the index is complete (100 chunks).']);
    expect(exitCode).toBe(0);
  });

  it('calls nothing complete that has chunks in error', async () => {
    const { out, exitCode } = await tandem(['resume'], { report: report({ phases: [], error: 2, complete: false }) });
    expect(out.lines()).toEqual([
      'Nothing to resume, but the index is not complete: 98 of 100 chunks embedded, 2 in error.',
    ]);
    expect(exitCode).toBe(3);
  });
});

describe('status', () => {
  const full: StatusReport = {
    ...EMPTY_STATUS,
    layout: 'dual-table',
    files: { indexed: 1234, skipped: 5, skipped_by_reason: { binary: 5 }, unfinished: 1, failed: 1 },
    unfinished: [{ path: 'a\u001b.py', reason: 'cannot be read: EACCES' }],
    chunks: { total: 100, pending: 30, processing: 5, complete: 64, error: 1 },
    vectors: 64,
    model: { id: 'a/b', dimension: 384, recipes: { aa: 60, bb: 4 }, recipe: 'aa', outdated: 4 },
    processor: { name: 'A chip', class: 'x64-avx2', cost: 'no VNNI: slower' },
    checkpoint: { run_id: 'r', batch_id: 2, chunks_done: 64, chunks_remaining: 36, saved_at: '2030-01-01T00:00:00Z' },
    last_run: {
      run_id: 'r',
      phase1: 'finished',
      phase2: 'unfinished',
      started_at: '2030-01-01T00:00:00Z',
      finished_at: null,
    },
  };

  it('says what is stored, what is pending, and what to do about it', async () => {
    const { out, exitCode } = await tandem(['status', '/'], { status: full });
    expect(out.lines()).toEqual([
      'Index of /r',
      '  stored in  /r/.mcp-vector-search',
      '  state      not complete: 35 chunks to embed',
      '  files      1,234 indexed, 5 skipped, 1 unfinished',
      '             a\\x1b.py: cannot be read: EACCES',
      '  chunks     100: 64 complete, 35 pending, 1 in error',
      '  vectors    64',
      '  model      a/b (384 dimensions; 60 by recipe aa, 4 by recipe bb)',
      '  outdated   4 vectors made by another recipe; replaced as their files change, or at once by: tandem index --reembed /',
      '  processor  A chip, x64-avx2, no VNNI: slower',
      '  last run   started 2030-01-01 00:00:00 UTC, not finished; phase 1 finished, phase 2 unfinished',
      '  checkpoint batch 2, 64 chunks done, 36 remaining, saved 2030-01-01 00:00:00 UTC',
      'Next: tandem resume /',
    ]);
    expect(exitCode).toBe(0);
  });

  it('names the layout with -v only', async () => {
    const { out } = await tandem(['status', '/', '-v'], { status: full });
    expect(out.lines()).toContain('  stored in  /r/.mcp-vector-search (dual-table)');
  });

  it('counts the files that are not as the last run saw them, and says what brings the index up to date', async () => {
    const changes = { added: 1, changed: 1200, removed: 0, unknown: 0 };
    const { out, exitCode } = await tandem(['status'], { status: { ...full, complete: true, changes } });
    expect(out.lines()).toContain('  changes    1,200 files changed, 1 new since the last run');
    expect(out.lines().at(-1)).toMatch(/^Next: tandem index \//);
    expect(exitCode).toBe(0);
    const none = { added: 0, changed: 0, removed: 0, unknown: 0 };
    const same = await tandem(['status'], { status: { ...full, complete: true, changes: none } });
    expect(same.out.text()).not.toMatch(/changes|Next/);
    const one = { added: 0, changed: 0, removed: 1, unknown: 2 };
    const text = (await tandem(['status'], { status: { ...full, changes: one } })).out.text();
    expect(text).toContain('1 file removed, 2 touched and not compared since the last run');
  });

  it('names who is at work instead of a next step', async () => {
    const locked_by = { pid: 7, host: 'h', command: 'index', started_at: 'now' };
    const { out } = await tandem(['status'], { status: { ...full, locked_by } });
    expect(out.lines().at(-1)).toBe('  in use     by pid 7 on h since now (index)');
  });

  it('ends with 4 for an incomplete index only if the exit code was asked for', async () => {
    expect((await tandem(['status', '--exit-code'], { status: full })).exitCode).toBe(4);
    expect((await tandem(['status', '--exit-code'], { status: { ...full, complete: true } })).exitCode).toBe(0);
  });

  it('without an index is an error, and for programs still an object, with 10', async () => {
    expect((await tandem(['status'])).thrown).toMatchObject({ code: 'NO_INDEX' });
    const json = await tandem(['status', '--json']);
    expect(JSON.parse(json.out.text())).toEqual(EMPTY_STATUS);
    expect([json.exitCode, json.thrown]).toEqual([10, undefined]);
  });
});

describe('search', () => {
  it('prints place, kind, name, score and some lines, made harmless', async () => {
    const { out, calls, exitCode } = await tandem(['search', 'where', 'retries', '-k', '3'], { hits: [HIT] });
    expect(out.lines()).toEqual([
      '1. src/retry.ts:3-5  function Client.retry  0.842',
      '    function retry() {',
      '        decide(\\x1b[2J);',
    ]);
    expect(calls.at(-1)?.options).toEqual({ query: 'where retries', limit: 3, from: process.cwd() });
    expect(calls[0]?.name).toBe('open read');
    expect(exitCode).toBe(0);
  });

  it('asks for ten results unless told otherwise', async () => {
    expect((await tandem(['search', 'x'])).calls.at(-1)?.options).toMatchObject({ limit: 10 });
    expect((await tandem(['search', 'x', '--limit=7'])).calls.at(-1)?.options).toMatchObject({ limit: 7 });
    expect((await tandem(['search', 'x', '-l', '8'])).calls.at(-1)?.options).toMatchObject({ limit: 8 });
  });

  it('prints the hits as they are for programs', async () => {
    const { out } = await tandem(['search', 'x', '--json'], { hits: [HIT] });
    expect(JSON.parse(out.text())).toEqual([HIT]);
    expect(out.text()).not.toContain('\u001b');
  });

  it('that finds nothing says so and ends with 0', async () => {
    const { out, err, exitCode } = await tandem(['search', 'x']);
    expect(out.lines()).toEqual(['No results for x']);
    expect([err.text(), exitCode]).toEqual(['', 0]);
  });

  const started: IndexState = {
    ...STATE,
    complete: false,
    chunks: { total: 1180, embedded: 30, pending: 1150, error: 0 },
  };

  it('of an index that is not complete says how much it searched, and what to do', async () => {
    const { out, err, exitCode } = await tandem(['search', 'x'], { state: started });
    expect(out.lines()).toEqual(['No results for x']);
    expect(err.lines()).toEqual([
      expect.stringMatching(
        /^warning the index is not complete: 30 of 1,180 chunks are embedded; continue with: tandem resume \//,
      ),
    ]);
    expect(exitCode).toBe(0);
    expect((await tandem(['search', 'x', '--require-complete'], { state: started })).exitCode).toBe(4);
    expect((await tandem(['search', 'x', '--require-complete'])).exitCode).toBe(0);
    expect((await tandem(['search', 'x', '-q'], { state: started })).err.text()).toBe('');
  });

  it.each<[Partial<IndexState>, RegExp]>([
    [{ phase1: 'unfinished' }, /not every file is parsed yet; continue with: tandem resume/],
    [{ phase1: 'not-started', chunks: started.chunks }, /30 of 1,180 chunks are embedded; continue with: tandem index/],
    [
      { chunks: { total: 100, embedded: 98, pending: 0, error: 2 } },
      /: 2 of 100 chunks could not be embedded; continue with: tandem index/,
    ],
    [
      { chunks: started.chunks, locked_by: { pid: 7, host: 'h\u001b', command: 'index' } },
      /; pid 7 on h\\x1b is at work on it \(index\)$/,
    ],
  ])('names what is missing: %j', async (part, message) => {
    const { err } = await tandem(['search', 'x'], { state: { ...STATE, complete: false, ...part } });
    expect(err.lines()).toEqual([expect.stringMatching(message)]);
  });

  it.each([['--envelope'], ['--json=v2'], ['--json', '--envelope']])(
    'prints an object with the state of the index for %s',
    async (...flags) => {
      const { out, thrown } = await tandem([...flags, 'search', 'x'], { hits: [HIT], state: started });
      expect(thrown).toBeUndefined();
      expect(JSON.parse(out.text())).toEqual({
        schema: 1,
        how: HOW,
        index: started,
        filters: NO_FILTERS,
        similar_to: null,
        hits: [HIT],
      });
      const bare = await tandem([...flags, 'search', 'x', '--no-content'], { hits: [HIT] });
      expect(JSON.parse(bare.out.text()).hits).toEqual([{ ...HIT, content: '', highlights: [] }]);
    },
  );

  it('leaves lists of files as they are typed, and takes options that are repeated together', async () => {
    const { calls } = await tandem(['search', 'x', '-f', 'a,b.py', '--files=c', '-L', 'go, rust', '-L', 'c']);
    expect(calls.at(-1)?.options).toMatchObject({ files: ['a,b.py', 'c'], languages: ['go', 'rust', 'c'] });
  });

  it.each([['--files='], ['-f', ' , '], ['-L', ','], ['--function', ' '], ['--class=']])(
    'refuses an empty filter rather than ignore it: %s %s',
    async (...typed) => {
      expect((await tandem(['search', 'x', ...typed])).thrown).toMatchObject({ code: 'USAGE' });
    },
  );

  it('passes on what to narrow by', async () => {
    const typed = ['--kind', 'method,class', '--symbol', 's', '--min-complexity', '3', '--max-complexity', '9'];
    const { calls } = await tandem(['search', 'x', ...typed, '--no-tests', '--diff', '--context', '5']);
    expect(calls.at(-1)?.options).toMatchObject({
      kinds: ['method', 'class'],
      symbol: 's',
      minComplexity: 3,
      maxComplexity: 9,
      tests: 'none',
      changedSince: 'HEAD',
      context: 5,
    });
    const other = await tandem(['search', '-s', 'a.py:12-14', '--tests', '--changed-since', 'v1']);
    const options = { similarTo: 'a.py', similarLine: 12, tests: 'only', changedSince: 'v1', context: undefined };
    expect(other.calls.at(-1)?.options).toMatchObject(options);
    expect((await tandem(['search', 'x'])).calls.at(-1)?.options).toMatchObject({ tests: undefined });
  });

  it.each([
    ['--min-complexity', 'many'],
    ['--max-complexity', '-1'],
    ['--context', '1001'],
    ['--context', '3.5'],
    ['--changed-since', ' '],
    ['--threshold', '1.5'],
    ['--diff', '--changed-since=v1'],
  ])('refuses what is no value: %s %s', async (...typed) => {
    expect((await tandem(['search', 'x', ...typed])).thrown).toMatchObject({ code: 'USAGE' });
  });

  it('names values of a filter that match nothing beside others', async () => {
    const choice = { taken_as: null, patterns: [], excludes: false, matched_files: 0 };
    const files = [{ ...choice, typed: 'aa\u001b.py', nearest: 'a.py' }];
    const languages = [{ typed: 'pyton', language: null, nearest: null }];
    const { err } = await tandem(['search', 'x'], { filters: { files, languages } });
    expect(err.lines()).toEqual([
      'warning no indexed file matches "aa\\x1b.py" of --files; did you mean a.py?',
      'warning no indexed file is in "pyton" of --language',
    ]);
  });

  it.each([
    ['gone', 'warning a.py is gone; what was indexed of it was compared'],
    [true, 'warning a.py has changed since; what was indexed of it was compared'],
  ] as const)('says of a file to compare with whether it is stale: %s', async (stale, line) => {
    const { err } = await tandem(['search', '-s', 'a.py'], { similar: { file_path: 'a.py', stale } });
    expect(err.lines()).toEqual([line]);
    const fresh = await tandem(['search', '-s', 'a.py'], { similar: { file_path: 'a.py', stale: false } });
    expect(fresh.err.text()).toBe('');
  });

  it('passes on how to search, and ends with 5 for an empty answer where that is asked for', async () => {
    const { calls } = await tandem(['search', 'x', '--mode', 'lexical', '--why']);
    expect(calls.at(-1)?.options).toMatchObject({ query: 'x', mode: 'lexical', why: true });
    expect((await tandem(['search', 'x', '--mode', 'guess'])).thrown).toMatchObject({ code: 'USAGE' });
    expect((await tandem(['search', 'x', '--fail-empty'])).exitCode).toBe(5);
    expect((await tandem(['search', 'x', '--fail-empty'], { hits: [HIT] })).exitCode).toBe(0);
    expect((await tandem(['search', 'x'])).exitCode).toBe(0);
  });

  it('takes --json=v2 for a form of its own, and not for one of other commands', async () => {
    expect((await tandem(['status', '--json=v2'])).thrown).toMatchObject({ code: 'USAGE' });
    const { calls } = await tandem(['search', '--', '--json=v2']);
    expect(calls.at(-1)?.options).toMatchObject({ query: '--json=v2' });
  });
});
