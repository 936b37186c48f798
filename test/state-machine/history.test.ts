// Whatever the history, the tables end equal to those of a fresh index. Histories are drawn, run against the real
// library and stores, and compared with a model in memory after every run.
// A long run: TANDEM_HISTORIES=500 TANDEM_SEED=1 npx vitest run test/model
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import { verifyIndex } from '../../src/operations/verify.ts';
import { parseFile } from '../../src/phase1-parse/parse-file.ts';
import { openSyntax } from '../../src/phase1-parse/syntax/syntax.ts';
import { indexDigest } from '../crash/project.ts';
import { temporaryDirectory } from '../store/make.ts';
import { type Machine, machineIn } from './machine.ts';
import { ODD_CONTENTS, PATHS, render, source } from './sources.ts';

const HISTORIES = Number(process.env.TANDEM_HISTORIES ?? 12);
const LIMIT_MS = Number(process.env.TANDEM_HISTORY_MS ?? 25_000);
const SEED = process.env.TANDEM_SEED === undefined ? {} : { seed: Number(process.env.TANDEM_SEED) };

const syntax = await openSyntax();

/** What is on disk, and what must be true of the index. */
interface Model {
  readonly files: Map<string, string>;
  /** Earlier contents, for reverts. */
  readonly past: Map<string, string[]>;
  /** Patterns of the root's ignore file. */
  hidden: string;
  /** Ids that have a vector which the next run must keep. */
  embedded: Set<string>;
}

type Command = fc.AsyncCommand<Model, Machine>;

function put(model: Model, machine: Machine, path: string, content: string): void {
  const before = model.files.get(path);
  if (before !== undefined) model.past.set(path, [...(model.past.get(path) ?? []), before]);
  model.files.set(path, content);
  machine.write(path, content);
}

/** The n-th file there is, as a number drawn beforehand may say. */
function chosen(model: Model, pick: number): string {
  return [...model.files.keys()].sort()[pick % model.files.size]!;
}

function command(
  name: string,
  run: (model: Model, machine: Machine) => void | Promise<void>,
  check = (_: Model) => true,
): Command {
  return {
    check: (model) => check(model),
    run: async (model, machine) => run(model, machine),
    toString: () => name,
  };
}

/** What lies on disk and is not hidden; the ignore file is a file as well. */
function visibleFiles({ files, hidden }: Model): [path: string, content: string][] {
  return [...files, ['.gitignore', ignoreFile(hidden)] as const]
    .filter(([path]) => !HIDDEN_BY[hidden]!(path))
    .map(([...entry]) => entry);
}

const HIDDEN_BY: Readonly<Record<string, (path: string) => boolean>> = {
  '': () => false,
  '*.txt': (path) => path.endsWith('.txt'),
  'sub/': (path) => path.startsWith('sub/'),
  '*.py\n!a.py': (path) => path.endsWith('.py') && !/(^|\/)a\.py$/.test(path),
};

function ignoreFile(patterns: string): string {
  return `# what is not indexed\n${patterns}\n`;
}

async function expectedChunks(model: Model): Promise<Map<string, Chunk>> {
  const chunks = new Map<string, Chunk>();
  for (const [path, content] of visibleFiles(model)) {
    const parsed = await parseFile(path, Buffer.from(content), syntax);
    for (const chunk of parsed.chunks) chunks.set(chunk.chunkId, chunk);
  }
  return chunks;
}

const hasFiles = (model: Model) => model.files.size > 0;

const write = fc
  .tuple(fc.constantFrom(...PATHS), source)
  .map(([path, what]) =>
    command(`write ${JSON.stringify(path)} ${JSON.stringify(what)}`, (model, machine) =>
      put(model, machine, path, render(path, what)),
    ),
  );

const writeOdd = fc
  .tuple(fc.constantFrom(...PATHS), fc.constantFrom(...ODD_CONTENTS))
  .map(([path, content]) =>
    command(`write ${JSON.stringify(path)} = ${JSON.stringify(content.slice(0, 30))}`, (model, machine) =>
      put(model, machine, path, content),
    ),
  );

const editFunction = fc.tuple(fc.nat(99), fc.nat(4), fc.nat(5)).map(([pick, from, to]) =>
  command(
    `edit file #${pick}: ${from} → ${to}`,
    (model, machine) => {
      const path = chosen(model, pick);
      put(model, machine, path, model.files.get(path)!.replace(`* ${from}`, `* ${to}`));
    },
    hasFiles,
  ),
);

