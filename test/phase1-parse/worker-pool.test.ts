import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { IndexerError } from '../../src/core/errors.ts';
import type { ParseOutcome, ParseRequest } from '../../src/phase1-parse/pool/types.ts';
import { openParsePool, type ParsePool, type ParsePoolOptions } from '../../src/phase1-parse/pool/worker-pool.ts';
import { temporaryFolder } from './temporary-trees.ts';

const SCRIPTED = new URL('./workers/scripted.mjs', import.meta.url);

function openPool(over: Partial<ParsePoolOptions> = {}): ParsePool & { tally: string } {
  const tally = temporaryFolder();
  const pool = openParsePool({
    root: tally,
    workers: 2,
    maxFileBytes: 1e6,
    allowSecrets: false,
    workerUrl: SCRIPTED,
    ...over,
  });
  onTestFinished(() => pool.close());
  return { ...pool, tally };
}

function requestsOf(deeds: readonly string[], size = 100): ParseRequest[] {
  return deeds.map((deed, index) => ({ path: deed === '' ? `${index}` : `${index}.${deed}`, knownSha256: null, size }));
}

async function collect(outcomes: AsyncIterable<ParseOutcome>): Promise<ParseOutcome[]> {
  const found: ParseOutcome[] = [];
  for await (const outcome of outcomes) found.push(outcome);
  return found;
}

const pathOf = (outcome: ParseOutcome) => (outcome.kind === 'parsed' ? outcome.file.path : outcome.path);
const endings = (outcomes: readonly ParseOutcome[]) =>
  outcomes.map((outcome) => (outcome.kind === 'parsed' ? outcome.file.status : outcome.kind));
const startsIn = (tally: string) => readFileSync(join(tally, 'starts'), 'utf8').split('\n').length - 1;

describe('the parse pool', () => {
  test('gives outcomes in the order of the requests though batches end in another', async () => {
    const pool = openPool({ workers: 3 });
    // Every third batch is slow, so those behind it are done first.
    const deeds = Array.from({ length: 300 }, (_, index) => (index % 96 === 0 ? 'slow' : ''));
    const requests = requestsOf(deeds);
    const outcomes = await collect(pool.outcomes(requests));
    expect(outcomes.map(pathOf)).toEqual(requests.map(({ path }) => path));
    const threads = new Set(outcomes.map((outcome) => (outcome.kind === 'parsed' ? outcome.file.reason : '')));
    expect(threads.size).toBe(3);
  });

  test('starts no worker for nothing, and not more than there are batches', async () => {
    const pool = openPool({ workers: 8, workerUrl: new URL('./workers/broken.mjs', import.meta.url) });
    expect(await collect(pool.outcomes([]))).toEqual([]);
    const other = openPool({ workers: 8 });
    await collect(other.outcomes(requestsOf(Array(40).fill(''))));
    expect(startsIn(other.tally)).toBe(2);
  });

  test('closes a batch at 32 files or half a mebibyte', async () => {
    const pool = openPool({ workers: 8 });
    await collect(pool.outcomes(requestsOf(Array(3).fill('slow'), 512 * 1024)));
    expect(startsIn(pool.tally)).toBe(3);
  });

  test('takes requests only as outcomes are taken', async () => {
    const pool = openPool({ workers: 1 });
    let taken = 0;
    function* requests() {
      for (;;) yield { path: String(taken++), knownSha256: null, size: 512 * 1024 };
    }
    const outcomes = pool.outcomes(requests())[Symbol.asyncIterator]();
    await outcomes.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toBeLessThanOrEqual(4);
    await outcomes.return?.();
  });

  test('passes on what is known, so that the worker can say unchanged', async () => {
    const pool = openPool();
    const request = { path: '1', knownSha256: 'a'.repeat(64), size: 1 };
    expect(await collect(pool.outcomes([request]))).toMatchObject([{ kind: 'unchanged', path: '1' }]);
  });

  test('is good for more than one list', async () => {
    const pool = openPool({ workers: 1 });
    await collect(pool.outcomes(requestsOf(['', ''])));
    await collect(pool.outcomes(requestsOf(['', '', ''])));
    expect(startsIn(pool.tally)).toBe(1);
  });
});

