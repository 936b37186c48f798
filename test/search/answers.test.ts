// Searches as a user makes them, over an index with vectors, without, and with a text index that is lost or damaged.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig, openForReading, type SearchAnswer, search } from '../../src/index.ts';
import { bin, done, INDEX, indexedProject, removeTemplate, tandem } from '../compat-failures/project.ts';

afterAll(removeTemplate);

const answerOf = (root: string, ...args: string[]) =>
  JSON.parse(done(root, 'search', '--envelope', ...args)) as SearchAnswer;
const names = ({ hits }: SearchAnswer) => hits.map((hit) => hit.breadcrumb);

describe('an answer', () => {
  test('puts the definition of a symbol first, in every mode that knows names, and says what counted', async () => {
    await using index = await openForReading(await loadConfig({ path: indexedProject(), creates: false }));
    for (const mode of ['hybrid', 'lexical', 'symbol'] as const) {
      const answer = await search(index, 'Users.find', { limit: 10, mode, why: true });
      expect(answer.how).toEqual({ mode, reason: null, read_directly: 0, left_out: 0 });
      expect(names(answer)[0], mode).toBe('Users.find');
      expect(answer.hits[0]!.why).toMatchObject({ symbol: expect.any(Number) });
      const scores = answer.hits.map((hit) => hit.similarity_score);
      expect(scores.every((score) => score > 0 && score < 1)).toBe(true);
    }
    expect(names(await search(index, 'send_mail', { limit: 10 }))[0]).toBe('sendMail');
  });

  test('keeps to its filters in every mode', async () => {
    await using index = await openForReading(await loadConfig({ path: indexedProject(), creates: false }));
    for (const mode of ['hybrid', 'lexical', 'semantic'] as const) {
      const files = async (filter: { languages?: string[]; files?: string[] }) => {
        const { hits } = await search(index, 'users mail', { limit: 10, mode, ...filter });
        return new Set(hits.map((hit) => hit.file_path));
      };
      expect(await files({ languages: ['typescript'] }), mode).toEqual(new Set(['src/mail.ts']));
      expect(await files({ files: ['src/users.py'] }), mode).toEqual(new Set(['src/users.py']));
      expect(await files({ files: ['!src/users.py'] }), mode).not.toContain('src/users.py');
      const { hits } = await search(index, 'users', { limit: 10, mode, functionName: 'remove' });
      expect(hits.map((hit) => hit.function_name)).toEqual(['remove']);
    }
  });

  test.each<[string, (textDir: string) => void]>([
    ['lost', (dir) => rmSync(dir, { recursive: true })],
    [
      'damaged in its middle',
      (dir) => {
        const path = join(dir, readdirSync(dir).find((name) => name.endsWith('.seg'))!);
        const bytes = readFileSync(path);
        for (let at = 60; at < bytes.length; at++) bytes[at]! ^= 0xff;
        writeFileSync(path, bytes);
      },
    ],
  ])('is the same when the text index is %s, which the next run makes good', (_, damage) => {
    const root = indexedProject();
    const before = answerOf(root, 'remove a user');
    damage(join(root, INDEX, 'tandem/text'));
    const without = answerOf(root, 'remove a user');
    expect(without.how.read_directly).toBeGreaterThan(0);
    expect(without.hits).toEqual(before.hits);
    done(root, 'index', '-q');
    expect(answerOf(root, 'remove a user')).toEqual(before);
  });

  test('is by words where the model is missing, and says so; the semantic mode cannot answer then', () => {
    const root = indexedProject();
    const missing = ['--model', join(root, 'nowhere')];
    const answer = answerOf(root, 'strike the hour', ...missing);
    expect(names(answer)[0]).toBe('strike');
    expect(answer.how).toMatchObject({ mode: 'lexical', reason: expect.stringContaining('nowhere') });
    expect(tandem(root, 'search', 'strike', ...missing).stderr).toContain('this answer is by words alone');
    expect(tandem(root, 'search', 'strike', '--mode', 'semantic', ...missing).code).not.toBe(0);
  });

  test('is given for a trace from standard input, and for queries that say nothing there are none or some, and no error', () => {
    const root = indexedProject();
    const piped = (input: string) =>
      spawnSync(process.execPath, [bin, 'search', '-', '--json', '-k', '1'], { cwd: root, input, encoding: 'utf8' });
    const trace = 'Traceback:\n  File "src/users.py", line 8, in remove\nKeyError: table[name]\n';
    expect(JSON.parse(piped(trace).stdout)[0]).toMatchObject({ breadcrumb: 'Users.remove' });
    expect(piped(' \n').status).toBe(2);
    for (const query of ['the of and', '\u0007\u001b[31m', '?!', 'x'.repeat(100_000)]) {
      expect(piped(query).status, query.slice(0, 20)).toBe(0);
    }
  });

  test('of the library comes from what is open already, and can be aborted', async () => {
    const root = indexedProject();
    await using index = await openForReading(await loadConfig({ path: root, creates: false }));
    const answers = await Promise.all(['users', 'mail', 'users'].map((query) => search(index, query, { limit: 3 })));
    expect(answers[2]).toEqual(answers[0]);
    const aborted = search(index, 'users', { limit: 3, signal: AbortSignal.abort(new Error('enough')) });
    await expect(aborted).rejects.toThrow('enough');
    expect((await search(index, 'users', { limit: 1 })).hits).toEqual(answers[0]!.hits.slice(0, 1));
  });
});
