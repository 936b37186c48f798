// What a client, a project or an index can do that it should not.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  bin,
  INDEX,
  indexedProject,
  removeTemplate,
  statusOf,
  tandem,
  temporary,
  write,
} from '../compat-failures/project.ts';
import { connectTo } from './client.ts';

afterAll(removeTemplate);

/** A project with a file beside it that nobody may see. */
function besideASecret(): { root: string; secret: string } {
  const root = indexedProject();
  const secret = join(temporary(), 'secret.py');
  onTestFinished(() => rmSync(dirname(secret), { recursive: true, force: true }));
  writeFileSync(secret, 'PASSWORD_OF_THE_OTHERS = 1\n');
  symlinkSync(dirname(secret), join(root, 'link'));
  symlinkSync(secret, join(root, 'file-link.py'));
  return { root, secret };
}

describe('a path outside of the root', () => {
  const ways = (root: string, secret: string) => [
    secret,
    `../${dirname(secret).split('/').at(-1)}/secret.py`,
    `src/../../${dirname(secret).split('/').at(-1)}/secret.py`,
    'link/secret.py',
    'file-link.py',
    '/etc/passwd',
    `${root}x`,
    '..',
    '/',
    'src/\0/../../x',
  ];

  it('is refused by every tool, and nothing of it is shown', async () => {
    const { root, secret } = besideASecret();
    const { call } = await connectTo({ cwd: root });
    for (const path of ways(root, secret)) {
      for (const [tool, args] of [
        ['outline', { path }],
        ['read_chunk', { location: `${path}:1` }],
        ['similar', { file: path }],
        ['similar', { file: `${path}:1` }],
        ['search', { query: 'mail', files: [path] }],
        ['search', { query: 'mail', files: [`!${path}`] }],
        ['search', { query: 'mail', files: [`${path}/**`] }],
        ['status', { path }],
        ['search', { query: 'mail', project: path }],
        ['index', { project: path }],
      ] as const) {
        const { isError, json, text } = await call(tool, args);
        expect([tool, args, isError, json.error]).toEqual([tool, args, true, 'USAGE']);
        expect(text).not.toContain('PASSWORD');
      }
    }
  });

  it('is refused as a resource', async () => {
    const { root, secret } = besideASecret();
    const { client } = await connectTo({ cwd: root });
    for (const uri of [
      `tandem://outline/${secret}`,
      'tandem://outline/..%2F..',
      'tandem://outline/%E0%A4%A',
      'tandem://chunk/../../x',
      'tandem://chunk/',
      'tandem://other/x',
      `file://${secret}`,
    ])
      await expect(client.readResource({ uri })).rejects.toThrow(/USAGE|outside|NOTHING_MATCHES/);
  });

  it('in the rows of an index that came with a clone shows nothing', async () => {
    const { root, secret } = besideASecret();
    const { connect } = await import('../../src/store/lance/connect.ts');
    const connection = await connect(join(root, INDEX, 'lance'));
    for (const name of ['chunks', 'vectors']) {
      const table = await connection.openTable(name);
      await table.update({
        where: "file_path = 'src/mail.ts'",
        values: { file_path: `../${dirname(secret).split('/').at(-1)}/secret.py` },
      });
    }
    connection.close();
    const { call } = await connectTo({ cwd: root });
    const { json, text } = await call('search', { query: 'send a mail' });
    expect(JSON.stringify(json) + text).not.toContain('PASSWORD');
    const hit = json.hits.find((each: { file_path: string }) => each.file_path.startsWith('..'));
    expect(hit?.stale).not.toBe(false);
  });
});

