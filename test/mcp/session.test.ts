// What an agent does with a project: asks, is told that there is no index, has one made, searches, reads, edits, is told
// what is stale, and searches again.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { INDEX, indexedProject, removeTemplate, tandem, temporary, write } from '../compat-failures/project.ts';
import { connectTo } from './client.ts';

afterAll(removeTemplate);

function freshProject(): string {
  const root = temporary();
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  write(root, {
    'src/mail.ts': 'export function sendMail(to: string, text: string): boolean {\n  return transport(to, text);\n}\n',
    'src/users.py': 'class Users:\n    def find(self, name):\n        return self.table[name]\n',
  });
  return root;
}

it.each(['legacy', 'auto'] as const)('a whole session, protocol %s', async (era) => {
  const root = freshProject();
  const { call, client, stderr } = await connectTo({ cwd: root, era });
  expect(client.getInstructions()).toContain('search');
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([
    'search',
    'similar',
    'read_chunk',
    'outline',
    'status',
    'index',
  ]);

  expect((await call('status')).json).toMatchObject({ layout: 'none', next: [expect.stringContaining('index makes')] });
  const refused = await call('search', { query: 'send a mail' });
  expect([refused.isError, refused.json.error, refused.json.hint]).toEqual([
    true,
    'NO_INDEX',
    expect.stringContaining('ask the user'),
  ]);
  expect(existsSync(join(root, INDEX))).toBe(false); // nothing was made by asking

  const made = await call('index');
  expect(made.json).toMatchObject({ schema: 1, complete: true, files: { added: 2 } });

  const { json } = await call('search', { query: 'send a mail' });
  expect(json.index).toMatchObject({ complete: true, changes: { added: 0, changed: 0, removed: 0 } });
  const [hit] = json.hits;
  expect(hit).toMatchObject({ location: 'src/mail.ts:1-3', stale: false, text_found: true, rank: 1 });
  expect(json.next).toEqual([]);

  const read = await call('read_chunk', { chunk_id: hit.chunk_id });
  expect(read.json.chunk.content).toContain('return transport(to, text);');

  writeFileSync(join(root, 'src/mail.ts'), 'export function deliver(to: string): boolean {\n  return post(to);\n}\n');
  const stale = await call('search', { query: 'send a mail' });
  expect(stale.json.hits[0]).toMatchObject({ stale: true, text_found: false });
  expect(stale.json.next).toEqual([expect.stringContaining('changed since they were indexed')]);
  expect(stale.text).toContain('STALE');

  expect((await call('index')).json).toMatchObject({ complete: true, files: { changed: 1, unchanged: 1 } });
  const fresh = await call('search', { query: 'deliver a mail' });
  expect(fresh.json.hits[0]).toMatchObject({ stale: false, breadcrumb: 'deliver', location: 'src/mail.ts:1-3' });
  expect(JSON.stringify(fresh.json.hits)).not.toContain('sendMail');
  expect(stderr()).toBe('');
});

