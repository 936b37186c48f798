// Hits of files that are not what they were when they were indexed.
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig, openForReading, type SearchHit, search } from '../../src/index.ts';
import { connect } from '../../src/store/lance/connect.ts';
import { INDEX, indexedProject, read, removeTemplate, tandem, write } from '../compat-failures/project.ts';

afterAll(removeTemplate);

const MAIL = 'src/mail.ts';
const USERS = 'src/users.py';

/** The best hit of a file; in this process, since starting the program takes longer than the search. */
async function hitOf(root: string, path: string, query = 'send a mail'): Promise<SearchHit> {
  const config = loadConfig({ path: root, creates: false, env: {} });
  await using index = await openForReading(config);
  const hit = (await search(index, query, { limit: 10 })).hits.find(({ file_path }) => file_path === path);
  if (hit === undefined) throw new Error(`no hit in ${path}`);
  return hit;
}

describe('a hit', () => {
  test('of an unchanged file is not stale, and has the lines around it', async () => {
    const root = indexedProject();
    const hit = await hitOf(root, USERS, 'remove a user by name');
    expect(hit).toMatchObject({ stale: false, text_found: true, function_name: 'remove', start_line: 7, end_line: 8 });
    expect(hit.context_before).toEqual(['    def find(self, name):', '        return self.table[name]', '']);
    // A touched file is not a changed one.
    utimesSync(join(root, USERS), new Date(), new Date());
    expect(await hitOf(root, USERS, 'remove a user by name')).toEqual(hit);
    expect(tandem(root, 'search', 'remove a user by name')).toMatchObject({ code: 0, stderr: '' });
  });

  test('whose text moved is stale, and stands at its new lines', async () => {
    const root = indexedProject();
    writeFileSync(join(root, MAIL), `// one\n// two\n\n${read(root, MAIL)}// after\n`);
    expect(await hitOf(root, MAIL)).toMatchObject({
      stale: true,
      text_found: true,
      location: `${MAIL}:4-6`,
      line_count: 3,
      context_before: ['// one', '// two', ''],
      context_after: ['// after', ''],
    });
    const { stdout, stderr } = tandem(root, 'search', 'send a mail');
    expect(stdout).toContain(`${MAIL}:4-6`);
    expect(stdout).toContain('(the file has changed, this text has not)');
    expect(stderr).toMatch(/^warning 1 hit is from a file that has changed or vanished since; .*tandem\.js index \//);
  });

  test('whose text was changed is stale, without lines that contradict it', async () => {
    const root = indexedProject();
    const text = read(root, MAIL);
    writeFileSync(join(root, MAIL), `// top\n${text.replace('transport(to, text)', 'false')}`);
    expect(await hitOf(root, MAIL)).toMatchObject({
      stale: true,
      text_found: false,
      location: `${MAIL}:1-3`,
      content: text.trimEnd(),
      context_before: [],
      context_after: [],
    });
  });

  test('is stale if its file changed and kept its size and time', async () => {
    const root = indexedProject();
    const path = join(root, MAIL);
    const { atime, mtime } = statSync(path);
    writeFileSync(path, read(root, MAIL).replace('sendMail', 'dropMail'));
    utimesSync(path, atime, mtime);
    expect(await hitOf(root, MAIL)).toMatchObject({ stale: true, text_found: false });
  });

  test('is found again under other line ends', async () => {
    const root = indexedProject();
    writeFileSync(join(root, MAIL), `\r\n${read(root, MAIL).replaceAll('\n', '\r\n')}`);
    expect(await hitOf(root, MAIL)).toMatchObject({
      stale: true,
      text_found: true,
      location: `${MAIL}:2-4`,
      context_before: [''],
    });
  });

  const moved = (root: string, from: string, to: string) => {
    renameSync(join(root, from), join(root, to));
    return to;
  };
  const removed = (root: string, path: string) => {
    rmSync(join(root, path), { recursive: true });
    return join(root, path);
  };

  test.each<[string, (root: string) => void]>([
    ['removed', (root) => removed(root, MAIL)],
    ['renamed', (root) => moved(root, MAIL, 'src/post.ts')],
    ['replaced by a folder', (root) => mkdirSync(removed(root, MAIL))],
    ['replaced by a link', (root) => symlinkSync(join(root, moved(root, MAIL, 'src/post.ts')), join(root, MAIL))],
    ['in a folder that was removed', (root) => removed(root, 'src')],
    ['in a folder that was replaced by a link', (root) => symlinkSync(moved(root, 'src', 'lib'), join(root, 'src'))],
  ])('of a file that was %s is gone', async (_, change) => {
    const root = indexedProject();
    change(root);
    expect(await hitOf(root, MAIL)).toMatchObject({
      stale: 'gone',
      text_found: false,
      location: `${MAIL}:1-3`,
      context_before: [],
      context_after: [],
    });
  });

  test('of a file that is gone says so, and what to do', () => {
    const root = indexedProject();
    removed(root, MAIL);
    const { code, stdout, stderr } = tandem(root, 'search', 'send a mail');
    expect([code, stdout]).toEqual([0, expect.stringContaining('(the file is gone)')]);
    expect(stderr).toContain('changed or vanished since');
  });

  test.skipIf(process.getuid?.() === 0)('of a file that may not be read could not be compared', async () => {
    const root = indexedProject();
    chmodSync(join(root, MAIL), 0);
    expect(await hitOf(root, MAIL)).toMatchObject({ stale: 'unknown', text_found: null, context_before: [] });
    expect(tandem(root, 'search', 'send a mail').stdout).toContain('(could not be compared with the file)');
  });

  test('of what is like a file: the file itself may be stale, too', async () => {
    const root = indexedProject();
    const config = loadConfig({ path: root, creates: false, env: {} });
    const similar = async () => {
      await using index = await openForReading(config);
      return (await search(index, '', { limit: 1, similarTo: MAIL })).similar_to;
    };
    expect(await similar()).toEqual({ file_path: MAIL, stale: false });
    appendFileSync(join(root, MAIL), '\n');
    expect(await similar()).toEqual({ file_path: MAIL, stale: true });
    removed(root, MAIL);
    expect(await similar()).toEqual({ file_path: MAIL, stale: 'gone' });
  });

  test('whose hash was never recorded is judged by its text', async () => {
    const root = indexedProject();
    const connection = await connect(join(root, INDEX, 'lance'));
    const table = await connection.openTable('chunks');
    await table.update({ where: 'true', values: { file_hash: '' } });
    table.close();
    expect(await hitOf(root, MAIL)).toMatchObject({ stale: false, text_found: true });
    appendFileSync(join(root, MAIL), '\n');
    expect(await hitOf(root, MAIL)).toMatchObject({ stale: false, text_found: true });
    writeFileSync(join(root, MAIL), `\n${read(root, MAIL)}`);
    expect(await hitOf(root, MAIL)).toMatchObject({ stale: true, text_found: true, start_line: 2 });
    writeFileSync(join(root, MAIL), 'export {};\n');
    expect(await hitOf(root, MAIL)).toMatchObject({ stale: 'unknown', text_found: null, context_after: [] });
  });

  test('whose secrets are hidden is found again in a file that shows them', async () => {
    const root = indexedProject();
    const secret = `ghp_${'A1b2'.repeat(9)}`;
    const text = `def deploy_to_production(target):\n    token = "${secret}"\n    return push(target, token)\n`;
    write(root, { 'src/deploy.py': text });
    tandem(root, 'index', '-q');
    writeFileSync(join(root, 'src/deploy.py'), `import os\n\n\n${text}`);
    const hit = await hitOf(root, 'src/deploy.py', 'deploy to production');
    expect(hit).toMatchObject({ stale: true, text_found: true, start_line: 4, end_line: 6 });
    expect(readFileSync(join(root, 'src/deploy.py'), 'utf8')).toContain(secret);
    expect(JSON.stringify(hit)).not.toContain(secret);
  });
});
