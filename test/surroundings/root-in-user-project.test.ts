// One run as root in a user's project, as sudo or a container makes it, and then the user again.
import { spawnSync } from 'node:child_process';
import { chown, link, lstat, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { giveToOwner } from '../../src/store/files/give-to-owner.ts';
import { smallProject, tandem, tandemAsNobody } from '../cli/care.ts';
import { temporaryDirectory } from '../store/make.ts';

const USER = 65534;
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

test.skipIf(!isRoot || tandemAsNobody('--version') === null)(
  'what root makes belongs to the owner of the project',
  { timeout: 240_000 },
  async () => {
    await using project = await smallProject();
    const root = project.path;
    for (const name of ['.', ...(await readdir(root, { recursive: true }))]) await chown(join(root, name), USER, USER);
    expect(tandem('index', root).code).toBe(0);
    const index = join(root, '.mcp-vector-search');
    for (const name of ['.', ...(await readdir(index, { recursive: true }))]) {
      expect((await stat(join(index, name))).uid, name).toBe(USER);
    }
    await writeFile(join(root, 'new.py'), 'def added():\n    return 1\n');
    expect(tandemAsNobody('index', root)).toMatchObject({ code: 0, stdout: expect.stringContaining('1 added') });
    expect(tandem('verify', '--repair', root).code).toBe(0);
    expect(tandem('cleanup', '--now', root).code).toBe(0);
    expect(tandemAsNobody('search', 'added', '-p', root)).toMatchObject({ code: 0 });
    expect(tandemAsNobody('index', root, '--force')).toMatchObject({ code: 0 });
  },
);

test.skipIf(!isRoot)('a name that leads elsewhere gives nothing away', async () => {
  await using directory = await temporaryDirectory();
  const index = join(directory.path, 'index');
  const outside = join(directory.path, 'outside');
  await mkdir(index);
  await mkdir(outside);
  await writeFile(join(outside, 'secret'), 'x');
  await chown(index, USER, USER);
  await symlink(join(outside, 'secret'), join(index, 'link'));
  await symlink(outside, join(index, 'folder'));
  await link(join(outside, 'secret'), join(index, 'second-name'));
  expect(spawnSync('mkfifo', [join(index, 'pipe')]).status).toBe(0);
  await writeFile(join(index, 'ours'), 'x');
  await giveToOwner(index);
  expect((await stat(join(index, 'ours'))).uid).toBe(USER);
  for (const path of [outside, join(outside, 'secret')]) expect((await lstat(path)).uid, path).toBe(0);
});
