// What mcp-vector-search was seen to get wrong while it indexes (W1, W4–W11, W19–W21 of the measured list), each as a user
// would meet it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import {
  bin,
  done,
  found,
  INDEX,
  idsOf,
  indexed,
  indexedProject,
  read,
  removeTemplate,
  rowsOf,
  statusOf,
  tandem,
  write,
} from './project.ts';

const faultyRun = fileURLToPath(new URL('../crash/faulty-run.mjs', import.meta.url));

afterAll(removeTemplate);

const EDIT = { 'src/users.py': 'class Users:\n    def count(self):\n        return len(self.table)\n' };

function killedAt(root: string, point: string): void {
  const run = spawnSync(process.execPath, [faultyRun, root, join(root, INDEX), 'index', point, '1'], {
    encoding: 'utf8',
  });
  expect(run.signal, run.stderr).toBe('SIGKILL');
}

describe('W1, W9, W10: kill -9, then the same command again', () => {
  test.each(['phase1.chunks-written', 'phase2.vectors-added'])(
    'at %s no row of another file is missing, and index finishes by itself',
    async (point) => {
      const root = indexedProject();
      const before = (await rowsOf(root)).chunks.filter((row) => row.path !== 'src/users.py');
      write(root, EDIT);
      killedAt(root, point);
      const after = await rowsOf(root);
      expect(idsOf(after.chunks)).toEqual(expect.arrayContaining(idsOf(before)));
      expect(idsOf(after.vectors)).toEqual(expect.arrayContaining(idsOf(before)));
      expect(indexed(root)).toMatchObject({ complete: true, chunks: { pending: 0, error: 0 } });
      expect(idsOf((await rowsOf(root)).vectors)).toEqual(idsOf((await rowsOf(root)).chunks));
    },
  );
});

test('W4: an index without schema_version.json, with tables of ours and files of others, loses nothing', async () => {
  const root = indexedProject();
  const before = idsOf((await rowsOf(root)).chunks);
  rmSync(join(root, INDEX, 'schema_version.json'));
  write(root, {
    [`${INDEX}/trends.json`]: '{}',
    [`${INDEX}/knowledge_graph/data.kz`]: 'graph',
    [`${INDEX}/lance.old/x`]: 'x',
  });
  indexed(root);
  expect(idsOf((await rowsOf(root)).chunks)).toEqual(before);
  expect(JSON.parse(read(root, `${INDEX}/schema_version.json`))).toMatchObject({ version: '2.4.0' });
  for (const path of ['trends.json', 'knowledge_graph/data.kz', 'lance.old/x'])
    expect(existsSync(join(root, INDEX, path))).toBe(true);
});

test('W5, W11: deleted, renamed and edited files leave no row behind, quotes in their names or not', async () => {
  const root = indexedProject();
  rmSync(join(root, 'src/mail.ts'));
  renameSync(join(root, "it's/o'clock.py"), join(root, "it's/quarter'past.py"));
  write(root, EDIT);
  expect(indexed(root).files).toMatchObject({ removed: 2, added: 1, changed: 1 });
  const { chunks, vectors } = await rowsOf(root);
  expect(new Set(chunks.map((row) => row.path))).toEqual(
    new Set(['README.md', 'notes.tmp', "it's/quarter'past.py", 'src/users.py']),
  );
  expect(idsOf(vectors)).toEqual(idsOf(chunks));
  const hits = found(root, 'strike the hour, or remove a user');
  expect(hits.map((hit) => hit.file_path)).toContain("it's/quarter'past.py");
  expect(hits.map((hit) => hit.function_name)).not.toContain('remove');
  rmSync(join(root, "it's"), { recursive: true });
  indexed(root);
  expect((await rowsOf(root)).vectors.filter((row) => row.path.startsWith("it's"))).toEqual([]);
});

test('W6: of two runs at once one works, the other says so, and no id is there twice', async () => {
  const root = indexedProject();
  write(root, EDIT);
  const runs = [1, 2].map(() =>
    spawn(process.execPath, [bin, 'index', '--force', '-q'], { cwd: root, stdio: 'ignore' }),
  );
  const codes = await Promise.all(
    runs.map((run) => new Promise<number | null>((resolve) => run.once('close', resolve))),
  );
  expect([0, 11]).toEqual(expect.arrayContaining(codes));
  expect(codes).toContain(0);
  indexed(root);
  const ids = idsOf((await rowsOf(root)).chunks);
  expect(new Set(ids).size).toBe(ids.length);
});

test('W7, W8, W20: a forced run keeps hashes, vectors and the user’s own lock and temporary files', async () => {
  const root = indexedProject();
  const before = await rowsOf(root);
  const forced = indexed(root, '--force', '--phase=1');
  expect(forced.files.parsed).toBe(5);
  const after = await rowsOf(root);
  expect(idsOf(after.vectors)).toEqual(idsOf(before.vectors));
  expect(after.chunks.filter((row) => row.hash === '' || row.status !== 'complete')).toEqual([]);
  expect(indexed(root)).toMatchObject({ complete: true, phase2: null, files: { parsed: 0, unchanged: 5 } });
  for (const path of ['Cargo.lock', 'yarn.lock', 'notes.tmp']) expect(read(root, path)).toBe('user data\n');
});

test('W8: a forced run that is killed at work leaves an index that answers', async () => {
  const root = indexedProject();
  const child = spawn(process.execPath, [bin, 'index', '--force', '-q'], { cwd: root, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const isAtWork = () => JSON.parse(read(root, `${INDEX}/tandem/run.json`)).phase1.finished_at === null;
  while (child.exitCode === null && !isAtWork()) await new Promise((resolve) => setTimeout(resolve, 2));
  child.kill('SIGKILL');
  await ended;
  expect(found(root, 'send mail').map((hit) => hit.file_path)).toContain('src/mail.ts');
  expect(indexed(root)).toMatchObject({ complete: true });
});

test('W19: after phase 1, phase 2 and a search, each by itself, nothing is indexed again', async () => {
  const root = indexedProject();
  rmSync(join(root, INDEX), { recursive: true });
  done(root, 'index', 'chunk', '-q');
  done(root, 'index', 'embed', '-q');
  const { versions } = await rowsOf(root);
  found(root, 'send mail');
  expect((await rowsOf(root)).versions).toEqual(versions);
  expect(JSON.parse(read(root, `${INDEX}/index_metadata.json`))).toMatchObject({
    index_version: '4.1.14',
    embedding_dimensions: 384,
  });
  expect(statusOf(root).complete).toBe(true);
});

test.runIf(process.platform === 'linux')('W21: after kill -9 of the program alone nothing of it lives on', async () => {
  const root = indexedProject();
  const child = spawn(process.execPath, [bin, 'index', '--force', '--workers=2'], {
    cwd: root,
    stdio: 'ignore',
    detached: true,
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  while (!existsSync(join(root, INDEX, 'tandem', 'lock')) && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 10));
  child.kill('SIGKILL');
  await ended;
  const standsThere = (pid: string) => {
    try {
      const [, group] = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')
        .slice(1);
      return Number(group) === child.pid;
    } catch {
      return false; // ended meanwhile
    }
  };
  expect(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter(standsThere),
  ).toEqual([]);
  expect(tandem(root, 'index', '-q').code).toBe(0);
});
