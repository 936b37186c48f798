// The lock as a user meets it: refused, waited for, and taken away.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeSelf } from '../../src/store/lock/holder.ts';
import { acquireLock } from '../../src/store/lock/lock.ts';
import { smallProject, tandem, tandemLater } from './care.ts';

test('a second run is refused at once, waits if asked to, and goes on when the first has ended', async () => {
  await using project = await smallProject();
  const folder = join(project.path, '.mcp-vector-search', 'tandem');
  await mkdir(folder, { recursive: true });
  const lock = await acquireLock(join(folder, 'lock'));

  const refused = tandem('index', project.path);
  expect(refused).toMatchObject({ code: 11, stdout: '' });
  expect(refused.stderr).toMatch(new RegExp(`pid ${process.pid} on`));
  expect(tandem('index', project.path, '--wait=1')).toMatchObject({
    code: 11,
    stderr: expect.stringMatching(/waiting for pid \d+[\s\S]*waited 1 s/),
  });
  expect(tandem('unlock', project.path)).toMatchObject({ code: 11, stderr: expect.stringMatching(/is running/) });

  const waiting = tandemLater('waiting for pid', 'index', project.path, '--wait');
  await waiting.said;
  await lock.release();
  const ended = await waiting.ended;
  expect(ended.stderr).toContain('waiting for pid');
  expect(ended.code, ended.stderr).toBe(0);
});

test('a lock left behind is removed, and one that cannot be seen only by force or after a minute', async () => {
  await using project = await smallProject();
  const folder = join(project.path, '.mcp-vector-search', 'tandem');
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'lock');
  expect(tandem('unlock', project.path)).toMatchObject({ code: 0, stdout: 'there is no lock\n' });

  const self = await describeSelf('left-behind');
  await writeFile(path, JSON.stringify({ ...self, pid: 2 ** 30 }));
  expect(tandem('unlock', project.path)).toMatchObject({ code: 0, stdout: expect.stringMatching(/has ended/) });
  expect(await readdir(folder)).toEqual([]);

  await writeFile(path, JSON.stringify({ ...self, host: 'buildbox' }));
  expect(tandem('doctor', project.path, '--quiet').stdout).toMatch(
    /lock .*buildbox.*cannot be seen[\s\S]*tandem\.js unlock --force \//,
  );
  expect(tandem('unlock', project.path, '--force', '--json')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"because":"forced"'),
  });
  expect(await readdir(folder)).toEqual([]);
});
