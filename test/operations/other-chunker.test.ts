import { join } from 'node:path';
import { expect, test } from 'vitest';
import { layoutOf } from '../../src/store/layout.ts';
import { openLedger } from '../../src/store/ledger.ts';
import { runCommand } from '../crash/faulty-run.mjs';
import { makeProject } from '../crash/harness/project.mjs';
import { digest } from '../crash/harness/snapshot.mjs';
import { temporaryDirectory } from '../store/make.ts';

test('files that another version of the chunker cut are parsed again, and chunks that come out the same keep their vectors', async () => {
  await using directory = await temporaryDirectory();
  const root = join(directory.path, 'project');
  const indexDir = join(directory.path, 'index');
  makeProject(root, { files: 3, functions: 6 });
  await runCommand({ root, indexDir, command: 'index' });
  const before = await digest(indexDir);
  expect(await runCommand({ root, indexDir, command: 'index' })).toMatchObject({ files: { parsed: 0 } });

  const ledger = await openLedger(layoutOf(indexDir).ledgerFile);
  const old = [...ledger.files.values()].map((file) => ({ ...file, chunker: 'of old' }));
  await ledger.append(old, []);
  const again = await runCommand({ root, indexDir, command: 'index' });
  expect(again).toMatchObject({ complete: true, files: { parsed: old.length }, phase2: null });
  expect(await digest(indexDir)).toEqual(before);
});
