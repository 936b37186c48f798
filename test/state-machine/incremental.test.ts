// What changes on disk between runs, and while one is at work: what is done again, and what is not.
import { spawn } from 'node:child_process';
import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { previewIndex } from '../../src/operations/preview.ts';
import { indexDigest } from '../crash/project.ts';
import { git, repository, temporaryFolder } from '../phase1-parse/temporary-trees.ts';
import { type Machine, machineIn } from './machine.ts';

const text = (name: string, value = 1) =>
  `def ${name}(first, second):\n    total = first + second * ${value}\n    return total\n\n\n`;

function machineWith(files: Record<string, string>, root = temporaryFolder()): Machine {
  const machine = machineIn(root);
  for (const [path, content] of Object.entries(files)) machine.write(path, content);
  return machine;
}

/** That the index is what a new one of the tree would be. */
async function expectFresh(machine: Machine): Promise<void> {
  const fresh = machineIn(machine.root, join(temporaryFolder(), 'index'));
  await fresh.run('all');
  expect(await indexDigest(machine.root)).toEqual(await indexDigest(machine.root, fresh.indexDir));
}

const everywhere = (paths: string[]) => ({ chunks: paths, vectors: paths, structure: paths });

describe('a run after a change', () => {
  test('of the branch and back again parses nothing and embeds nothing', async () => {
    const root = repository({ 'a.py': text('one') + text('two'), 'b.py': text('three') });
    git(root, 'add', '-A');
    git(root, 'commit', '-q', '-m', 'main');
    git(root, 'switch', '-q', '-c', 'other');
    const machine = machineWith({ 'a.py': text('one', 7), 'c.py': text('four') }, root);
    machine.remove('b.py');
    git(root, 'add', '-A');
    git(root, 'commit', '-q', '-m', 'other');
    git(root, 'switch', '-q', 'main');
    await machine.run('all');
    const [before, embedded] = [await indexDigest(root), machine.embedded];
    git(root, 'switch', '-q', 'other');
    git(root, 'switch', '-q', 'main');
    const report = await machine.run('all');
    expect(report!.files).toMatchObject({ added: 0, changed: 0, removed: 0, unchanged: 2, found_by: 'git' });
    expect(machine.embedded).toBe(embedded);
    expect(await indexDigest(root)).toEqual(before);

    // With a run on the other branch between, what both have in common stays.
    git(root, 'switch', '-q', 'other');
    await machine.run('all');
    expect(await machine.storedPaths()).toEqual(everywhere(['a.py', 'c.py']));
    git(root, 'switch', '-q', 'main');
    await machine.run('all');
    expect(await indexDigest(root)).toEqual(before);
  });

  // A switch takes away the rows of what the other branch has not: their vectors are in the cache, or nowhere.
  test.each([
    { cache: 'on', again: 0 },
    { cache: 'off', again: 2 },
  ])(
    'of the branch and back, with a run on either, embeds $again texts again with the cache $cache',
    async ({ cache, again }) => {
      const root = repository({ 'a.py': text('one') + text('two'), 'b.py': text('three') });
      git(root, 'add', '-A');
      git(root, 'commit', '-q', '-m', 'main');
      git(root, 'switch', '-q', '-c', 'other');
      const settings = cache === 'on' ? { directory: temporaryFolder(), bytes: 1e9 } : null;
      const machine = machineIn(root, undefined, { cache: settings });
      machine.write('a.py', text('one', 7) + text('two'));
      machine.remove('b.py');
      git(root, 'add', '-A');
      git(root, 'commit', '-q', '-m', 'other');
      const embedded: number[] = [];
      for (const branch of ['main', 'other', 'main']) {
        git(root, 'switch', '-q', branch);
        const before = machine.embedded;
        await machine.run('all');
        embedded.push(machine.embedded - before);
      }
      expect(embedded).toEqual([3, 1, again]);
      await expectFresh(machine);
    },
  );

  test('of one function embeds that function alone, though the others have moved', async () => {
    const machine = machineWith({ 'a.py': text('one') + text('two') + text('three'), 'b.py': text('four') });
    await machine.run('all');
    const before = machine.embedded;
    machine.write('a.py', `# a new line\n\n${text('one')}${text('two', 5)}${text('three')}`);
    const report = await machine.run(1);
    expect(report!.files).toMatchObject({ changed: 1, unchanged: 1 });
    const pending = (await machine.storedChunks()).filter(({ status }) => status !== 'complete');
    await machine.run(2);
    expect(machine.embedded - before).toBe(pending.length);
    expect(pending.length).toBeLessThanOrEqual(2); // the function, and the comment if it stands alone
    await expectFresh(machine);
  });

  test('that kept size and mtime is seen, at once and after an hour', async () => {
    const machine = machineWith({ 'a.py': text('one', 1), 'b.py': text('two') });
    const file = join(machine.root, 'a.py');
    for (const [value, later] of [
      [2, false],
      [3, true],
    ] as const) {
      await machine.run('all');
      if (later) machine.passTime();
      const { atime, mtime, size } = statSync(file);
      machine.write('a.py', text('one', value));
      utimesSync(file, atime, mtime);
      expect(statSync(file)).toMatchObject({ size, mtime });
      expect((await machine.run('all'))!.files).toMatchObject({ changed: 1, unchanged: 1 });
      await expectFresh(machine);
    }
  });

  test('of the dates alone, to the past or the future, parses nothing', async () => {
    const machine = machineWith({ 'a.py': text('one') });
    await machine.run('all');
    for (const date of [new Date(0), new Date(Date.now() + 1e9)]) {
      machine.passTime();
      utimesSync(join(machine.root, 'a.py'), date, date);
      expect((await machine.run('all'))!.files).toMatchObject({ changed: 0, unchanged: 1, parsed: 0 });
    }
    machine.write('a.py', text('one', 2));
    expect((await machine.run('all'))!.files).toMatchObject({ changed: 1 });
  });

  test('of a name moves the file in all tables, also where only the case of letters changed', async () => {
    const machine = machineWith({ 'sub/old.py': text('one'), 'Case.py': text('two'), 'keep.py': text('three') });
    await machine.run('all');
    machine.rename('sub/old.py', 'new/new.py');
    machine.rename('Case.py', 'case.py');
    await machine.run('all');
    expect(await machine.storedPaths()).toEqual(everywhere(['case.py', 'keep.py', 'new/new.py']));
    await expectFresh(machine);
  });

  test('that removed files takes them out of all tables, whatever they are called', async () => {
    const odd = [
      "x' OR '1'='1.py",
      'quote".py',
      'new\nline.py',
      'back\\slash.py',
      '100%_.py',
      '\u{1f9ea}\u202egnp.py',
      'e\u0301.py',
      '\u00e9.py',
      '-- ;.py',
    ];
    const machine = machineWith(Object.fromEntries(['keep.py', ...odd].map((path) => [path, text('one')])));
    await machine.run('all');
    const all = [...odd, 'keep.py'].sort();
    expect(await machine.storedPaths()).toEqual(everywhere(all));
    for (const path of odd) machine.write(path, text('two'));
    expect((await machine.run('all'))!.files.changed).toBe(odd.length);
    expect(await machine.storedPaths()).toEqual(everywhere(all));
    for (const path of odd) machine.remove(path);
    expect((await machine.run('all'))!.files.removed).toBe(odd.length);
    expect(await machine.storedPaths()).toEqual(everywhere(['keep.py']));
    await expectFresh(machine);
  });
});