describe('an answer', () => {
  it('is the same JSON as the command prints, but for what is left out', async () => {
    const root = indexedProject();
    const { call } = await connectTo({ cwd: root });
    const { json } = await call('search', { query: 'find a user', files: ['src'] });
    const printed = JSON.parse(tandem(root, 'search', 'find a user', '--files', 'src', '--envelope').stdout);
    for (const key of ['schema', 'how', 'filters'] as const) expect(json[key]).toEqual(printed[key]);
    const { changes, ...index } = json.index;
    expect(index).toEqual(printed.index);
    expect(changes).not.toBeNull();
    for (const hit of json.hits) {
      const theirs = printed.hits.find((each: { chunk_id: string }) => each.chunk_id === hit.chunk_id);
      const { similarity_score, rank, also, ...same } = hit;
      for (const [key, value] of Object.entries(same)) expect([key, theirs[key]]).toEqual([key, value]);
      expect(similarity_score).toBeCloseTo(theirs.similarity_score, 2);
    }
    const { next, ...status } = (await call('status')).json;
    expect(status).toEqual(JSON.parse(tandem(root, 'status', '--json').stdout));
    expect(next).toEqual([]);
  });

  describe('within a budget', () => {
    let root: string;
    beforeAll(() => {
      root = temporary();
      const body = Array.from({ length: 60 }, (_, at) => `  send(${at}, "a message of some length ${at}");`).join('\n');
      const names = Array.from({ length: 30 }, (_, at) => at);
      write(
        root,
        Object.fromEntries(names.map((at) => [`src/m${at}.ts`, `export function mail${at}() {\n${body}\n}\n`])),
      );
      tandem(root, 'index', '-q', '--phase=1');
    });
    afterAll(() => rmSync(root, { recursive: true, force: true }));

    it.each([300, 600, 1200, 4000])('of %i tokens fits, and what is left out is said', async (max_tokens) => {
      const { call } = await connectTo({ cwd: root });
      for (const [tool, args] of [
        ['search', { query: 'send a message', limit: 30 }],
        ['outline', {}],
        ['outline', { path: 'src/m1.ts' }],
        ['read_chunk', { location: 'src/m1.ts:5' }],
      ] as const) {
        const { json, text, isError } = await call(tool, { ...args, max_tokens });
        expect([tool, isError]).toEqual([tool, false]);
        const size = Math.max(Buffer.byteLength(JSON.stringify(json)), Buffer.byteLength(text)) / 3;
        expect([tool, size <= max_tokens, Math.round(size)]).toEqual([tool, true, expect.any(Number)]);
        const isLess = /"(shortened|left_out|children|siblings)":[1-9]/.test(JSON.stringify(json.budget));
        if (isLess) expect([tool, json.next.length > 1]).toEqual([tool, true]); // beside the chunks that have no vector
      }
      const { json } = await call('search', { query: 'send a message', limit: 30, max_tokens });
      expect(json.hits.length + json.budget.left_out).toBe(30);
      expect(json.index).toMatchObject({ complete: false });
      expect(json.next[0]).toContain('by their words only');
    });
  });

  it('reads a definition with where it is, by id, by line and as a resource', async () => {
    const root = indexedProject();
    const { call, client } = await connectTo({ cwd: root });
    const { json } = await call('read_chunk', { location: 'src/users.py:5' });
    expect(json).toMatchObject({
      chunk: { breadcrumb: 'Users.find', location: 'src/users.py:4-5', stale: false },
      parent: { breadcrumb: 'Users' },
      siblings: [{ breadcrumb: 'Users.remove' }],
      after: { breadcrumb: 'Users.remove' },
      before: null,
    });
    expect((await call('read_chunk', { chunk_id: json.chunk.chunk_id })).json).toEqual(json);
    const { contents } = await client.readResource({ uri: `tandem://chunk/${json.chunk.chunk_id}` });
    expect((contents[0] as { text: string }).text).toContain('return self.table[name]');
    const { contents: outlined } = await client.readResource({ uri: `tandem://outline/src/users.py` });
    expect((outlined[0] as { text: string }).text).toMatch(/class Users.*\n.*find/);
    expect((await client.listResourceTemplates()).resourceTemplates).toHaveLength(2);
  });

  it('outlines a file, with methods below their class', async () => {
    const { call } = await connectTo({ cwd: indexedProject() });
    const { json } = await call('outline', { path: 'src/users.py' });
    expect(json.files[0].definitions.map((each: { name: string; depth: number }) => [each.name, each.depth])).toEqual([
      ['Users', 0],
      ['find', 1],
      ['remove', 1],
    ]);
    expect(json).toMatchObject({ is_folder: false, stale: false });
  });

  it('says which rule leaves a path out', async () => {
    const { call } = await connectTo({ cwd: indexedProject() });
    const { json } = await call('status', { path: 'yarn.lock' });
    expect(json.explanation).toMatchObject({ outcome: 'left out', reason: expect.stringContaining('lock file') });
    expect(json.files.skipped_by_reason).toMatchObject({ 'lock file': expect.any(Number) });
  });
});