const moveLines = fc.nat(99).map((pick) =>
  command(
    `insert a line into file #${pick}`,
    (model, machine) => {
      const path = chosen(model, pick);
      put(model, machine, path, `\n${model.files.get(path)!}`);
    },
    hasFiles,
  ),
);

const copyWithin = fc.nat(99).map((pick) =>
  command(
    `double the text of file #${pick}`,
    (model, machine) => {
      const path = chosen(model, pick);
      const content = model.files.get(path)!;
      if (content.length < 20_000) put(model, machine, path, `${content}\n${content}`);
    },
    hasFiles,
  ),
);

const rename = fc.tuple(fc.nat(99), fc.constantFrom(...PATHS)).map(([pick, to]) =>
  command(
    `rename file #${pick} to ${JSON.stringify(to)}`,
    (model, machine) => {
      const from = chosen(model, pick);
      if (from === to) return;
      machine.rename(from, to);
      model.files.set(to, model.files.get(from)!);
      model.files.delete(from);
    },
    hasFiles,
  ),
);

const remove = fc.nat(99).map((pick) =>
  command(
    `remove file #${pick}`,
    (model, machine) => {
      const path = chosen(model, pick);
      machine.remove(path);
      model.past.set(path, [...(model.past.get(path) ?? []), model.files.get(path)!]);
      model.files.delete(path);
    },
    hasFiles,
  ),
);

const revert = fc.tuple(fc.constantFrom(...PATHS), fc.nat(99)).map(([path, pick]) =>
  command(
    `revert ${JSON.stringify(path)} to #${pick}`,
    (model, machine) => {
      const past = model.past.get(path)!;
      put(model, machine, path, past[pick % past.length]!);
    },
    (model) => model.past.has(path),
  ),
);

const hide = fc.constantFrom(...Object.keys(HIDDEN_BY)).map((patterns) =>
  command(`hide ${JSON.stringify(patterns)}`, (model, machine) => {
    model.hidden = patterns;
    machine.write('.gitignore', ignoreFile(patterns));
  }),
);

/** What Phase 1 has to leave: every chunk of what is on disk, those that had a vector with it, the others pending. */
async function expectParsed(model: Model, machine: Machine): Promise<void> {
  const chunks = await expectedChunks(model);
  for (const id of model.embedded) if (!chunks.has(id)) model.embedded.delete(id);
  const rows = await machine.storedChunks();
  expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(chunks.keys()));
  expect(new Set(rows.filter(({ status }) => status === 'complete').map(({ id }) => id))).toEqual(model.embedded);
  for (const { id, line } of rows) expect(line).toBe(chunks.get(id)!.startLine);
}

/** What Phase 2 has to do: embed what lacks a vector and can have one, each once, and nothing else. */
async function expectEmbedded(model: Model, machine: Machine, embeddedBefore: number): Promise<void> {
  const rows = await machine.storedChunks();
  const possible = rows.filter(({ isPoisoned }) => !isPoisoned).map(({ id }) => id);
  const missing = possible.filter((id) => !model.embedded.has(id));
  expect(machine.embedded - embeddedBefore).toBe(missing.length);
  model.embedded = new Set(possible);
  expect(await machine.storedVectors()).toEqual(model.embedded);
  for (const { status, isPoisoned } of rows) expect(status).toBe(isPoisoned ? 'error' : 'complete');
}

async function finished(model: Model, machine: Machine, phase: 1 | 2 | 'all', embeddedBefore: number): Promise<void> {
  if (phase === 1) await expectParsed(model, machine);
  if (phase === 2) await expectEmbedded(model, machine, embeddedBefore);
  if (phase !== 'all') return;
  const chunks = await expectedChunks(model);
  for (const id of model.embedded) if (!chunks.has(id)) model.embedded.delete(id);
  await expectEmbedded(model, machine, embeddedBefore);
  expect(new Set(chunks.keys())).toEqual(new Set((await machine.storedChunks()).map(({ id }) => id)));
}

const run = fc
  .tuple(fc.constantFrom<1 | 2 | 'all'>(1, 2, 'all'), fc.constantFrom(false, false, false, true))
  .map(([phase, force]) =>
    command(`run ${phase}${force ? ' by force' : ''}`, async (model, machine) => {
      const before = machine.embedded;
      const report = await machine.run(phase, { force });
      expect(report!.files.unfinished).toEqual([]);
      await finished(model, machine, phase, before);
    }),
  );

