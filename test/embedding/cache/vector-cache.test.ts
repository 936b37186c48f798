import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cacheBytes, clearCache, shrinkCache, vectorsFolder } from '../../../src/embedding/cache/bounds.ts';
import { keyOf, openVectorCache, type VectorCache } from '../../../src/embedding/cache/vector-cache.ts';

const DIMENSION = 8;

let folder: string;
const directory = () => join(vectorsFolder(folder), 'model');
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(problems: string[] = [], segmentBytes = 1 << 20): VectorCache {
  const onProblem = (message: string) => problems.push(message);
  return openVectorCache({
    directory: directory(),
    dimension: DIMENSION,
    onProblem,
    makeRoom: () => undefined,
    segmentBytes,
  });
}

/** A unit vector that depends on the text. */
function vectorOf(text: string): Float32Array {
  const vector = new Float32Array(DIMENSION);
  keyOf(text)
    .subarray(0, DIMENSION)
    .forEach((byte, index) => {
      vector[index] = byte + 1;
    });
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

function fill(cache: VectorCache, texts: readonly string[]): void {
  cache.add(texts.map((text) => ({ key: keyOf(text), vector: vectorOf(text) })));
}

function vectorsFile(): string {
  return join(directory(), readdirSync(directory()).find((name) => name.endsWith('.vectors'))!);
}

const many = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix} ${index}`);

describe('the vector cache', () => {
  test('gives every vector back bit by bit, in the run that added it and in a later one', () => {
    const texts = many('text', 5000);
    const first = open();
    for (let from = 0; from < texts.length; from += 512) fill(first, texts.slice(from, from + 512));
    for (const text of texts) expect(first.get(keyOf(text))).toEqual({ vector: vectorOf(text), isOwn: true });
    first.close();
    const second = open();
    for (const text of texts) expect(second.get(keyOf(text))).toEqual({ vector: vectorOf(text), isOwn: false });
    expect(second.get(keyOf('another text'))).toBeNull();
    second.close();
  });

  test('lets runs at the same time add to it, and a later run has what each of them added', () => {
    const [a, b] = [open(), open()];
    for (let round = 0; round < 20; round++) {
      fill(a, [`a ${round}`, `both ${round}`]);
      fill(b, [`b ${round}`, `both ${round}`]);
    }
    a.close();
    b.close();
    const later = open();
    for (let round = 0; round < 20; round++) {
      for (const text of [`a ${round}`, `b ${round}`, `both ${round}`]) {
        expect(later.get(keyOf(text))?.vector).toEqual(vectorOf(text));
      }
    }
    later.close();
  });

  test.each([0, 3, 16, 19, 20, 40])(
    'takes a row with a flipped bit (byte %i of it) for absent, and keeps a new one',
    (byte) => {
      const first = open();
      fill(first, ['one', 'two', 'three']);
      first.close();
      const path = vectorsFile();
      const bytes = readFileSync(path);
      bytes[bytes.length / 3 + byte]! ^= 4;
      writeFileSync(path, bytes);
      const second = open();
      expect(second.get(keyOf('two'))).toBeNull();
      expect(second.get(keyOf('one'))?.vector).toEqual(vectorOf('one'));
      expect(second.get(keyOf('three'))?.vector).toEqual(vectorOf('three'));
      fill(second, ['two']);
      second.close();
      const third = open();
      expect(third.get(keyOf('two'))?.vector).toEqual(vectorOf('two'));
      third.close();
    },
  );

  test('takes what was cut off by a kill or a power cut for absent', () => {
    const first = open();
    fill(first, ['one', 'two']);
    first.close();
    const path = vectorsFile();
    truncateSync(path, statSync(path).size - 1);
    truncateSync(path.replace('.vectors', '.keys'), 31);
    const second = open();
    expect(second.get(keyOf('one'))?.vector).toEqual(vectorOf('one'));
    expect(second.get(keyOf('two'))).toBeNull();
    second.close();
  });

  test('never gives a vector that is not of unit norm, however well its checksum agrees', () => {
    const first = open();
    first.add([
      { key: keyOf('zero'), vector: new Float32Array(DIMENSION) },
      { key: keyOf('nan'), vector: new Float32Array(DIMENSION).fill(Number.NaN) },
    ]);
    expect([first.get(keyOf('zero')), first.get(keyOf('nan'))]).toEqual([null, null]);
    first.close();
  });

  test('says once that it cannot be written, and goes on as an empty one', () => {
    writeFileSync(vectorsFolder(folder), 'a file where the folder should be');
    const problems: string[] = [];
    const cache = open(problems);
    fill(cache, ['one']);
    fill(cache, ['two']);
    expect(cache.get(keyOf('one'))).toBeNull();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(directory());
    cache.close();
  });

  test('begins another segment when one is full, and finds what is in each', () => {
    const cache = open([], 1000);
    const texts = many('text', 100);
    for (const text of texts) fill(cache, [text]);
    for (const text of texts) expect(cache.get(keyOf(text))?.vector).toEqual(vectorOf(text));
    cache.close();
    expect(readdirSync(directory()).length).toBeGreaterThan(8);
  });

  test('makes one of many small segments, without the damaged rows and without those that may be at work', () => {
    for (const text of many('text', 40)) {
      const cache = open();
      fill(cache, [text]);
      cache.close();
    }
    const paths = readdirSync(directory()).sort();
    truncateSync(join(directory(), paths.find((name) => name.endsWith('.vectors'))!), 10);
    for (const name of paths.slice(0, -2)) utimesSync(join(directory(), name), 1000, 1000);
    const merging = open();
    merging.close();
    expect(readdirSync(directory())).toHaveLength(4);
    const later = open();
    expect(later.get(keyOf('text 0'))).toBeNull();
    for (const text of many('text', 40).slice(1)) expect(later.get(keyOf(text))?.vector).toEqual(vectorOf(text));
    later.close();
  });

  test('tells apart texts that differ only in unpaired surrogates', () => {
    expect(keyOf('a\ud800')).not.toEqual(keyOf('a\udc00'));
  });
});

describe('the size of the cache', () => {
  test('is kept by removing the segments longest out of use', () => {
    for (const [hour, text] of ['old', 'of use', 'new'].entries()) {
      const cache = open();
      fill(cache, [text]);
      cache.close();
      for (const name of readdirSync(directory())) {
        const path = join(directory(), name);
        if (statSync(path).mtimeMs > Date.now() - 1000) utimesSync(path, 1000 + hour, 1000 + hour);
      }
    }
    const reader = open();
    expect(reader.get(keyOf('of use'))).not.toBeNull();
    reader.close();
    const total = cacheBytes(folder);
    expect(shrinkCache(folder, total, 1)).toBe(total / 3);
    expect(shrinkCache(folder, total, 0)).toBe(0);
    const later = open();
    expect([later.get(keyOf('old')), later.get(keyOf('of use'))]).toEqual([null, expect.anything()]);
    later.close();
  });

  test('is told and freed by cleanup --cache, which touches no index', () => {
    const cache = open();
    fill(cache, ['one']);
    cache.close();
    const total = cacheBytes(folder);
    const run = (...more: string[]) => {
      const env = { ...process.env, TANDEM_CACHE: 'on', TANDEM_CACHE_DIR: folder };
      const command = [join(import.meta.dirname, '../../../bin/tandem.js'), 'cleanup', '--cache', '--json', ...more];
      return JSON.parse(execFileSync(process.execPath, command, { env, cwd: folder, encoding: 'utf8' })) as unknown;
    };
    expect(run('--dry-run')).toMatchObject({ bytes: total, cache_dir: folder });
    expect(cacheBytes(folder)).toBe(total);
    expect(run()).toMatchObject({ bytes: total });
    expect(cacheBytes(folder)).toBe(0);
  });

  test('is nothing after it was cleared, and a run at work goes on', () => {
    const cache = open();
    fill(cache, ['one']);
    expect(clearCache(folder)).toBeGreaterThan(0);
    expect(cacheBytes(folder)).toBe(0);
    expect(cache.get(keyOf('one'))?.vector).toEqual(vectorOf('one'));
    fill(cache, ['two']);
    cache.close();
  });
});
