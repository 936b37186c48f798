import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSource } from '../../src/discover/read-source.ts';
import { stampOf } from '../../src/discover/stamp.ts';
import { temporaryFolder, write } from '../phase1-parse/temporary-trees.ts';

const LIMIT = 1_000_000;

function textOf(read: ReturnType<typeof readSource>): string {
  if (read.kind !== 'read') throw new Error(`not read: ${JSON.stringify(read)}`);
  return Buffer.from(read.bytes).toString('utf8');
}

describe('readSource', () => {
  test('gives the bytes with the stamp that lstat gives', () => {
    const root = temporaryFolder();
    write(root, { 'sub/é.ts': 'text', 'empty.ts': '' });
    const read = readSource(root, 'sub/é.ts', LIMIT);
    expect(textOf(read)).toBe('text');
    expect(read).toMatchObject({ stamp: stampOf(lstatSync(join(root, 'sub/é.ts'), { bigint: true })) });
    expect(textOf(readSource(root, 'empty.ts', LIMIT))).toBe('');
  });

  test('calls a file that is gone, or whose folder is, vanished', () => {
    const root = temporaryFolder();
    write(root, { 'file.ts': 'x' });
    expect(readSource(root, 'gone.ts', LIMIT)).toEqual({ kind: 'vanished' });
    expect(readSource(root, 'gone/too.ts', LIMIT)).toEqual({ kind: 'vanished' });
    expect(readSource(root, 'file.ts/below.ts', LIMIT)).toEqual({ kind: 'vanished' });
  });

  test('follows no link in the file’s place or above it, also inside the tree', () => {
    const outside = temporaryFolder();
    write(outside, { 'a.ts': 'not ours' });
    const root = temporaryFolder();
    write(root, { 'real/a.ts': 'x' });
    symlinkSync(join(outside, 'a.ts'), join(root, 'link.ts'));
    symlinkSync(outside, join(root, 'escape'));
    symlinkSync('real', join(root, 'alias'));
    for (const path of ['link.ts', 'escape/a.ts', 'alias/a.ts', `../${basename(outside)}/a.ts`, 'real/../../a.ts']) {
      expect(readSource(root, path, LIMIT)).toEqual({ kind: 'vanished' });
    }
  });

  test('waits on no pipe and reads no folder', () => {
    const root = temporaryFolder();
    execFileSync('mkfifo', [join(root, 'pipe.ts')]);
    mkdirSync(join(root, 'folder.ts'));
    expect(readSource(root, 'pipe.ts', LIMIT)).toEqual({ kind: 'vanished' });
    expect(readSource(root, 'folder.ts', LIMIT)).toEqual({ kind: 'vanished' });
  });

  test('does not read a file that outgrew the limit', () => {
    const root = temporaryFolder();
    write(root, { 'a.ts': 'x'.repeat(11) });
    expect(readSource(root, 'a.ts', 10)).toMatchObject({ kind: 'too-large', stamp: { size: 11 } });
    expect(readSource(root, 'a.ts', 11).kind).toBe('read');
  });

  test('a failure to read is told with its reason', () => {
    const root = temporaryFolder();
    const name = 'n'.repeat(300);
    const read = readSource(root, name, LIMIT);
    expect(read).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/^cannot be read: ENAMETOOLONG/) });
  });

  test('a file that changes once under the reading is read again, whole', () => {
    const root = temporaryFolder();
    write(root, { 'busy.ts': 'one' });
    let writes = 0;
    const read = readSource(root, 'busy.ts', LIMIT, () => {
      if (writes++ === 0) appendFileSync(join(root, 'busy.ts'), ' two');
    });
    expect(textOf(read)).toBe('one two');
    expect(read).toMatchObject({ stamp: stampOf(lstatSync(join(root, 'busy.ts'), { bigint: true })) });
  });

  test.each([
    ['grows', (path: string) => appendFileSync(path, '+')],
    ['shrinks', (path: string) => truncateSync(path, lstatSync(path).size - 1)],
    ['has its time set', (path: string) => utimesSync(path, new Date(), lstatSync(path).mtimeMs / 1000 + 1)],
  ])('a file that %s at every reading is given with a stamp that no file has', (_, change) => {
    const root = temporaryFolder();
    write(root, { 'busy.ts': 'some text' });
    const read = readSource(root, 'busy.ts', LIMIT, () => change(join(root, 'busy.ts')));
    expect(textOf(read)).toMatch(/^some te/);
    expect(read).toMatchObject({ stamp: { ctimeNs: '0', ino: '0' } });
  });

  test('a file replaced between two readings is given whole, old or new', () => {
    const root = temporaryFolder();
    write(root, { 'a.ts': 'old', 'b.ts': 'new and longer' });
    const before = readSource(root, 'a.ts', LIMIT);
    renameSync(join(root, 'b.ts'), join(root, 'a.ts'));
    utimesSync(join(root, 'a.ts'), 1, 1);
    const after = readSource(root, 'a.ts', LIMIT);
    expect([textOf(before), textOf(after)]).toEqual(['old', 'new and longer']);
    rmSync(join(root, 'a.ts'));
    expect(readSource(root, 'a.ts', LIMIT).kind).toBe('vanished');
  });
});