describe('the client', () => {
  it('is told what is wrong with its arguments', async () => {
    const { call } = await connectTo({ cwd: indexedProject() });
    for (const [tool, args, message] of [
      ['serch', {}, /no tool serch[\s\S]*did you mean search/],
      ['search', {}, /query/],
      ['search', { query: '' }, /query/],
      ['search', { query: 7 }, /query/],
      ['search', { query: 'x'.repeat(1_000_000) }, /query \(1000000 characters\)/],
      ['search', { query: 'a', limit: 0 }, /limit/],
      ['search', { query: 'a', limit: 1e9 }, /limit/],
      ['search', { query: 'a', max_tokens: 1 }, /max_tokens/],
      ['search', { query: 'a', mode: 'magic' }, /mode/],
      ['search', { query: 'a', langauges: ['py'] }, /did you mean languages/],
      ['search', { query: 'a', model: '/tmp/model' }, /no argument model/],
      ['search', { query: 'a', files: 'src' }, /files/],
      ['similar', {}, /one of them/],
      ['similar', { chunk_id: 'x', file: 'src/mail.ts' }, /one of them/],
      ['similar', { chunk_id: "' OR 1=1 --" }, /chunk_id/],
      ['read_chunk', { chunk_id: '0000000000000000' }, /no chunk/],
      ['read_chunk', { location: 'src/mail.ts' }, /names no line/],
      ['read_chunk', { location: 'src/mail.ts:0' }, /names no line/],
      ['read_chunk', { location: "src/'; DROP TABLE.ts:1" }, /no chunk/],
      ['outline', { path: "it's/nowhere" }, /nothing in/],
      ['index', { force: 'yes' }, /force/],
    ] as const) {
      const { isError, text, json } = await call(tool, args);
      expect([tool, args, isError]).toEqual([tool, args, true]);
      expect(text).toMatch(message);
      expect(json).toMatchObject({ schema: 1, error: expect.stringMatching(/^(USAGE|NOTHING_MATCHES)$/) });
    }
  });

  it('may have quotes and odd letters in its project', async () => {
    const { call } = await connectTo({ cwd: indexedProject() });
    expect((await call('outline', { path: "it's/o'clock.py" })).json.files[0].definitions[0].name).toBe('strike');
    expect((await call('similar', { file: "it's/o'clock.py:1" })).isError).toBe(false);
  });

  it('may send what is no JSON, and is still answered', async () => {
    const root = indexedProject();
    const server = spawn(process.execPath, [bin, 'mcp'], { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
    onTestFinished(() => void server.kill('SIGKILL'));
    let said = '';
    server.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const send = (text: string) => server.stdin.write(`${text}\n`);
    send('{ this is no JSON');
    send('[]');
    send('"text"');
    send(
      '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}',
    );
    send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    send('{"jsonrpc":"2.0","id":1,"method":"no/such/method"}');
    send('{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"status"}}');
    for (let waited = 0; !said.includes('"id":2') && waited < 300; waited++) await delay(100);
    const answers = said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number; error?: { code: number } });
    expect(answers.find(({ id }) => id === 1)?.error?.code).toBe(-32601);
    expect(said).toContain('"layout":"dual-table"');
    server.stdin.end();
    const [code] = await once(server, 'exit');
    expect(code).toBe(0);
  });

  it('may leave in the middle of a run: what was done is kept, and the program ends', async () => {
    const root = temporary();
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const many = Array.from({ length: 400 }, (_, at) => [`src/f${at}.py`, `def f${at}(a):\n    return a * ${at}\n`]);
    write(root, Object.fromEntries(many));
    const { client, call, pid } = await connectTo({ cwd: root });
    let begun = false;
    const onprogress = () => {
      begun = true;
    };
    const running = call('index', {}, { onprogress }).catch(() => undefined);
    for (let waited = 0; !begun && waited < 300; waited++) await delay(50);
    expect(begun).toBe(true);
    await client.close();
    await running;
    for (let waited = 0; isAlive(pid) && waited < 100; waited++) await delay(100);
    expect(isAlive(pid)).toBe(false);
    expect(statusOf(root).locked_by).toBeNull();
    tandem(root, 'index', '-q');
    expect(statusOf(root)).toMatchObject({ complete: true, files: { indexed: 400 } });
  });

  it('may cancel a run, is told how far it came, and goes on with it', async () => {
    const root = temporary();
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const many = Array.from({ length: 600 }, (_, at) => [`src/f${at}.py`, `def f${at}(a):\n    return a * ${at}\n`]);
    write(root, Object.fromEntries(many));
    const { call } = await connectTo({ cwd: root });
    const stop = new AbortController();
    const seen: number[] = [];
    const stopped = call(
      'index',
      {},
      {
        signal: stop.signal,
        onprogress: ({ progress }) => {
          seen.push(progress);
          if (progress >= 500) stop.abort();
        },
      },
    );
    await expect(stopped).rejects.toThrow();
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    const { json } = await call('index');
    expect(json).toMatchObject({ complete: true, chunks: { pending: 0 } });
  });

  it('may give up waiting: the run goes on, and a second call joins it', async () => {
    const root = temporary();
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const many = Array.from({ length: 400 }, (_, at) => [`src/f${at}.py`, `def f${at}(a):\n    return a * ${at}\n`]);
    write(root, Object.fromEntries(many));
    const { call } = await connectTo({ cwd: root });
    const first = await call('index', { wait_seconds: 0 });
    expect(first.json).toMatchObject({ running: { phase: 1 }, next: [expect.stringContaining('goes on')] });
    const second = await call('index', { wait_seconds: 60 });
    expect(second.json).toMatchObject({ complete: true, files: { added: 400 } });
  });
});