describe('a file that changes', () => {
  test('between the phases is embedded as it was parsed; a dry run says so, and the next run puts it right', async () => {
    const machine = machineWith({ 'a.py': text('one'), 'b.py': text('two'), 'c.py': text('three') });
    await machine.run(1);
    const parsed = (await machine.storedChunks()).map(({ id }) => id).sort();
    machine.write('a.py', text('one', 9));
    machine.remove('b.py');
    const report = await machine.run(2);
    expect(report!.complete).toBe(true);
    expect([...(await machine.storedVectors())].sort()).toEqual(parsed);
    const preview = await previewIndex(machine.config);
    expect(preview.list).toMatchObject({ changed: ['a.py'], removed: ['b.py'], unchanged: ['c.py'] });
    await machine.run('all');
    await expectFresh(machine);
  });

  test('or goes, or comes, between discovery and reading is taken as it is then, and seen by the next run', async () => {
    const machine = machineWith({ 'a.py': text('one'), 'b.py': text('two'), 'c.py': text('three') });
    machine.atFault = (name) => {
      if (name !== 'phase1.begun') return;
      machine.write('a.py', text('changed'));
      machine.remove('b.py');
      machine.write('d.py', text('late'));
    };
    const { files } = (await machine.run('all'))!;
    machine.atFault = null;
    expect(files).toMatchObject({ unfinished: [], parsed: 2, removed: 1 });
    expect((await machine.storedPaths()).chunks).toEqual(['a.py', 'c.py']);
    expect((await machine.run('all'))!.files).toMatchObject({ added: 1, changed: 0, removed: 0, unchanged: 2 });
    await expectFresh(machine);
  });

  test('all the time, by another process, never leaves half of it in the index', { timeout: 120_000 }, async () => {
    const machine = machineWith({ 'b.py': text('two'), 'a.py': '' });
    const lines = Array.from({ length: 40 }, (_, index) => text(`step${index}`)).join('');
    const stop = join(temporaryFolder(), 'stop');
    // Truncates and appends, so that a reader can meet any state in between.
    const script = `const fs = require('node:fs'); const [file, stop, lines] = process.argv.slice(1);
      const until = Date.now() + 60_000;
      while (!fs.existsSync(stop) && Date.now() < until) {
        fs.writeFileSync(file, ''); for (const line of lines.split('\\n')) fs.appendFileSync(file, line + '\\n');
      }`;
    const writer = spawn(process.execPath, ['-e', script, join(machine.root, 'a.py'), stop, lines], {
      stdio: 'ignore',
    });
    onTestFinished(() => void writer.kill('SIGKILL'));
    const ended = new Promise((resolve) => writer.once('exit', resolve));
    for (let round = 0; round < 4; round++) expect((await machine.run('all'))!.files.unfinished).toEqual([]);
    writeFileSync(stop, '');
    await ended;
    await machine.run('all');
    await expectFresh(machine);
  });
});

