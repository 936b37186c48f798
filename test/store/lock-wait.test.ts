// Waiting for a lock, taking it over from a holder that cannot be seen, and taking it away on request. Stale times are
// shortened; what they are compared with is the same.
import { spawn } from 'node:child_process';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeSelf, judge, type LockHolder } from '../../src/store/lock/holder.ts';
import { acquireLock, type LockOptions, readLockHolder } from '../../src/store/lock/lock.ts';
import { removeLock } from '../../src/store/lock/removal.ts';
import { heartbeatWatch } from '../../src/store/lock/watch.ts';
import { temporaryDirectory } from './make.ts';

const lockModule = new URL('../../dist/store/lock/lock.js', import.meta.url).href;

/** Takes the lock at its first line, asks for it at each further one and says what came of it; ends with its input. */
const holderProgram = `
  import { createInterface } from 'node:readline';
  import { acquireLock } from ${JSON.stringify(lockModule)};
  const [path, options] = process.argv.slice(1);
  let lock;
  process.stdout.write('ready\\n');
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      if (line === 'block') {
        const end = performance.now() + 600;
        while (performance.now() < end);
      } else if (lock === undefined) lock = await acquireLock(path, JSON.parse(options));
      else await lock.assertHeld();
      process.stdout.write('ok\\n');
    } catch (error) {
      process.stdout.write((error.code ?? String(error)) + '\\n');
    }
  }
  if (process.argv[3] !== 'stay') await lock?.release();`;

function start(path: string, options: LockOptions = {}, ...more: string[]) {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', holderProgram, path, JSON.stringify(options), ...more],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines: string[] = [];
  let wake = () => {};
  let rest = '';
  child.stdout.on('data', (data: Buffer) => {
    const parts = (rest + data.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    wake();
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const next = async (): Promise<string> => {
    while (lines.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return lines.shift()!;
  };
  return {
    child,
    closed,
    next,
    async say(word: string): Promise<string> {
      child.stdin.write(`${word}\n`);
      return next();
    },
    async end() {
      child.stdin.end();
      await closed;
    },
  };
}

async function externalLock(path: string, change: Partial<LockHolder> = { host: 'buildbox' }): Promise<void> {
  await writeFile(path, JSON.stringify({ ...(await describeSelf('foreign-nonce')), pid: 4121, ...change }));
}

/** Stands for a holder elsewhere: its heart beats until it is told to stop. */
function beating(path: string): () => void {
  const timer = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), 40);
  return () => clearInterval(timer);
}

const SOON: LockOptions = { waitMs: 10_000, staleAfterMs: 400, pollMs: 30 };

describe('what can be known of a holder', () => {
  test('of another host, another namespace or an unknown boot nothing is known, whatever its pid', async () => {
    const self = await describeSelf('self');
    const verdict = (change: Partial<LockHolder>) =>
      judge({ holder: { ...self, pid: 2 ** 30, ...change }, beatNs: 0n }, self);
    expect(verdict({})).toBe('dead');
    expect(verdict({ pid: process.pid })).toBe('alive');
    expect(verdict({ host: 'buildbox' })).toBe('unknown');
    expect(verdict({ pid_namespace: 'pid:[1]' })).toBe('unknown');
    expect(verdict({ boot_id: '' })).toBe('unknown');
    expect(verdict({ pid: process.pid, process_start: '' })).toBe('unknown');
  });

  test('one of this machine from before its boot is dead; one of another machine of that name is not', async () => {
    const self = { ...(await describeSelf('self')), boot_id: 'this', machine_id: 'm1' };
    const verdict = (machine: string, beatNs: bigint) =>
      judge({ holder: { ...self, boot_id: 'that', machine_id: machine }, beatNs }, self);
    const now = BigInt(Date.now()) * 1_000_000n;
    expect(verdict('m1', 0n)).toBe('dead');
    expect(verdict('m1', now)).toBe('unknown');
    expect(verdict('m2', 0n)).toBe('unknown');
    expect(verdict('', 0n)).toBe('unknown');
  });
});

describe('watching a heartbeat', () => {
  const holder = { nonce: 'n' } as LockHolder;

  test('looks at change alone: clocks may jump either way', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }), { minLength: 2 }), (times) => {
        let now = 0;
        const watch = heartbeatWatch(60_000, () => now);
        let before: bigint | undefined;
        let unchangedMs = 0;
        for (const beatNs of times) {
          unchangedMs = beatNs === before ? unchangedMs + 20_000 : 0;
          before = beatNs;
          expect(watch.look({ holder, beatNs }) === 'stands-still').toBe(unchangedMs >= 60_000);
          now += 20_000;
        }
      }),
    );
    let now = 0;
    const watch = heartbeatWatch(60_000, () => now);
    expect(watch.look({ holder, beatNs: 5n })).toBe('watching');
    now = 59_999;
    expect(watch.look({ holder, beatNs: 5n })).toBe('watching');
    now = 60_000;
    expect(watch.look({ holder, beatNs: 5n })).toBe('stands-still');
    expect(watch.look({ holder, beatNs: 4n })).toBe('beats');
  });
});

