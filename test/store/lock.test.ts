import { spawn } from 'node:child_process';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { acquireLock, readLockHolder } from '../../src/store/lock/lock.ts';
import { temporaryDirectory } from './make.ts';

/** A long run: TANDEM_LOCK_ROUNDS=200 npx vitest run test/store/lock.test.ts */
const ROUNDS = Number(process.env.TANDEM_LOCK_ROUNDS ?? 12);

const lockModule = new URL('../../dist/store/lock/lock.js', import.meta.url).href;

/** Looks first and writes then, as locks do that were not thought through. */
const racyModule = `data:text/javascript,${encodeURIComponent(`
  import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
  export async function acquireLock(path) {
    if (existsSync(path)) throw Object.assign(new Error(), { code: 'INDEX_LOCKED' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const mine = String(process.pid);
    writeFileSync(path, mine);
    return {
      assertHeld: async () => { if (readFileSync(path, 'utf8') !== mine) throw new Error('lost'); },
      release: async () => rmSync(path, { force: true }),
    };
  }`)}`;

/** A process that tries for the lock, says what came of it, holds what it got until its input ends and says whether it kept it. */
const contender = (module: string) => `
  import { acquireLock } from ${JSON.stringify(module)};
  process.stdout.write('ready\\n');
  process.stdin.once('data', async () => {
    try {
      const lock = await acquireLock(process.argv[1]);
      process.stdout.write('won\\n');
      process.stdin.once('end', async () => {
        process.stdout.write(await lock.assertHeld().then(() => 'kept\\n', () => 'robbed\\n'));
        await lock.release();
        process.exit(0);
      });
    } catch (error) {
      process.stdout.write((error.code ?? String(error)) + '\\n');
      process.stdin.once('end', () => process.exit(0));
    }
  });`;

function start(path: string, module = lockModule) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', contender(module), path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  let rest = '';
  child.stdout.on('data', (data: Buffer) => {
    const parts = (rest + data.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    for (const wake of waiting.splice(0)) wake();
  });
  const line = async (index: number): Promise<string> => {
    while (lines.length <= index) await new Promise<void>((resolve) => waiting.push(resolve));
    return lines[index]!;
  };
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return { child, line, lines, closed };
}

/** Starts contenders at once; returns what each said, sorted. The winner holds the lock until all have spoken. */
async function contend(path: string, count: number, module = lockModule): Promise<string[]> {
  const contenders = Array.from({ length: count }, () => start(path, module));
  await Promise.all(contenders.map(({ line }) => line(0)));
  for (const { child } of contenders) child.stdin.write('go\n');
  await Promise.all(contenders.map(({ line }) => line(1)));
  for (const { child } of contenders) child.stdin.end();
  await Promise.all(contenders.map(({ closed }) => closed));
  return contenders.map(({ lines }) => lines.slice(1).join(', ')).sort();
}

async function deadHolder(path: string): Promise<string> {
  const { child, line, closed } = start(path);
  await line(0);
  child.stdin.write('go\n');
  expect(await line(1)).toBe('won');
  child.kill('SIGKILL');
  await closed;
  return readFile(path, 'utf8');
}

describe('the lock', () => {
  test(`in ${ROUNDS} rounds of eight starts at once exactly one wins, and the others are told so`, async () => {
    await using directory = await temporaryDirectory();
    for (let round = 0; round < ROUNDS; round++) {
      const said = await contend(join(directory.path, 'lock'), 8);
      expect(said).toEqual([...Array<string>(7).fill('INDEX_LOCKED'), 'won, kept']);
    }
    expect(await readdir(directory.path)).toEqual([]);
  }, 1_800_000);

  test('that had two winners, or were robbed, would be noticed by the same contenders', async () => {
    await using directory = await temporaryDirectory();
    const said = await contend(join(directory.path, 'lock'), 8, racyModule);
    expect(said.filter((words) => words.startsWith('won')).length).toBeGreaterThan(1);
    expect(said).toContain('won, robbed');
  });

  test('a dead holder is replaced by exactly one of six', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    const stale = await deadHolder(path);
    for (let round = 0; round < 10; round++) {
      await writeFile(path, stale);
      const said = await contend(path, 6);
      expect(said.filter((word) => word === 'won, kept')).toHaveLength(1);
      expect(said.filter((word) => word === 'INDEX_LOCKED')).toHaveLength(5);
      expect(await readdir(directory.path)).toEqual([]);
    }
  }, 120_000);

  test('a claim left by a process that died while it replaced a dead holder is replaced in turn', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    const stale = await deadHolder(path);
    const { nonce } = JSON.parse(stale) as { nonce: string };
    await writeFile(`${path}.${nonce.slice(0, 8)}`, JSON.stringify({ ...JSON.parse(stale), nonce: 'another' }));
    const lock = await acquireLock(path);
    await lock.assertHeld();
    expect(await readdir(directory.path)).toEqual(['lock']);
    await lock.release();
  });

  test('a pid that was given to another process does not keep the lock alive', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    const stale = JSON.parse(await deadHolder(path)) as object;
    await writeFile(path, JSON.stringify({ ...stale, pid: process.pid }));
    expect(await readLockHolder(path)).toMatchObject({ alive: false });
    await (await acquireLock(path)).release();
  });

  test('a holder on another host is believed, and named', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    const stale = JSON.parse(await deadHolder(path)) as object;
    await writeFile(path, JSON.stringify({ ...stale, host: 'buildbox', pid: 4121 }));
    const beat = setInterval(() => void utimes(path, new Date(), new Date()), 40);
    await expect(acquireLock(path, { pollMs: 30 })).rejects.toMatchObject({
      code: 'INDEX_LOCKED',
      message: expect.stringMatching(/pid 4121 on buildbox/),
    });
    clearInterval(beat);
  });

  test('a holder whose lock was taken over notices before it writes', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    const lock = await acquireLock(path);
    const mine = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...mine, nonce: 'another' }));
    await expect(lock.assertHeld()).rejects.toMatchObject({ code: 'LOCK_LOST' });
    await lock.release();
    expect(await readdir(directory.path)).toEqual(['lock']);
  });

  test('a lock file that cannot be understood is not taken for free', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'lock');
    await writeFile(path, '{"nonce":');
    await expect(acquireLock(path)).rejects.toMatchObject({ code: 'INDEX_LOCKED' });
    expect(fileURLToPath(lockModule)).toContain('dist');
  });
});