const POISONED: Record<string, string> = {
  bytes: 'fallback',
  bytesAlways: 'unfinished',
  exit: 'unfinished',
  throw: 'unfinished',
  exitAlways: 'unfinished',
  shortage: 'unfinished',
};

describe('a worker that dies', () => {
  test.each(['exit.1', 'exit.2', 'throw.1', 'later.1', 'memory.1', 'bytes.2', 'shortage.2'])(
    'in a batch and once alone at most (%s) costs no file and no fallback',
    {
      timeout: 60_000,
    },
    async (deed) => {
      const pool = openPool();
      const requests = requestsOf(['', deed, '', '']);
      const outcomes = await collect(pool.outcomes(requests));
      expect(outcomes.map(pathOf)).toEqual(requests.map(({ path }) => path));
      expect(endings(outcomes)).toEqual(Array(4).fill('parsed'));
    },
  );

  test('each time over the bytes of one file leaves that file alone to be cut into lines, with the reason', async () => {
    const pool = openPool();
    const outcomes = await collect(pool.outcomes(requestsOf(['', 'bytes', ''])));
    expect(endings(outcomes)).toEqual(['parsed', 'fallback', 'parsed']);
    expect(outcomes[1]).toMatchObject({ file: { reason: 'its bytes stop the parser (Aborted() over 1.bytes)' } });
  });

  test.each([
    ['exit', /exit code 7/],
    ['throw', /Aborted/],
    ['shortage', /Aborted/],
    ['memory', /memory limit|out of memory/i],
    ['exitAlways', /exit code 7/],
    ['bytesAlways', /cut into lines.*Aborted/],
  ])(
    'each time, but not for certain over its bytes (%s), leaves it unfinished',
    { timeout: 60_000 },
    async (deed, why) => {
      const pool = openPool();
      const outcomes = await collect(pool.outcomes(requestsOf(['', deed, ''])));
      expect(endings(outcomes)).toEqual(['parsed', 'unfinished', 'parsed']);
      expect(outcomes[1]).toMatchObject({
        // A stamp that no file can have, so that the next run reads it again.
        file: { path: `1.${deed}`, sha256: '', chunks: [], stamp: { ino: '0' }, reason: expect.stringMatching(why) },
      });
    },
  );

  test('over a file is asked once more in a thread that has done nothing else', async () => {
    const pool = openPool({ workers: 1 });
    await collect(pool.outcomes(requestsOf(['', 'bytes', ''])));
    // The batch, the other files and this one alone in two threads, this one in a third, its lines in a fourth.
    expect(startsIn(pool.tally)).toBe(4);
  });

  test('without dying (it says nothing more) is replaced as well', async () => {
    const pool = openPool({ stallMs: 200 });
    const outcomes = await collect(pool.outcomes(requestsOf(['', 'hang.1', 'hang', ''])));
    expect(endings(outcomes)).toEqual(['parsed', 'parsed', 'unfinished', 'parsed']);
    expect(outcomes[2]).toMatchObject({ file: { reason: expect.stringContaining('no sign of life within 0.2 s') } });
  });

  test('or computes without end', async () => {
    const pool = openPool({ stallMs: 400 });
    const outcomes = await collect(pool.outcomes(requestsOf(['', 'spin', ''])));
    expect(endings(outcomes)).toEqual(['parsed', 'unfinished', 'parsed']);
  });

  test('that only waits for the system, as in a process that is stopped, is waited for', async () => {
    const pool = openPool({ stallMs: 400, workers: 1 });
    const outcomes = await collect(pool.outcomes(requestsOf(['', 'blocked', '']))); // 2 s without computing or idling
    expect(endings(outcomes)).toEqual(['parsed', 'parsed', 'parsed']);
    expect(startsIn(pool.tally)).toBe(1);
  });

  test('at work on a long batch is not taken for silent while it goes on', async () => {
    const pool = openPool({ stallMs: 200, workers: 1 });
    const outcomes = await collect(pool.outcomes(requestsOf(Array(30).fill('slow')))); // 30 × 30 ms
    expect(endings(outcomes)).toEqual(Array(30).fill('parsed'));
    expect(startsIn(pool.tally)).toBe(1);
  });

  test('at random, over many batches, loses no file and keeps the order', { timeout: 120_000 }, async () => {
    const deed = fc.oneof(
      { weight: 30, arbitrary: fc.constant('') },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          'exit.1',
          'throw.1',
          'later.1',
          'bytes.1',
          'exit',
          'bytes',
          'shortage',
          'exitAlways',
        ),
      },
    );
    let deaths = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(deed, { minLength: 60, maxLength: 160 }),
        fc.integer({ min: 1, max: 3 }),
        async (deeds, workers) => {
          const tally = temporaryFolder();
          const pool = openParsePool({
            root: tally,
            workers,
            maxFileBytes: 1e6,
            allowSecrets: false,
            workerUrl: SCRIPTED,
          });
          const requests = requestsOf(deeds);
          const outcomes = await collect(pool.outcomes(requests));
          await pool.close();
          deaths += startsIn(tally);
          expect(outcomes.map(pathOf)).toEqual(requests.map(({ path }) => path));
          for (const [index, ending] of endings(outcomes).entries()) {
            expect(ending).toBe(POISONED[deeds[index]!] ?? 'parsed');
          }
        },
      ),
      { numRuns: 8 },
    );
    expect(deaths).toBeGreaterThan(20);
  });
});