describe('a holder that cannot be seen', () => {
  test('is watched without being waited for, and named as soon as its heart is seen', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    await externalLock(path);
    const stop = beating(path);
    const said: unknown[] = [];
    const onWait = (holder: LockHolder, forMs: number | null) => said.push(holder.nonce, forMs);
    await expect(acquireLock(path, { pollMs: 30, onWait })).rejects.toMatchObject({
      code: 'INDEX_LOCKED',
      message: expect.stringMatching(/pid 4121 on buildbox.*cannot be seen from here, but its heartbeat can/),
      hint: expect.stringMatching(/--wait/),
    });
    stop();
    expect(said).toEqual(['foreign-nonce', 60_000]);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ nonce: 'foreign-nonce' });
  });

  test('is replaced by a job that nobody watches, which would be refused for ever otherwise', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    for (const waitMs of [0, 100]) {
      await externalLock(path);
      await (await acquireLock(path, { waitMs, staleAfterMs: 400, pollMs: 30 })).release();
    }
    await externalLock(path);
    const controller = new AbortController();
    const watching = acquireLock(path, { signal: controller.signal });
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 50);
    await expect(watching, 'a signal ends it').rejects.toBe(reason);
  });

  test.each([
    ['of another host', { host: 'buildbox' }],
    ['in another container', { pid_namespace: 'pid:[1]' }],
    ['of an unknown boot', { boot_id: '' }],
  ])('%s is replaced once its heartbeat stopped before our eyes', async (_, change) => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    await externalLock(path, change);
    const seen: string[] = [];
    const startedAt = performance.now();
    const lock = await acquireLock(path, { ...SOON, onWait: (holder) => seen.push(holder.nonce) });
    expect(performance.now() - startedAt).toBeGreaterThan(390);
    expect(seen).toEqual(['foreign-nonce']);
    await lock.assertHeld();
    await lock.release();
    expect(await readdir(directory.path)).toEqual([]);
  });

  test('keeps the lock as long as its heart beats', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    await externalLock(path);
    const stop = beating(path);
    await expect(acquireLock(path, { ...SOON, waitMs: 1500 })).rejects.toMatchObject({ code: 'INDEX_LOCKED' });
    stop();
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ nonce: 'foreign-nonce' });
  });

  test('whose heart stopped is replaced by exactly one of four that wait', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    for (let round = 0; round < 2; round++) {
      await externalLock(path);
      const contenders = Array.from({ length: 4 }, () => start(path, { ...SOON, waitMs: 1_200 }));
      await Promise.all(contenders.map(({ next }) => next()));
      const said = await Promise.all(contenders.map(({ say }) => say('take')));
      expect(said.sort()).toEqual(['INDEX_LOCKED', 'INDEX_LOCKED', 'INDEX_LOCKED', 'ok']);
      await Promise.all(contenders.map(({ end }) => end()));
      expect(await readdir(directory.path)).toEqual([]);
    }
  });

  test('that left a claim behind while it replaced another does not block for ever', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    await externalLock(path, { nonce: 'dead-nonce', pid: 2 ** 30 });
    await externalLock(`${path}.dead-non`);
    const stop = beating(`${path}.dead-non`);
    await expect(acquireLock(path, { pollMs: 30 })).rejects.toMatchObject({ code: 'INDEX_LOCKED' });
    stop();
    await (await acquireLock(path, SOON)).release();
    expect(await readdir(directory.path)).toEqual([]);
  });
});

describe('waiting', () => {
  test('ends when the holder gives the lock back, or is killed', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    for (const leave of ['end', 'kill'] as const) {
      const holder = start(path);
      await holder.next();
      expect(await holder.say('take')).toBe('ok');
      const waiting = acquireLock(path, { waitMs: 20_000, pollMs: 30 });
      if (leave === 'end') await holder.end();
      else holder.child.kill('SIGKILL');
      await (await waiting).release();
      await holder.closed;
    }
    expect(await readdir(directory.path)).toEqual([]);
  });

  test('is not disturbed by a holder that sweeps temporary files', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    const first = await acquireLock(path);
    const waiting = acquireLock(path, { waitMs: 20_000, pollMs: 10 });
    await sleep(50);
    expect(await readdir(directory.path)).toEqual(['lock']);
    await first.release();
    await (await waiting).release();
  });

  test('ends at its limit, and with the reason of a signal', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    const held = await acquireLock(path);
    await expect(acquireLock(path, { waitMs: 200, pollMs: 30, staleAfterMs: 60 })).rejects.toMatchObject({
      code: 'INDEX_LOCKED',
      message: expect.stringMatching(/waited/),
    });
    const controller = new AbortController();
    const waiting = acquireLock(path, { waitMs: 20_000, signal: controller.signal });
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 50);
    await expect(waiting).rejects.toBe(reason);
    await held.release();
  });
});

