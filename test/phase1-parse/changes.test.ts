import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FileStamp, FileStatus } from '../../src/core/chunk.ts';
import { type KnownFile, planChanges } from '../../src/phase1-parse/changes.ts';

const SCAN_NS = 1_700_000_000_000_000_000n;
const OLD_NS = SCAN_NS - 60_000_000_000n;

function stamp(over: Partial<FileStamp> = {}): FileStamp {
  return { size: 10, mtimeNs: OLD_NS.toString(), ctimeNs: OLD_NS.toString(), ino: '7', ...over };
}

function known(over: Partial<KnownFile> = {}): KnownFile {
  return { stamp: stamp(), sha256: 'a'.repeat(64), status: 'parsed', ...over };
}

function plan(found: FileStamp, remembered: KnownFile | null, isIntact = true, previous: bigint | null = SCAN_NS) {
  return planChanges([{ path: 'a.ts', stamp: found }], new Map(remembered ? [['a.ts', remembered]] : []), {
    previousScanStartNs: previous === null ? null : previous.toString(),
    isIntact: () => isIntact,
  });
}

describe('planChanges', () => {
  test('a file with an equal old stamp and whole rows is unchanged', () => {
    expect(plan(stamp(), known())).toEqual({ unchanged: ['a.ts'], toRead: [], removed: [] });
  });

  test('a file the ledger does not know is read and parsed whatever its hash', () => {
    expect(plan(stamp(), null).toRead).toEqual([{ path: 'a.ts', stamp: stamp(), knownSha256: null }]);
  });

  test.each([
    ['size', { size: 11 }],
    ['mtime', { mtimeNs: (OLD_NS + 1n).toString() }],
    ['ctime', { ctimeNs: (OLD_NS + 1n).toString() }],
    ['inode', { ino: '8' }],
  ])('another %s alone is enough to read the file, and its old hash may spare the parsing', (_, over) => {
    expect(plan(stamp(over), known()).toRead).toMatchObject([{ path: 'a.ts', knownSha256: 'a'.repeat(64) }]);
  });

  test.each([
    ['written during the previous scan', 0n],
    ['written within two seconds before it', -2_000_000_000n],
    ['dated in the future', 3_600_000_000_000n],
  ])('a file %s is hashed though its stamp is equal', (_, offset) => {
    const racy = (SCAN_NS + offset).toString();
    for (const late of [stamp({ mtimeNs: racy }), stamp({ ctimeNs: racy })]) {
      expect(plan(late, known({ stamp: late })).toRead).toMatchObject([{ knownSha256: 'a'.repeat(64) }]);
    }
  });

  test('the racy time ends just before two seconds before the scan', () => {
    const settled = stamp({ mtimeNs: (SCAN_NS - 2_000_000_001n).toString() });
    expect(plan(settled, known({ stamp: settled })).unchanged).toEqual(['a.ts']);
  });

  test('an mtime that was set back does not hide a late ctime', () => {
    const touched = stamp({ mtimeNs: '0', ctimeNs: SCAN_NS.toString() });
    expect(plan(touched, known({ stamp: touched })).unchanged).toEqual([]);
  });

  test('without the time of the previous scan every file is hashed', () => {
    expect(plan(stamp(), known(), true, null).toRead).toMatchObject([{ knownSha256: 'a'.repeat(64) }]);
  });

  test('rows that are not whole mean parsing whatever the hash', () => {
    expect(plan(stamp(), known(), false).toRead).toMatchObject([{ knownSha256: null }]);
  });

  test('a file that failed is tried again whatever the hash', () => {
    expect(plan(stamp(), known({ status: 'unfinished' })).toRead).toMatchObject([{ knownSha256: null }]);
    expect(plan(stamp(), known({ sha256: '' })).toRead).toMatchObject([{ knownSha256: null }]);
  });

  test('what lies in a place that could not be looked at is not taken for removed', () => {
    const ledger = new Map(['gone.ts', 'shut/a.ts', 'shut/deep/b.ts', 'shutter.ts', 'one.ts'].map((p) => [p, known()]));
    const options = { previousScanStartNs: null, isIntact: () => true, unreachable: ['shut', 'one.ts'] };
    expect(planChanges([], ledger, options).removed).toEqual(['gone.ts', 'shutter.ts']);
    expect(planChanges([], ledger, { ...options, unreachable: [''] }).removed).toEqual([]);
  });

  test('every found path is either unchanged or to be read, every other known one removed, none twice', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const time = fc.constantFrom(OLD_NS, SCAN_NS, SCAN_NS + 5n).map(String);
    const anyStamp = fc.record({ size: fc.nat(2), mtimeNs: time, ctimeNs: time, ino: fc.constantFrom('1', '2') });
    const status = fc.constantFrom<FileStatus>('parsed', 'parsed-with-errors', 'fallback', 'skipped', 'unfinished');
    const file = fc.record({ stamp: anyStamp, sha256: fc.constantFrom('', 'x'), status, intact: fc.boolean() });
    fc.assert(
      fc.property(fc.dictionary(name, anyStamp), fc.dictionary(name, file), (disk, remembered) => {
        const found = Object.entries(disk).map(([path, stamp]) => ({ path, stamp }));
        const ledger = new Map(Object.entries(remembered));
        const { unchanged, toRead, removed } = planChanges(found, ledger, {
          previousScanStartNs: SCAN_NS.toString(),
          isIntact: (_, { intact }) => intact,
        });
        expect([...unchanged, ...toRead.map(({ path }) => path)].sort()).toEqual(Object.keys(disk).sort());
        expect([...removed].sort()).toEqual(
          Object.keys(remembered)
            .filter((path) => !Object.hasOwn(disk, path))
            .sort(),
        );
        for (const path of unchanged) {
          const { stamp, status, intact } = remembered[path]!;
          expect(stamp).toEqual(disk[path]);
          expect(intact && status !== 'unfinished').toBe(true);
          expect([stamp.mtimeNs, stamp.ctimeNs]).toEqual([OLD_NS.toString(), OLD_NS.toString()]);
        }
      }),
    );
  });
});
