// Every named point between two writes, its first three hits, and what the next command makes of what a kill or an error
// there has left. The points are read from the source, so that a new one cannot be forgotten.
import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyIndex } from '../../src/operations/verify.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../store/make.ts';
import { type FaultyCommand, runCommand } from './faulty-run.mjs';
import { modelDir } from './harness/fast-embedder.mjs';
import { makeProject, rewriteAll } from './harness/project.mjs';
import { digest } from './harness/snapshot.mjs';

const source = fileURLToPath(new URL('../../src/', import.meta.url));
const faultyRun = fileURLToPath(new URL('./faulty-run.mjs', import.meta.url));

/** Names of points, by file. */
function pointsInSource(): string[] {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  return [
    ...new Set(
      files.flatMap((path) =>
        [...readFileSync(join(source, path), 'utf8').matchAll(/\bfault\('([^']+)'\)/g)].map((match) => match[1]!),
      ),
    ),
  ];
}

/** Points that are named in other kill tests, by the first part of the name; cleanup's stops at each as it comes. */
const ELSEWHERE: Readonly<Record<string, string | null>> = {
  migrate: '../migrate/kill.test.ts',
  rollback: '../migrate/kill.test.ts',
  reembed: '../phase2-embed/reembed.test.ts',
  cleanup: null,
};

/** Passed only where an old table has more rows than a test makes; only the staging folder is there then. */
const NOT_SHOWN = new Set(['migrate.tried']);

const groupOf = (name: string) => name.split('.')[0]!;
const POINTS = pointsInSource().filter((name) => !(groupOf(name) in ELSEWHERE));

const COMMANDS: readonly FaultyCommand[] = ['index', 'phase 1', 'phase 2', 'resume', 'stopped'];
/** How often each command passes each point, by an undisturbed run. */
const passed: Record<string, Record<string, number>> = {};

let place: TemporaryDirectory;
let root: string;
let expected: { rows: number; sha256: string };

/** An index as each command finds it: a whole one whose files have changed since, Phase 1 begun or done. */
const template = (command: FaultyCommand) => join(place.path, command === 'phase 2' ? 'parsed' : 'begun');

class Fault extends Error {}

beforeAll(async () => {
  place = await temporaryDirectory();
  root = join(place.path, 'project');
  makeProject(root, { files: 5, functions: 18 });
  await runCommand({ root, indexDir: join(place.path, 'begun'), command: 'index' });
  rewriteAll(root);
  const indexDir = join(place.path, 'begun');
  const atBegin = (name: string) => {
    if (name === 'phase1.begun') throw new Fault();
  };
  await expect(runCommand({ root, indexDir, command: 'index', fault: atBegin })).rejects.toThrow(Fault);
  cpSync(indexDir, join(place.path, 'parsed'), { recursive: true });
  await runCommand({ root, indexDir: join(place.path, 'parsed'), command: 'phase 1' });
  await runCommand({ root, indexDir: join(place.path, 'fresh'), command: 'index' });
  expected = await digest(join(place.path, 'fresh'));
  for (const command of COMMANDS) {
    const counts: Record<string, number> = {};
    await onCopy(command, async (copy) => {
      await runCommand({
        root,
        indexDir: copy,
        command,
        fault: (name) => {
          counts[name] = (counts[name] ?? 0) + 1;
        },
      });
    });
    passed[command] = counts;
  }
}, 120_000);

afterAll(() => place[Symbol.asyncDispose]());

async function onCopy(command: FaultyCommand, work: (indexDir: string) => Promise<void>): Promise<void> {
  await using directory = await temporaryDirectory();
  const indexDir = join(directory.path, 'index');
  cpSync(template(command), indexDir, { recursive: true });
  await work(indexDir);
}

/** What is left is no damage, and the next `index` makes of it what an undisturbed run makes. */
async function expectMadeGood(indexDir: string): Promise<void> {
  const { findings } = await verifyIndex({ root, indexDir, modelDir });
  expect(findings.filter(({ severity }) => severity === 'damage')).toEqual([]);
  await runCommand({ root, indexDir, command: 'index' });
  expect(await digest(indexDir)).toEqual(expected);
  expect(await verifyIndex({ root, indexDir, modelDir })).toMatchObject({ complete: true });
}

async function kill(command: FaultyCommand, point: string, hit: number, indexDir: string): Promise<void> {
  const ended = promisify(execFile)(process.execPath, [faultyRun, root, indexDir, command, point, String(hit)]);
  await expect(ended, `${point} #${hit} of ${command}`).rejects.toMatchObject({ signal: 'SIGKILL' });
}

describe('the points', () => {
  test('are all passed by one of the commands, or have tests of their own', () => {
    const all = new Set(Object.values(passed).flatMap((counts) => Object.keys(counts)));
    expect([...all].sort()).toEqual([...POINTS].sort());
    for (const name of pointsInSource()) {
      const file = ELSEWHERE[groupOf(name)];
      if (file && !NOT_SHOWN.has(name))
        expect(readFileSync(new URL(file, import.meta.url), 'utf8'), name).toContain(`'${name}'`);
    }
  });

  test('cannot be armed from outside: the program hands on none', () => {
    const commands = readdirSync(join(source, 'cli'), { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    );
    expect(commands.filter((path) => /\bfault\b/.test(readFileSync(join(source, 'cli', path), 'utf8')))).toEqual([]);
  });
});

// Side by side: most of the time goes into starting processes and waiting for the disk.
describe.concurrent.each(POINTS)('at %s', (point) => {
  test('a SIGKILL at its first three hits is made good', { timeout: 120_000 }, async () => {
    for (const command of COMMANDS) {
      const hits = Math.min(passed[command]?.[point] ?? 0, command === 'index' ? 3 : 1);
      for (let hit = 1; hit <= hits; hit++) {
        await onCopy(command, async (indexDir) => {
          await kill(command, point, hit, indexDir);
          await expectMadeGood(indexDir);
        });
      }
    }
  });

  test('an error ends the run and is made good', { timeout: 60_000 }, async () => {
    const code = POINTS.indexOf(point) % 2 === 0 ? 'EIO' : 'ENOSPC';
    const command = (['index', 'resume', 'stopped'] as const).find((name) => (passed[name]?.[point] ?? 0) > 0)!;
    await onCopy(command, async (indexDir) => {
      const fault = (name: string) => {
        if (name === point) throw Object.assign(new Fault(code), { code });
      };
      await expect(runCommand({ root, indexDir, command, fault })).rejects.toThrow(code);
      await expectMadeGood(indexDir);
    });
  });
});

test('a run that says it is done though vectors are missing is noticed', async () => {
  await onCopy('index', async (indexDir) => {
    await runCommand({ root, indexDir, command: 'index' });
    const { connect } = await import('@lancedb/lancedb');
    const connection = await connect(join(indexDir, 'lance'));
    const table = await connection.openTable('vectors');
    const [row] = await table.query().select(['chunk_id']).limit(1).toArray();
    await table.delete(`chunk_id = '${row!.chunk_id}'`);
    await expect(expectMadeGood(indexDir)).rejects.toThrow(/deeply equal \[\]/);
  });
});