describe('what ends the run', () => {
  test('a damaged grammar reaches the caller as the same error, after the outcomes before it', async () => {
    const pool = openPool({ workers: 2 });
    const deeds = [...Array(32).fill(''), 'damaged', ...Array(100).fill('')];
    const seen: string[] = [];
    const run = async () => {
      for await (const outcome of pool.outcomes(requestsOf(deeds))) seen.push(pathOf(outcome));
    };
    const error = await run().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(IndexerError);
    expect(error).toMatchObject({
      code: 'GRAMMAR_DAMAGED',
      message: 'the grammar for 32.damaged is damaged',
      hint: 'install again',
    });
    expect(seen).toHaveLength(32);
    expect(startsIn(pool.tally)).toBeLessThanOrEqual(2); // nobody died of it
  });

  test('workers that do not even start are an error, not a failure of every file', async () => {
    const pool = openPool({ workerUrl: new URL('./workers/broken.mjs', import.meta.url) });
    await expect(collect(pool.outcomes(requestsOf(Array(100).fill(''))))).rejects.toMatchObject({
      code: 'PLATFORM',
      message: 'parser threads do not start: this worker cannot be loaded',
      hint: expect.stringMatching(/--workers=1|ulimit -v/),
    });
    const absent = openPool({ workerUrl: new URL('./workers/absent.mjs', import.meta.url) });
    await expect(collect(absent.outcomes(requestsOf([''])))).rejects.toThrow('parser threads do not start');
  });

  test('a parser that starts in no thread is such an error too', async () => {
    const pool = openPool({ workers: 3 });
    await expect(collect(pool.outcomes(requestsOf(Array(99).fill('unable.0'))))).rejects.toMatchObject({
      code: 'PLATFORM',
      message: 'parser threads do not start: no memory for the parser',
    });
  });

  test('one that starts in some threads parses everything there', async () => {
    const pool = openPool({ workers: 3 });
    const outcomes = await collect(pool.outcomes(requestsOf(Array(99).fill('unable.1'))));
    expect(endings(outcomes)).toEqual(Array(99).fill('parsed'));
  });

  test('an abort surfaces its own reason at once, even over a worker that hangs', async () => {
    const pool = openPool();
    const controller = new AbortController();
    const reason = new Error('enough');
    const run = collect(pool.outcomes(requestsOf(['', 'hang']), controller.signal));
    setImmediate(() => controller.abort(reason));
    await expect(run).rejects.toBe(reason);
    await expect(collect(pool.outcomes(requestsOf(['']), controller.signal))).rejects.toBe(reason);
  });

  test('closing ends workers that hang, and what waits for them is told', async () => {
    const pool = openPool();
    const run = collect(pool.outcomes(requestsOf(['hang'])));
    const told = expect(run).rejects.toThrow('the parse pool is closed');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await pool.close();
    await told;
    await expect(collect(pool.outcomes(requestsOf([''])))).rejects.toThrow('the parse pool is closed');
  });

  test('no listener is left on the signal', async () => {
    const pool = openPool();
    const { signal } = new AbortController();
    await collect(pool.outcomes(requestsOf(Array(500).fill('')), signal));
    expect(EventEmitter.getEventListeners(signal, 'abort')).toEqual([]);
  });
});