async function beatsWithin(path: string, ms: number): Promise<number> {
  const seen = new Set<bigint>();
  const end = performance.now() + ms;
  while (performance.now() < end) {
    seen.add((await stat(path, { bigint: true })).mtimeNs);
    await sleep(10);
  }
  return seen.size - 1;
}

const FAST = { heartbeat: { delayMs: 20, intervalMs: 50 } };

describe('the heartbeat', () => {
  test('goes on while the main thread is busy, and not before its delay', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    const holder = start(path, FAST);
    await holder.next();
    expect(await holder.say('take')).toBe('ok');
    while ((await beatsWithin(path, 100)) === 0);
    const blocked = holder.say('block');
    expect(await beatsWithin(path, 400)).toBeGreaterThan(2);
    await blocked;
    await holder.end();

    const late = await acquireLock(path);
    expect(await beatsWithin(path, 300)).toBe(0);
    await late.release();
  });

  test('does not keep a process alive that forgot to give its lock back', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    const holder = start(path, FAST, 'stay');
    await holder.next();
    expect(await holder.say('take')).toBe('ok');
    while ((await beatsWithin(path, 100)) === 0);
    holder.child.stdin.end();
    expect(await holder.closed).toBe(0);
    expect(await readLockHolder(path)).toMatchObject({ alive: false });
    await (await acquireLock(path)).release();
  });

  test('leaves a successor’s lock alone', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    const lock = await acquireLock(path, FAST);
    while ((await beatsWithin(path, 100)) === 0);
    expect(await removeLock(path, { force: true })).toMatchObject({ because: 'forced' });
    await externalLock(path);
    expect(await beatsWithin(path, 300)).toBe(0);
    await expect(lock.assertHeld()).rejects.toMatchObject({ code: 'LOCK_LOST' });
    await lock.release();
    expect(await readdir(directory.path)).toEqual(['lock']);
  });
});

describe('taking a lock away', () => {
  const quick = { force: false, staleAfterMs: 300, pollMs: 30 };

  test('of nobody does nothing', async () => {
    await using directory = await temporaryDirectory();
    expect(await removeLock(join(directory.path, 'lock'), quick)).toBeNull();
  });

  test('of a dead holder happens at once', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    await externalLock(path, { pid: 2 ** 30 });
    expect(await removeLock(path, { force: false })).toMatchObject({ because: 'dead', holder: { pid: 2 ** 30 } });
    expect(await readdir(directory.path)).toEqual([]);
  });

  test('of a live one is refused, even if it was stopped for longer than a heartbeat may miss', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    const holder = start(path, FAST);
    await holder.next();
    expect(await holder.say('take')).toBe('ok');
    holder.child.kill('SIGSTOP');
    await sleep(350);
    await expect(removeLock(path, quick)).rejects.toMatchObject({ code: 'INDEX_LOCKED' });
    await expect(acquireLock(path, { ...SOON, waitMs: 700 })).rejects.toMatchObject({ code: 'INDEX_LOCKED' });
    // Who insists gets it, and the holder stops before it writes again.
    expect(await removeLock(path, { ...quick, force: true })).toMatchObject({ because: 'forced' });
    const mine = await acquireLock(path);
    holder.child.kill('SIGCONT');
    expect(await holder.say('write')).toBe('LOCK_LOST');
    await holder.end();
    await mine.assertHeld();
    await mine.release();
  });

  test('of one elsewhere needs its heartbeat to stand still', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    await externalLock(path);
    const stop = beating(path);
    await expect(removeLock(path, quick)).rejects.toMatchObject({
      code: 'INDEX_LOCKED',
      message: expect.stringMatching(/heartbeat/),
    });
    stop();
    const watched: (string | undefined)[] = [];
    const removed = await removeLock(path, { ...quick, onWatch: (holder) => watched.push(holder?.host) });
    expect(removed).toMatchObject({ because: 'stands-still', holder: { host: 'buildbox' } });
    expect(watched).toEqual(['buildbox']);
    expect(await readdir(directory.path)).toEqual([]);
  });

  test('that cannot be understood too', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    await writeFile(path, '');
    expect(await removeLock(path, quick)).toEqual({ holder: null, because: 'stands-still' });
    expect(await readdir(directory.path)).toEqual([]);
  });
});
