// The real worker as it is shipped (dist/), through the pool, and what it does with one request, from source.
import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { IndexerError } from '../../src/core/errors.ts';
import { loadBuiltInLanguages } from '../../src/languages/load.ts';
import { createRegistry } from '../../src/languages/registry.ts';
import { answerRequest, type RequestContext } from '../../src/phase1-parse/pool/parse-request.ts';
import type { ParseOutcome } from '../../src/phase1-parse/pool/types.ts';
import { openParsePool } from '../../src/phase1-parse/pool/worker-pool.ts';
import { openSyntax } from '../../src/phase1-parse/syntax/syntax.ts';
import { temporaryFolder, write } from './temporary-trees.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('one request', () => {
  const contextOf = (realRoot: string): RequestContext => ({
    realRoot,
    maxFileBytes: 1000,
    allowSecrets: false,
    languages: createRegistry(loadBuiltInLanguages()),
    syntax: () => openSyntax(),
  });
  const parse = { mode: 'parse', requests: [] } as const;

  test('is answered with chunks, stamp and the hash of the bytes', async () => {
    const root = temporaryFolder();
    const text = 'function greet() {\n  return 1;\n}\n';
    write(root, { 'a.js': text });
    const outcome = await answerRequest({ path: 'a.js', knownSha256: null, size: 1 }, parse, contextOf(root));
    expect(outcome).toMatchObject({
      kind: 'parsed',
      file: {
        path: 'a.js',
        status: 'parsed',
        sha256: sha256(text),
        stamp: { size: text.length },
        chunks: [{ name: 'greet' }],
      },
    });
  });

  test('about bytes already known is answered without a parser', async () => {
    const root = temporaryFolder();
    write(root, { 'a.js': 'x' });
    const context = { ...contextOf(root), syntax: () => Promise.reject(new Error('opened for nothing')) };
    const outcome = await answerRequest({ path: 'a.js', knownSha256: sha256('x'), size: 1 }, parse, context);
    expect(outcome).toMatchObject({ kind: 'unchanged', path: 'a.js', sha256: sha256('x'), stamp: { size: 1 } });
  });

  test('in fallback mode is answered without a parser, with the reason', async () => {
    const root = temporaryFolder();
    write(root, { 'a.js': 'const a = 1;\n' });
    const context = { ...contextOf(root), syntax: () => Promise.reject(new Error('opened for nothing')) };
    const job = { mode: 'fallback', reason: 'it died', requests: [] } as const;
    const outcome = await answerRequest({ path: 'a.js', knownSha256: null, size: 1 }, job, context);
    expect(outcome).toMatchObject({
      file: { status: 'fallback', reason: 'it died', chunks: [{ content: /const a/ }] },
    });
  });

  test('about a file that is gone, too large or unreadable says so', async () => {
    const root = temporaryFolder();
    write(root, { 'large.js': 'x'.repeat(1001) });
    const ask = (path: string) => answerRequest({ path, knownSha256: null, size: 1 }, parse, contextOf(root));
    expect(await ask('gone.js')).toEqual({ kind: 'vanished', path: 'gone.js' });
    expect(await ask('large.js')).toMatchObject({ file: { status: 'skipped', reason: 'too large', sha256: '' } });
    expect(await ask('n'.repeat(300))).toMatchObject({ file: { status: 'unfinished', sha256: '', chunks: [] } });
  });
});

