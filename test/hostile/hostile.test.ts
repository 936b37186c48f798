// A hostile project and a tampered index through the program as a user has it: nothing outside is read, no control
// byte reaches a terminal, no credential reaches the index.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { describe, expect, test } from 'vitest';
import { visible } from '../../src/cli/visible.ts';
import { type Ended, tandem } from '../cli/care.ts';
import { temporaryDirectory } from '../store/make.ts';
import { CANARIES, HOSTILE_NAMES, writeHostileProject } from './tree.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may reach a terminal
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/;

/** Every text that the index holds, of every column of every table, and of the files beside them. */
async function everyText(indexDir: string): Promise<string> {
  const texts: string[] = [];
  for (const folder of ['lance', 'tandem/lance']) {
    const connection = await connect(join(indexDir, folder));
    for (const name of await connection.tableNames()) {
      const table = await connection.openTable(name);
      for (const row of await table.query().toArray()) {
        texts.push(
          JSON.stringify({ ...row, vector: undefined }, (_, value) => (typeof value === 'bigint' ? 0 : value)),
        );
      }
    }
  }
  const { stdout } = spawnSync('grep', ['-rah', '', indexDir, '--include=*.json*'], { encoding: 'utf8' });
  return texts.join('\n') + stdout;
}

const outputsOf = (root: string): Ended[] => [
  tandem('search', 'named', '-p', root),
  tandem('search', 'escapes', '-p', root),
  tandem('status', root, '-v'),
  tandem('verify', root),
];

describe('a hostile project', () => {
  test('is indexed whole, and nothing of it gets out or in', async () => {
    await using directory = await temporaryDirectory();
    const root = writeHostileProject(directory.path);
    const indexed = tandem('index', root, '-v');
    expect(indexed.code, indexed.stderr).toBe(0);

    const texts = await everyText(join(root, '.mcp-vector-search'));
    for (const [name, canary] of Object.entries(CANARIES)) expect(texts.includes(canary), name).toBe(false);
    for (const index of HOSTILE_NAMES.keys()) expect(texts).toContain(`named_${index}`);

    for (const { code, stdout, stderr } of [indexed, ...outputsOf(root)]) {
      expect(code, stderr).toBe(0);
      expect(CONTROL.exec(stdout + stderr)).toBeNull();
    }
    expect(tandem('search', 'named 0', '-p', root).stdout).toContain(visible(HOSTILE_NAMES[0]!));

    // The same oracle sees a credential where one is let in.
    const open = tandem('index', root, '--phase=1', '--allow-secrets');
    expect(open.code, open.stderr).toBe(0);
    expect(await everyText(join(root, '.mcp-vector-search'))).toContain(CANARIES.token);
    const closed = tandem('index', root, '--phase=1');
    expect(closed.code, closed.stderr).toBe(0);
    expect(await everyText(join(root, '.mcp-vector-search'))).not.toContain(CANARIES.token);
  });

  test('would be seen to get out or in, if it did', async () => {
    await using directory = await temporaryDirectory();
    writeHostileProject(directory.path);
    const outside = join(directory.path, 'elsewhere');
    const indexed = tandem('index', outside);
    expect(indexed.code, indexed.stderr).toBe(0);
    expect(await everyText(join(outside, '.mcp-vector-search'))).toContain(CANARIES.outside);
    expect(HOSTILE_NAMES.filter((name) => CONTROL.test(name)).length).toBeGreaterThan(5);
  });

  test("gives GitHub's runner no commands", async () => {
    await using directory = await temporaryDirectory();
    const root = writeHostileProject(directory.path);
    const env = { ...process.env, GITHUB_ACTIONS: 'true' };
    const bin = new URL('../../bin/tandem.js', import.meta.url).pathname;
    const run = (...args: string[]) => spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', env });
    for (const { status, stdout, stderr } of [run('index', root, '-v'), run('search', 'runner', '-p', root)]) {
      expect(status, stderr).toBe(0);
      expect(`${stdout}\n${stderr}`).not.toMatch(/^\s*::/m);
    }
  });
});

describe('a tampered index', () => {
  test('rows that name files elsewhere open nothing', async () => {
    await using directory = await temporaryDirectory();
    const root = join(directory.path, 'project');
    spawnSync('mkdir', ['-p', root]);
    writeFileSync(join(root, 'a.py'), 'def found():\n    return 1\n');
    writeFileSync(join(directory.path, 'outside.py'), `${CANARIES.outside}\n`.repeat(20));
    expect(tandem('index', root).code).toBe(0);
    const connection = await connect(join(root, '.mcp-vector-search', 'lance'));
    const table = await connection.openTable('vectors');
    for (const path of ['../outside.py', join(directory.path, 'outside.py'), 'a/../../outside.py']) {
      await table.update({ values: { file_path: path, start_line: 5, end_line: 6 } });
      const found = tandem('search', 'found', '-p', root, '--json', '--mode=semantic');
      expect(found.code, found.stderr).toBe(0);
      expect(found.stdout).toContain('outside.py'); // the row itself is shown
      expect(found.stdout).not.toContain(CANARIES.outside);
    }
  });
});
