// A heap that is too small: V8 ends the process, or a worker of it, wherever it happens to be. That is one more kill, and
// a run that does get through has to have done the whole work.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { verifyIndex } from '../../src/operations/verify.ts';
import { temporaryDirectory } from '../store/make.ts';
import { runCommand } from './faulty-run.mjs';
import { modelDir } from './harness/fast-embedder.mjs';
import { makeProject } from './harness/project.mjs';
import { digest } from './harness/snapshot.mjs';

const faultyRun = fileURLToPath(new URL('./faulty-run.mjs', import.meta.url));
const ABORTED = [134, null]; // what a shell says of SIGABRT; null where the signal itself is told
const HEAPS_MIB = [13, 15, 24];
const endings: string[] = [];

const place = await temporaryDirectory();
const root = join(place.path, 'project');
let expected: { rows: number; sha256: string };

beforeAll(async () => {
  makeProject(root, { files: 4, functions: 12 });
  const sections = Array.from({ length: 60 }, (_, n) => `# Part ${n}\n\n${`Line of words ${n} `.repeat(400)}\n`);
  writeFileSync(join(root, 'large.md'), sections.join('\n'));
  const fresh = join(place.path, 'fresh');
  await runCommand({ root, indexDir: fresh, command: 'index' });
  expected = await digest(fresh);
  return () => place[Symbol.asyncDispose]();
}, 120_000);

test.each(HEAPS_MIB)(
  'with %i MiB a run ends or is done, and the next one makes it whole',
  { timeout: 120_000 },
  async (mib) => {
    const indexDir = join(place.path, `index-${mib}`);
    const { status, stderr } = spawnSync(
      process.execPath,
      [`--max-old-space-size=${mib}`, faultyRun, root, indexDir, 'index', 'none', '0'],
      { encoding: 'utf8' },
    );
    endings.push(status === 0 ? 'done' : 'ended');
    if (status === 0) expect(await digest(indexDir)).toEqual(expected);
    else {
      expect(ABORTED, stderr).toContain(status);
      expect(existsSync(join(indexDir, 'tandem', 'lock')), 'it ended at work').toBe(true);
    }
    await runCommand({ root, indexDir, command: 'index' });
    expect(await digest(indexDir)).toEqual(expected);
    expect(await verifyIndex({ root, indexDir, modelDir })).toMatchObject({ complete: true });
  },
);

test('among these heaps are some that are too small and some that are not', () => {
  expect(new Set(endings)).toEqual(new Set(['ended', 'done']));
});
