import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findOldRoot } from '../../src/migrate/old-root.ts';
import { isSameTime } from '../../src/store/mcp-vector-search/recorded-times.ts';
import { temporaryDirectory } from '../store/make.ts';

const nothingRecorded = {
  projectRoot: null,
  indexPath: null,
  model: null,
  version: null,
  indexedAt: null,
  modifiedAt: new Map<string, number>(),
};

async function withFiles(root: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), '');
  }
}

describe('the old root', () => {
  test('is found by the files that exist, also where all lie in one folder of it', async () => {
    await using directory = await temporaryDirectory();
    await withFiles(directory.path, ['src/a/x.py', 'src/a/y.py']);
    const { oldRoot, relocate } = await findOldRoot(
      ['/old/src/a/x.py', '/old/src/a/y.py'],
      directory.path,
      nothingRecorded,
    );
    expect(oldRoot).toBe('/old');
    expect(relocate('/old/src/a/z.py')).toBe('src/a/z.py');
    expect(relocate('/other/z.py')).toBeNull();
    expect(relocate('../z.py')).toBeNull();
  });

  test('is the recorded one before any that fits by chance', async () => {
    await using directory = await temporaryDirectory();
    await withFiles(directory.path, ['a.py', 'lib/a.py']);
    const settings = { ...nothingRecorded, projectRoot: '/old' };
    expect(await findOldRoot(['/old/lib/a.py'], directory.path, settings)).toMatchObject({ oldRoot: '/old' });
  });

  test('may be one of Windows', async () => {
    await using directory = await temporaryDirectory();
    await withFiles(directory.path, ['src/a.py']);
    const settings = { ...nothingRecorded, projectRoot: 'C:\\work\\shop' };
    const { relocate } = await findOldRoot(['C:\\work\\shop\\src\\a.py'], directory.path, settings);
    expect(relocate('C:\\work\\shop\\src\\a.py')).toBe('src/a.py');
  });

  test('of relative paths is the root itself', async () => {
    const { relocate } = await findOldRoot(['src/a.py'], '/anywhere', nothingRecorded);
    expect(relocate('./src//a.py')).toBe('src/a.py');
  });
});

describe('a recorded time', () => {
  const nanoseconds = fc.bigInt({ min: 1_000_000_000n, max: 4_000_000_000_000_000_000n });

  test('is recognised as a double, cut to microseconds, and cut to seconds', () => {
    void fc.assert(
      fc.property(nanoseconds, (ns) => {
        const recorded = Number(ns) * 1e-9;
        expect(isSameTime(recorded, ns)).toBe(true);
        expect(isSameTime(recorded, ns - (ns % 1_000n))).toBe(true);
      }),
    );
    expect(isSameTime(1795341462.5017533, 1_795_341_462_000_000_000n)).toBe(true);
  });

  test('is not that of a file written ten microseconds later, or at another second', () => {
    void fc.assert(
      fc.property(nanoseconds, (ns) => {
        fc.pre((ns + 10_000n) % 1_000_000_000n !== 0n);
        expect(isSameTime(Number(ns) * 1e-9, ns + 10_000n)).toBe(false);
      }),
    );
    expect(isSameTime(1795341462.5017533, 1_795_341_463_000_000_000n)).toBe(false);
  });
});
