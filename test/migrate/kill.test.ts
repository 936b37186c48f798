// Real processes, killed at every step of a migration and of a rollback, and at random moments; then the same command
// again. The old table is never lost, and what comes out is what an undisturbed run makes.
import { spawn, spawnSync } from 'node:child_process';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { restoreOldTable } from '../../src/migrate/rollback.ts';
import { convertToDualTable, finishInterruptedMigration } from '../../src/migrate/to-dual-table.ts';
import { detectLayout } from '../../src/store/open-for-reading.ts';
import { openStores, type TemporaryDirectory, tableState, temporaryDirectory } from '../store/make.ts';
import { bytesOf, makeOldProject, targetOf } from './make-old.ts';

const script = fileURLToPath(new URL('./faulty-migration.mjs', import.meta.url));

let project: TemporaryDirectory;
let oldIndex: Record<string, string>;
let migrated: Awaited<ReturnType<typeof stateOf>>;

beforeAll(async () => {
  project = await temporaryDirectory();
  await makeOldProject(project.path, { oldRoot: '/home/somebody/shop' });
  oldIndex = await bytesOf(targetOf(project.path).indexDir);
  await using copy = await copyOf(project.path);
  await convertToDualTable(targetOf(copy.path));
  migrated = await stateOf(copy.path);
});

afterAll(() => project[Symbol.asyncDispose]());

async function copyOf(root: string): Promise<TemporaryDirectory> {
  const directory = await temporaryDirectory();
  await cp(root, directory.path, { recursive: true, preserveTimestamps: true });
  return directory;
}

async function stateOf(root: string) {
  await using stores = await openStores(root);
  const files = [...stores.ledger.files.values()].map(({ path, sha256, chunkCount }) => [path, sha256, chunkCount]);
  return { ...(await tableState(stores)), files, repairs: stores.repairs };
}

function killAt(root: string, what: string, point: string, hit = 1): void {
  const run = spawnSync(process.execPath, [script, root, what, point, String(hit)], { encoding: 'utf8' });
  expect(run.signal, `${point} was not reached: ${run.stdout}${run.stderr}`).toBe('SIGKILL');
}

/** The old table lies in its old place or in the backup's, whole. */
async function expectOldTableSomewhere(root: string): Promise<void> {
  const found = await bytesOf(targetOf(root).indexDir);
  for (const [path, hash] of Object.entries(oldIndex)) {
    if (!path.startsWith('code_search.lance')) continue;
    expect(found[path] ?? found[path.replace('.lance', '.backup')], path).toBe(hash);
  }
}

async function expectMigrated(root: string): Promise<void> {
  await expectOldTableSomewhere(root);
  expect(await stateOf(root)).toEqual(migrated);
  const { indexDir } = targetOf(root);
  const left = [...(await readdir(indexDir)), ...(await readdir(join(indexDir, 'tandem')))];
  expect(left.filter((name) => name.includes('migrating'))).toEqual([]);
}

const STEPS = [
  'migrate.rows-written',
  'migrate.staged',
  'migrate.verified',
  'migrate.journal-written',
  'migrate.way-cleared',
  'migrate.structure-switched',
  'migrate.ledger-switched',
  'migrate.switched',
  'migrate.backed-up',
  'migrate.metadata-moved',
  'migrate.metadata-written',
  'migrate.done',
];

describe('a migration that is killed', () => {
  test.each(STEPS)('at %s comes to its end when it is run again', async (point) => {
    await using copy = await copyOf(project.path);
    killAt(copy.path, 'migrate', point);
    await expectOldTableSomewhere(copy.path);
    expect(['finished', 'migrated', 'nothing']).toContain((await convertToDualTable(targetOf(copy.path))).state);
    await expectMigrated(copy.path);
  });

  test('before the switch is taken back by a command that must not migrate', async () => {
    await using copy = await copyOf(project.path);
    killAt(copy.path, 'migrate', 'migrate.ledger-switched');
    await finishInterruptedMigration(targetOf(copy.path).indexDir);
    expect(await bytesOf(targetOf(copy.path).indexDir)).toEqual(oldIndex);
    expect(await detectLayout(targetOf(copy.path).indexDir)).toBe('code_search');
  });

  test('after the switch can be rolled back at once', async () => {
    await using copy = await copyOf(project.path);
    killAt(copy.path, 'migrate', 'migrate.switched');
    await restoreOldTable(targetOf(copy.path));
    expect(await bytesOf(targetOf(copy.path).indexDir)).toEqual(oldIndex);
  });
});

describe('a rollback that is killed', () => {
  test.each([
    ['rollback.journal-written', 1],
    ['rollback.table-restored', 1],
    ...[1, 2, 5, 7].map((hit) => ['rollback.moved', hit] as const),
    ...[1, 5, 7].map((hit) => ['rollback.restored', hit] as const),
    ['rollback.done', 1],
  ] as const)('at %s (hit %i) comes to its end when it is run again', async (point, hit) => {
    await using copy = await copyOf(project.path);
    await convertToDualTable(targetOf(copy.path));
    killAt(copy.path, 'rollback', point, hit);
    await expectOldTableSomewhere(copy.path);
    if (point === 'rollback.done') await expect(restoreOldTable(targetOf(copy.path))).rejects.toThrow('no backup');
    else await restoreOldTable(targetOf(copy.path));
    expect(await bytesOf(targetOf(copy.path).indexDir)).toEqual(oldIndex);
    await convertToDualTable(targetOf(copy.path));
    await expectMigrated(copy.path);
  });
});

const ROUNDS = Number(process.env.TANDEM_KILL_ROUNDS ?? 2);

test(`${ROUNDS} migrations and rollbacks killed at random moments lose nothing`, { timeout: 600_000 }, async () => {
  await using copy = await copyOf(project.path);
  for (let round = 0; round < ROUNDS; round++) {
    for (const what of ['migrate', 'rollback']) {
      const child = spawn(process.execPath, [script, copy.path, what, '', '0'], { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      setTimeout(() => child.kill('SIGKILL'), 80 + Math.random() * 450);
      await ended;
      await expectOldTableSomewhere(copy.path);
      if (what === 'migrate') {
        await convertToDualTable(targetOf(copy.path));
        await expectMigrated(copy.path);
      } else {
        await restoreOldTable(targetOf(copy.path)).catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'MIGRATION_REFUSED' }); // it had come to its end
        });
        expect(await bytesOf(targetOf(copy.path).indexDir)).toEqual(oldIndex);
      }
    }
  }
});