describe('a project', () => {
  it('is not indexed, and not written to, by connecting and asking', async () => {
    const root = temporary();
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    write(root, { 'a.py': 'def a():\n    pass\n' });
    const { call, client } = await connectTo({ cwd: root });
    await client.listTools();
    for (const tool of ['status', 'outline']) await call(tool);
    await call('search', { query: 'a' });
    expect(readdirSync(root)).toEqual(['a.py']);
  });

  it.each([
    [{ model: '/tmp/evil' }, 'model'],
    [{ modelDir: '../evil' }, 'modelDir'],
    [{ cacheDir: '/tmp/evil' }, 'cacheDir'],
    [{ indexDir: '../evil' }, 'indexDir'],
    [{ allowSecrets: true }, 'allowSecrets'],
    [{ languages: ['../evil'] }, 'language'],
  ])('may not say %j', async (settings, name) => {
    const root = indexedProject();
    writeFileSync(join(root, '.tandem.json'), JSON.stringify(settings));
    const { call } = await connectTo({ cwd: root });
    for (const [tool, args] of [
      ['search', { query: 'a' }],
      ['index', {}],
      ['status', {}],
    ] as const) {
      const { isError, json } = await call(tool, args);
      expect([tool, isError, json.error]).toEqual([tool, true, 'CONFIG_INVALID']);
      expect(json.message).toContain(name);
    }
  });

  it('may not have its index elsewhere by a link', async () => {
    const other = indexedProject();
    const root = temporary();
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    symlinkSync(join(other, INDEX), join(root, INDEX));
    const { call } = await connectTo({ cwd: root });
    expect((await call('search', { query: 'mail' })).json).toMatchObject({ error: 'CONFIG_INVALID' });
  });

  it('whose index is damaged or newer is told as the command tells it, and left as it is', async () => {
    const root = indexedProject();
    const { call } = await connectTo({ cwd: root });
    expect((await call('search', { query: 'mail' })).isError).toBe(false);
    const versions = join(root, INDEX, 'lance/chunks.lance/_versions');
    const [head] = readdirSync(versions).sort();
    writeFileSync(join(versions, head!), readFileSync(join(versions, head!)).subarray(0, 40));
    const answer = await call('search', { query: 'mail' });
    expect([answer.isError, answer.json.error]).toEqual([true, 'INDEX_DAMAGED']);
    expect(answer.json.hint).toContain('tandem index');
    rmSync(join(root, INDEX), { recursive: true });
    mkdirSync(join(root, INDEX));
    expect((await call('search', { query: 'mail' })).json.error).toBe('NO_INDEX');
  });
});

describe('roots', () => {
  it.each(['legacy', 'auto'] as const)('come from the client, protocol %s', async (era) => {
    const [one, two, elsewhere] = [indexedProject(), indexedProject(), temporary()];
    onTestFinished(() => rmSync(elsewhere, { recursive: true, force: true }));
    const { call } = await connectTo({ cwd: elsewhere, roots: [one, two], era });
    expect((await call('status')).json.root).toBe(one);
    expect((await call('status', { project: two })).json.root).toBe(two);
    expect((await call('search', { query: 'mail', project: two })).json.root).toBe(two);
    const { json } = await call('search', { query: 'mail', project: elsewhere });
    expect(json).toMatchObject({ error: 'USAGE', hint: expect.stringContaining(one) });
  });

  it('that are no folder here are passed over, and the folder counts that the program was started in', async () => {
    const root = indexedProject();
    const { call } = await connectTo({
      cwd: root,
      roots: ['https://example.org/x', 'file://%', `${root}/nowhere/at/all`],
    });
    expect((await call('search', { query: 'mail' })).json.root).toBe(root);
  });

  it('below an index use it, up to the top of their work tree and no further', async () => {
    const root = indexedProject();
    const { call } = await connectTo({ cwd: '/', roots: [join(root, 'src')] });
    expect((await call('status')).json.layout).toBe('dual-table');
    mkdirSync(join(root, 'src/.git'));
    const other = await connectTo({ cwd: '/', roots: [join(root, 'src')] });
    expect((await other.call('status')).json.layout).toBe('none');
    expect(existsSync(join(root, 'src', INDEX))).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