describe('what was chosen', () => {
  test('holds for the resume of a run that was cut off, whatever is configured then', async () => {
    const files = {
      'src/a.py': text('one'),
      'src/b.py': text('two'),
      'src/c.py': text('three'),
      'other.py': text('four'),
    };
    const begun = machineIn(temporaryFolder(), undefined, { include: ['src/'], exclude: ['c.py'] });
    for (const [path, content] of Object.entries(files)) begun.write(path, content);
    expect(await begun.run('all', { killAt: 3 })).toBe(null);
    const later = machineIn(begun.root);
    await later.resume();
    expect(await later.storedPaths()).toEqual(everywhere(['src/a.py', 'src/b.py']));
    // A new run has a choice of its own; what it leaves out leaves the index.
    await machineIn(begun.root, undefined, { exclude: ['src/a.py'] }).run('all');
    expect(await later.storedPaths()).toEqual(everywhere(['other.py', 'src/b.py', 'src/c.py']));
  });

  test('about secrets holds for files that were indexed before', async () => {
    const token = ['ghp', '0123456789abcdefghijABCDEFGHIJ012345'].join('_');
    const masked = machineWith({ 'a.py': `${text('one')}TOKEN = "${token}"\n`, '.env': 'KEY=value\n' });
    const open = machineIn(masked.root, undefined, { allowSecrets: true });
    const hasToken = async () => JSON.stringify(await masked.storedContents()).includes(token);
    await masked.run('all');
    expect([await hasToken(), (await masked.storedPaths()).chunks]).toEqual([false, ['a.py']]);
    await open.run('all');
    expect([await hasToken(), (await masked.storedPaths()).chunks]).toEqual([true, ['.env', 'a.py']]);
    await masked.run('all');
    expect([await hasToken(), (await masked.storedPaths()).vectors]).toEqual([false, ['a.py']]);
    await expectFresh(masked);
  });
});
