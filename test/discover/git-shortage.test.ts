// A git that lacks something the machine may have the next time: what it would have listed must not be guessed at.
import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { discover } from '../../src/discover/discover.ts';
import { temporaryFolder, write } from '../phase1-parse/temporary-trees.ts';

/** A `git` before the real one that fails so often in these words, counted in a file. */
function failingGit(times: number, words: string): Record<string, string | undefined> {
  const folder = temporaryFolder();
  const program = join(folder, 'git');
  writeFileSync(join(folder, 'left'), 'x'.repeat(times));
  writeFileSync(
    program,
    `#!/bin/sh
if [ -s '${folder}/left' ]; then
  left=$(cat '${folder}/left'); printf %s "\${left#x}" > '${folder}/left'
  echo '${words}' >&2; exit 128
fi
PATH='${process.env.PATH}' exec git "$@"
`,
  );
  chmodSync(program, 0o755);
  return { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
}

const SHORTAGE = 'fatal: mmap failed: Cannot allocate memory';
const look = (root: string, gitEnv: Record<string, string | undefined>) =>
  discover(root, { maxFileBytes: 1e6, indexDir: join(root, '.mcp-vector-search'), gitEnv });

function repository(): string {
  const root = temporaryFolder();
  write(root, { 'a.py': 'x = 1\n', '.git/HEAD': 'ref: refs/heads/main\n', '.git/config': '' });
  write(root, { '.git/objects/info/x': '', '.git/refs/heads/x': '' });
  return root;
}

test.skipIf(process.platform === 'win32')('is asked once more', async () => {
  const { method, files } = await look(repository(), failingGit(1, SHORTAGE));
  expect([method, files.map(({ path }) => path)]).toEqual(['git', ['a.py']]);
});

test.skipIf(process.platform === 'win32')('and ends the run if it fails again', async () => {
  await expect(look(repository(), failingGit(9, SHORTAGE))).rejects.toMatchObject({
    code: 'SYSTEM_FAILED',
    message: expect.stringContaining('Cannot allocate memory'),
  });
});

test.skipIf(process.platform === 'win32')('one that refuses for another reason is done without', async () => {
  const { method, notices } = await look(repository(), failingGit(9, 'fatal: detected dubious ownership'));
  expect(method).toBe('walk');
  expect(notices.join()).toContain('dubious ownership');
});