const killAt = fc.integer({ min: 1, max: 16 });

const runKilled = fc.tuple(fc.constantFrom<1 | 2 | 'all'>(1, 2, 'all'), killAt).map(([phase, point]) =>
  command(`run ${phase}, killed at point ${point}`, async (model, machine) => {
    const before = machine.embedded;
    if ((await machine.run(phase, { killAt: point })) !== null) return await finished(model, machine, phase, before);
    await keepWhatIsWhole(model, machine);
  }),
);

/** Where most goes wrong: what was embedded changes, and the run that follows does not end. */
const editAndKill = fc.tuple(fc.nat(99), fc.nat(4), fc.constantFrom(2, 3, 3, 4, 5, 6)).map(([pick, part, point]) =>
  command(
    `embed, edit the first function of file #${pick} to ${part}, run 1 killed at point ${point}`,
    async (model, machine) => {
      const before = machine.embedded;
      await machine.run('all');
      await finished(model, machine, 'all', before);
      const path = chosen(model, pick);
      put(model, machine, path, model.files.get(path)!.replace(/\* \d/, `* ${part}`));
      if ((await machine.run(1, { killAt: point })) !== null) return await finished(model, machine, 1, before);
      await keepWhatIsWhole(model, machine);
    },
    hasFiles,
  ),
);

/** A vector that is stored together with its chunk is never made again. */
async function keepWhatIsWhole(model: Model, machine: Machine): Promise<void> {
  const ids = new Set((await machine.storedChunks()).map(({ id }) => id));
  model.embedded = new Set([...(await machine.storedVectors())].filter((id) => ids.has(id)));
}

const cleanUp = fc.oneof(fc.constant(null), killAt).map((point) =>
  command(`clean up${point === null ? '' : `, killed at point ${point}`}`, async (model, machine) => {
    if (!machine.exists()) return;
    const onDisk = (rows: Awaited<ReturnType<Machine['storedChunks']>>) =>
      rows.filter(({ path }) => path === '.gitignore' || model.files.has(path)).map(({ id }) => id);
    const before = onDisk(await machine.storedChunks());
    await machine.cleanUp(point);
    expect(new Set(onDisk(await machine.storedChunks()))).toEqual(new Set(before));
    await keepWhatIsWhole(model, machine);
  }),
);

const lose = fc
  .constantFrom<'files.jsonl' | 'run.json' | 'checkpoint.json'>('files.jsonl', 'run.json', 'checkpoint.json')
  .map((name) => command(`lose ${name}`, (_, machine) => machine.loseTandemFile(name)));

const passTime = fc.constant(command('an hour passes', (_, machine) => machine.passTime()));

const commands = fc.commands(
  [
    write,
    write,
    writeOdd,
    editFunction,
    editFunction,
    moveLines,
    copyWithin,
    rename,
    remove,
    revert,
    hide,
    run,
    run,
    run,
    runKilled,
    runKilled,
    runKilled,
    editAndKill,
    editAndKill,
    cleanUp,
    lose,
    passTime,
  ],
  { maxCommands: 25, size: 'max' },
);

test('whatever the history, the tables end equal to those of a fresh index', { timeout: 3_600_000 }, async () => {
  const play = async (history: Iterable<Command>) => {
    await using directory = await temporaryDirectory();
    await using elsewhere = await temporaryDirectory();
    const machine = machineIn(directory.path);
    const model: Model = { files: new Map(), past: new Map(), hidden: '', embedded: new Set() };
    machine.write('.gitignore', ignoreFile(''));
    await fc.asyncModelRun(() => ({ model, real: machine }), history);

    await machine.run('all');
    const fresh = machineIn(directory.path, join(elsewhere.path, 'index'));
    await fresh.run('all');
    expect(await indexDigest(directory.path)).toEqual(await indexDigest(directory.path, fresh.indexDir));
    const { findings } = await verifyIndex({
      root: directory.path,
      indexDir: machine.indexDir,
      modelDir: machine.modelDir,
    });
    expect(findings).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(commands, play), { numRuns: HISTORIES, ...SEED, interruptAfterTimeLimit: LIMIT_MS });
});
