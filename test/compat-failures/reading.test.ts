// What mcp-vector-search was seen to get wrong with what is on disk already (W2, W3, W12–W18), each as a user
// would meet it.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync, symlinkSync, truncateSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { connect } from '../../src/store/lance/connect.ts';
import { makeRows, writeFiles, writeSingleTable, writeSplitTables } from '../migrate/make-old.ts';
import {
  bin,
  done,
  found,
  INDEX,
  idsOf,
  indexed,
  indexedProject,
  read,
  removeTemplate,
  rowsOf,
  statusOf,
  tandem,
  temporary,
  write,
} from './project.ts';

afterAll(removeTemplate);

test('W2, W3: what is migrated is what is searched: relative paths, hashes, whole contents, complete', async () => {
  const root = temporary();
  try {
    const [first, ...others] = makeRows(2, 2);
    const long = { ...first!, content: `${first!.content}${'\n# long'.repeat(200)}` };
    const below = (line: number) => line + 200;
    const rows = [
      { ...long, endLine: below(long.endLine) },
      ...others.map((row) =>
        row.path === long.path ? { ...row, startLine: below(row.startLine), endLine: below(row.endLine) } : row,
      ),
    ];
    await writeFiles(root, rows);
    await writeSingleTable(root, rows);
    done(root, 'migrate', 'migrate', '-q');
    const { chunks, vectors } = await rowsOf(root);
    expect(idsOf(vectors)).toEqual(idsOf(chunks));
    expect(
      chunks.filter((row) => row.path.startsWith('/') || row.hash!.length !== 64 || row.status !== 'complete'),
    ).toEqual([]);
    const connection = await connect(join(root, INDEX, 'lance'));
    const table = await connection.openTable('vectors');
    const [longest] = (await table.query().where(`chunk_id = '${rows[0]!.id}'`).select(['content']).toArray()) as {
      content: string;
    }[];
    connection.close();
    expect(longest!.content).toBe(rows[0]!.content);
    expect(indexed(root)).toMatchObject({ complete: true, files: { parsed: 0 } });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test('W12: its text index goes when our chunks change, and stays when they do not; its settings always stay', () => {
  const root = indexedProject();
  const pickle = `${INDEX}/bm25_index.pkl`;
  const settings = `${INDEX}/config.json`;
  expect(JSON.parse(read(root, settings))).toMatchObject({ auto_reindex_on_upgrade: false, skip_dotfiles: false });
  const theirs = '{ "skip_dotfiles": false,   "openai_api_key": null }';
  write(root, { [pickle]: 'old', [settings]: theirs });
  indexed(root);
  expect(existsSync(join(root, pickle))).toBe(true);
  write(root, { 'src/new.py': 'def fresh():\n    return 1\n' });
  indexed(root);
  expect(existsSync(join(root, pickle))).toBe(false);
  expect(read(root, settings)).toBe(theirs);
});

test('W13: a table whose data file is gone is an error that deletes nothing, and index makes it good', () => {
  const root = indexedProject();
  const data = join(root, INDEX, 'lance', 'vectors.lance', 'data');
  rmSync(join(data, readdirSync(data)[0]!));
  const files = () =>
    readdirSync(join(root, INDEX), { recursive: true }).filter((name) => String(name).includes('.lance')).length;
  const before = files();
  const searched = tandem(root, 'search', 'send mail');
  expect([searched.code, searched.stdout], searched.stderr).toEqual([12, '']);
  expect(searched.stderr).toMatch(/run `node .*tandem\.js index /);
  expect(files()).toBe(before);

  const run = tandem(root, 'index');
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toContain('it was set aside and the version before is used');
  expect(tandem(root, 'verify').code).toBe(0);
  expect(tandem(root, 'search', 'send mail')).toMatchObject({ code: 0 });
});

test('W14: what the engine and others left in its folders is not taken for rubbish', async () => {
  const root = indexedProject();
  const old = new Date(Date.now() - 86_400_000);
  const paths = [
    'lance/chunks.lance/_transactions/0-other.txn',
    '../lance/mine.txn',
    '../work.lock',
    'lance.new/chunks.lance/x',
  ];
  for (const path of paths) {
    write(root, { [`${INDEX}/${path}`]: 'x' });
    utimesSync(join(root, INDEX, path), old, old);
  }
  indexed(root, '--force');
  for (const path of paths) expect(existsSync(join(root, INDEX, path)), path).toBe(true);
});

test.each<[string, (grammar: string) => void]>([
  ['is gone', (grammar) => rmSync(grammar)],
  ['is another one', (grammar) => truncateSync(grammar, 1_000)],
])(
  'W15: a grammar that %s is an error before anything changes, never a silent fall back to lines',
  async (_, spoil) => {
    const root = indexedProject();
    const before = await rowsOf(root);
    const installation = temporary();
    try {
      const at = (part: string) => join(dirname(dirname(bin)), part);
      for (const part of ['bin', 'dist', 'package.json'])
        cpSync(at(part), join(installation, part), { recursive: true });
      for (const part of ['models', 'node_modules']) symlinkSync(at(part), join(installation, part));
      spoil(join(installation, 'dist/grammars/tree-sitter-python.wasm'));
      write(root, { 'src/users.py': 'def changed():\n    return 1\n' });
      const program = join(installation, 'bin/tandem.js');
      const run = spawnSync(process.execPath, [program, 'index'], { cwd: root, encoding: 'utf8' });
      expect([run.status, run.stdout]).toEqual([14, '']);
      expect(run.stderr).toContain('tree-sitter-python.wasm');
      expect(await rowsOf(root)).toEqual(before);
      expect(indexed(root)).toMatchObject({ complete: true, files: { changed: 1 } });
      expect(found(root, 'changed').map((hit) => hit.function_name)).toContain('changed');
    } finally {
      rmSync(installation, { recursive: true });
    }
  },
);

const BIG = { timeout: 180_000 }; // some 15 s on a free machine

test(
  'W16: an index of more than 100,000 rows in many small pieces is rewritten into few, and keeps every row',
  BIG,
  async () => {
    const root = temporary();
    try {
      const functions = makeRows(50, 2_001).filter((row) => row.functionName !== '');
      const rows = functions.map((row) => ({ ...row, className: '', parentId: '' }));
      await writeFiles(root, rows);
      await writeSplitTables(root, rows, { place: 'lance', commits: 70 });
      expect(await fragmentsOf(root)).toEqual([70, 70]);
      expect(indexed(root)).toMatchObject({ complete: true, chunks: { total: rows.length }, files: { parsed: 0 } });
      for (const fragments of await fragmentsOf(root)) expect(fragments).toBeLessThan(5);
      const { chunks, vectors } = await rowsOf(root);
      expect(new Set(chunks.map((row) => row.id)).size).toBe(rows.length);
      expect(vectors).toHaveLength(rows.length);
    } finally {
      rmSync(root, { recursive: true });
    }
  },
);

async function fragmentsOf(root: string): Promise<number[]> {
  const connection = await connect(join(root, INDEX, 'lance'));
  const counts: number[] = [];
  for (const name of ['chunks', 'vectors'])
    counts.push((await (await connection.openTable(name)).stats()).fragmentStats.numFragments);
  connection.close();
  return counts;
}

test('W17: a chunk that failed is named, fails the run, and is tried again by the next', async () => {
  const root = indexedProject();
  const connection = await connect(join(root, INDEX, 'lance'));
  const chunks = await connection.openTable('chunks');
  const vectors = await connection.openTable('vectors');
  const where = "file_path = 'src/mail.ts'";
  await chunks.update({ where, values: { embedding_status: 'error', error_message: 'as if', embedding_batch_id: 0 } });
  await vectors.delete(where);
  connection.close();
  expect(statusOf(root)).toMatchObject({ complete: false, chunks: { error: 1 } });
  expect(tandem(root, 'status', '--exit-code').code).toBe(4);
  expect(JSON.parse(done(root, 'resume', '--json'))).toMatchObject({ complete: true, phase2: { embedded: 1 } });
});

test('W18: status takes less than two seconds of processor time, its own start included', () => {
  const root = indexedProject();
  const hook = 'process.on("exit", () => process.stderr.write(JSON.stringify(process.cpuUsage())))';
  const args = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, bin, 'status'];
  const run = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  expect(run.status, run.stderr).toBe(0);
  const { user, system } = JSON.parse(run.stderr) as NodeJS.CpuUsage;
  expect((user + system) / 1e6).toBeLessThan(2);
});
