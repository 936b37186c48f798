// One index directory for two projects, as a user comes to it: INDEX_PATH is set once and forgotten.
import { spawnSync } from 'node:child_process';
import { cp, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { indexDigest } from '../crash/project.ts';
import { temporaryDirectory } from '../store/make.ts';

const bin = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));

function run(env: NodeJS.ProcessEnv, args: readonly string[], before: readonly string[] = []) {
  const [file = '', ...words] = [...before, process.execPath, bin, ...args];
  const { status, stdout, stderr } = spawnSync(file, words, { encoding: 'utf8', env: { ...process.env, ...env } });
  return { code: status, stdout, stderr };
}

async function project(root: string, name: string): Promise<string> {
  await mkdir(root, { recursive: true });
  await writeFile(join(root, `${name}.py`), `def ${name}():\n    return 1\n`);
  return root;
}

test('the second project is refused by every command, and the first one keeps its rows', async () => {
  await using place = await temporaryDirectory();
  const env = { INDEX_PATH: place.path };
  const a = await project(join(place.path, 'a'), 'alpha');
  const b = await project(join(place.path, 'b'), 'beta');
  expect(run(env, ['index', a]).code).toBe(0);
  const before = await indexDigest(place.path);
  for (const command of [
    ['index'],
    ['index', '--dry-run'],
    ['index', '--reembed'],
    ['resume'],
    ['search', 'x'],
    ['status'],
    ['verify'],
    ['verify', '--repair'],
    ['cleanup'],
    ['migrate', '--rollback'],
  ]) {
    const refused = run(env, [...command, '-p', b]);
    expect(refused, command.join(' ')).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr, command.join(' ')).toMatch(/of the project .*\/a, which still exists[\s\S]*--index-dir/);
  }
  expect(run(env, ['doctor', b])).toMatchObject({
    code: 15,
    stdout: expect.stringMatching(/failed +index .*still exists/),
  });
  expect(await indexDigest(place.path)).toEqual(before);
  expect(run(env, ['search', 'alpha', '-p', a, '--no-content']).stdout).toContain('alpha.py');
  expect(run(env, ['verify', a]).code).toBe(0);
  expect(run({}, ['index', b]), 'with a directory of its own').toMatchObject({ code: 0 });
});

test('a project that was moved or copied keeps its index', async () => {
  await using place = await temporaryDirectory();
  const env = { INDEX_PATH: join(place.path, 'shared') };
  const a = await project(join(place.path, 'a'), 'alpha');
  expect(run(env, ['index', a]).code).toBe(0);
  const moved = join(place.path, 'moved');
  await rename(a, moved);
  const again = run(env, ['index', moved]);
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('1 unchanged') });

  expect(run({}, ['index', moved]).code).toBe(0);
  const copy = join(place.path, 'copy');
  await cp(moved, copy, { recursive: true });
  expect(run({}, ['search', 'alpha', '-p', copy]).code).toBe(0);
  expect(run({}, ['index', copy])).toMatchObject({ code: 0 });
  expect(run({}, ['verify', copy])).toMatchObject({ code: 0 });
});

const IN_MOUNTS = ['unshare', process.getuid?.() === 0 ? '-m' : '-rm'];
const canMount = spawnSync(IN_MOUNTS[0]!, [...IN_MOUNTS.slice(1), 'mount', '--bind', '/tmp', '/tmp']).status === 0;

test.skipIf(!canMount)('a project under another path, as containers mount it, has the same index', async () => {
  await using place = await temporaryDirectory();
  const env = { INDEX_PATH: join(place.path, 'shared') };
  const a = await project(join(place.path, 'a'), 'alpha');
  await mkdir(join(place.path, 'b'));
  expect(run(env, ['index', a]).code).toBe(0);
  const mounted = [...IN_MOUNTS, 'sh', '-c', 'mount --bind "$0/a" "$0/b" && exec "$@"', place.path];
  const there = join(place.path, 'b');
  expect(run(env, ['search', 'alpha', '-p', there], mounted)).toMatchObject({ code: 0 });
  expect(run(env, ['index', there], mounted)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('1 unchanged'),
  });
  expect(run(env, ['verify', a]).code).toBe(0);
});