describe('the worker', () => {
  beforeAll(() => {
    const built = new URL('../../dist/bundle/parse-worker.js', import.meta.url);
    if (!existsSync(built)) throw new Error('dist/ is missing: run `npm run build` first');
  });

  test('parses several languages on two threads, in order, and leaves out what is gone', async () => {
    const root = temporaryFolder();
    const files: Record<string, string> = {};
    for (let index = 0; index < 100; index++) {
      files[`${String(index).padStart(3, '0')}.py`] = `def f${index}():\n    return ${index}\n`;
    }
    write(root, { ...files, 'z.go': 'package z\n\nfunc Zed() int { return 1 }\n', 'blob.txt': Buffer.from([0, 1, 2]) });
    const pool = openParsePool({ root, workers: 2, maxFileBytes: 1e6, allowSecrets: false });
    onTestFinished(() => pool.close());
    rmSync(join(root, '050.py'));
    const paths = [...Object.keys(files).sort(), 'blob.txt', 'z.go'];
    const outcomes: ParseOutcome[] = [];
    for await (const outcome of pool.outcomes(paths.map((path) => ({ path, knownSha256: null, size: 30 })))) {
      outcomes.push(outcome);
    }
    expect(outcomes).toHaveLength(paths.length);
    for (const [index, path] of paths.entries()) {
      const outcome = outcomes[index]!;
      if (path === '050.py') expect(outcome).toEqual({ kind: 'vanished', path });
      else expect(outcome).toMatchObject({ kind: 'parsed', file: { path } });
      if (path === 'blob.txt') expect(outcome).toMatchObject({ file: { status: 'skipped', reason: 'binary' } });
      else if (outcome.kind === 'parsed')
        expect(outcome.file).toMatchObject({
          status: 'parsed',
          sha256: sha256(path === 'z.go' ? 'package z\n\nfunc Zed() int { return 1 }\n' : files[path]!),
        });
    }
  });

  test('loses no file though workers abort at random, and says which were cut into lines for it', async () => {
    const root = temporaryFolder();
    const names = Array.from({ length: 90 }, (_, index) => `${String(index).padStart(3, '0')}.py`);
    write(root, Object.fromEntries(names.map((name, index) => [name, `def f${index}():\n    return ${index}\n`])));
    const workerUrl = new URL('./workers/aborting.mjs', import.meta.url);
    for (let run = 0; run < 5; run++) {
      const pool = openParsePool({ root, workers: 2, maxFileBytes: 1e6, allowSecrets: false, workerUrl });
      onTestFinished(() => pool.close());
      const found: string[] = [];
      for await (const outcome of pool.outcomes(names.map((path) => ({ path, knownSha256: null, size: 30 })))) {
        if (outcome.kind !== 'parsed') throw new Error(`${outcome.path} is ${outcome.kind}`);
        const { path, status, reason, chunks } = outcome.file;
        found.push(path);
        expect(chunks.map(({ content }) => content)).toEqual([
          `def f${found.length - 1}():\n    return ${found.length - 1}`,
        ]);
        if (status !== 'parsed')
          expect({ status, reason }).toMatchObject({
            status: 'fallback',
            reason: expect.stringContaining('its bytes stop the parser'),
          });
      }
      expect(found).toEqual(names);
    }
  });

  test('cuts a text that stops the parser each time into lines, and says so', { timeout: 60_000 }, async () => {
    const root = temporaryFolder();
    const deep = `${'> '.repeat(2_000)}x\n${`${'> '.repeat(300)}y\n`.repeat(300)}`; // the grammar's scanner writes out of bounds
    write(root, { 'a.md': '# Title\n', 'b.md': deep, 'c.py': 'x = 1\n' });
    const pool = openParsePool({ root, workers: 1, maxFileBytes: 1e6, allowSecrets: false });
    onTestFinished(() => pool.close());
    const found: string[][] = [];
    for await (const outcome of pool.outcomes(
      ['a.md', 'b.md', 'c.py'].map((path) => ({ path, knownSha256: null, size: 1 })),
    )) {
      if (outcome.kind === 'parsed') found.push([outcome.file.status, outcome.file.reason]);
    }
    expect(found).toEqual([
      ['parsed', ''],
      ['fallback', 'its bytes stop the parser (memory access out of bounds)'],
      ['parsed', ''],
    ]);
  });

  test('of a root that is a link reads through it', async () => {
    const root = temporaryFolder();
    write(root, { 'real/a.py': 'x = 1\n' });
    const { symlinkSync } = await import('node:fs');
    symlinkSync('real', join(root, 'link'));
    const pool = openParsePool({ root: join(root, 'link'), workers: 1, maxFileBytes: 1e6, allowSecrets: false });
    onTestFinished(() => pool.close());
    for await (const outcome of pool.outcomes([{ path: 'a.py', knownSha256: null, size: 6 }])) {
      expect(outcome).toMatchObject({ kind: 'parsed', file: { status: 'parsed' } });
    }
  });

  test('says of a root that is gone that it cannot start', async () => {
    const root = temporaryFolder();
    const pool = openParsePool({ root: join(root, 'gone'), workers: 1, maxFileBytes: 1e6, allowSecrets: false });
    onTestFinished(() => pool.close());
    const outcomes = pool.outcomes([{ path: 'a.py', knownSha256: null, size: 6 }])[Symbol.asyncIterator]();
    const error: unknown = await outcomes.next().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(IndexerError);
    expect(error).toMatchObject({ code: 'PLATFORM', message: expect.stringContaining('ENOENT') });
  });
});
