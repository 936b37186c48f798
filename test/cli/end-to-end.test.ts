// The program as a user has it, on small trees: what it prints where, and how it ends.
import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { RunReport, SearchHit } from '../../src/index.ts';
import type { StatusReport } from '../../src/operations/status.ts';
import { acquireLock } from '../../src/store/lock/lock.ts';
import { indexDigest } from '../crash/project.ts';
import { temporaryDirectory } from '../store/make.ts';

const packageRoot = fileURLToPath(new URL('../../', import.meta.url));
const bin = join(packageRoot, 'bin', 'tandem.js');
const nobody = 65534;

function runNode(script: string, args: readonly string[], options: { uid?: number; env?: NodeJS.ProcessEnv } = {}) {
  const run = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', ...options });
  return { code: run.status, stdout: run.stdout, stderr: run.stderr };
}

function tandem(...args: string[]) {
  return runNode(bin, args);
}

function indexed(root: string, ...args: string[]): RunReport {
  const run = tandem('index', root, '--json', ...args);
  expect(run.code, run.stderr).toBe(0);
  return JSON.parse(run.stdout) as RunReport;
}

const statusOf = (root: string) => JSON.parse(tandem('status', root, '--json').stdout) as StatusReport;

async function writeTree(root: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

const sources = {
  'app/passwords.py':
    'import hashlib\n\ndef hash_password(password, salt):\n    """Derive a key from a password."""\n    return hashlib.pbkdf2_hmac("sha256", password, salt, 100_000)\n',
  'app/upload.py':
    'class UploadParser:\n    """Reads files out of a multipart form."""\n\n    def parse(self, stream):\n        for part in stream:\n            yield part\n',
  'web/cart.ts': 'export function addToCart(cart: string[], item: string): string[] {\n  return [...cart, item];\n}\n',
  'README.md': '# Shop\n\nSells things.\n',
};

describe('index, status and search', () => {
  test('a tree is indexed in both phases, and a question finds its answer', async () => {
    await using directory = await temporaryDirectory();
    await writeTree(directory.path, sources);
    const report = indexed(directory.path);
    expect(report).toMatchObject({ complete: true, phases: [1, 2], files: { added: 4, discovered: 4, failed: [] } });
    const status = statusOf(directory.path);
    expect(status).toMatchObject({ schema: 1, layout: 'dual-table', complete: true, files: { indexed: 4, failed: 0 } });
    expect(status.vectors).toBe(status.chunks.total);
    expect(tandem('status', directory.path, '--exit-code').code).toBe(0);

    const search = tandem('search', 'derive a key from a password', '--json', '--limit=2', '-p', directory.path);
    expect(search.code, search.stderr).toBe(0);
    const hits = JSON.parse(search.stdout) as SearchHit[];
    expect(hits).toHaveLength(2);
    expect(hits[0]).toMatchObject({
      file_path: 'app/passwords.py',
      rank: 1,
      chunk_type: 'function',
      function_name: 'hash_password',
      location: 'app/passwords.py:3-5',
    });
    expect(hits[0]!.similarity_score).toBeGreaterThan(hits[1]!.similarity_score);
    const plain = tandem('-p', directory.path, 'search', 'files of a multipart form');
    expect(plain.stdout).toContain('app/upload.py');
    expect(plain.stderr).toBe('');
  });

  test('a second run does nothing; then exactly what changed is done', async () => {
    await using directory = await temporaryDirectory();
    await writeTree(directory.path, sources);
    indexed(directory.path);
    expect(indexed(directory.path)).toMatchObject({
      phases: [],
      files: { added: 0, changed: 0, removed: 0, unchanged: 4, parsed: 0 },
      phase2: null,
      complete: true,
    });
    await writeFile(join(directory.path, 'app/upload.py'), `${sources['app/upload.py']}\n\nLIMIT = 10\n`);
    await rm(join(directory.path, 'README.md'));
    await writeFile(join(directory.path, 'app/new.py'), 'def fresh():\n    return 1\n');
    await utimes(join(directory.path, 'web/cart.ts'), new Date(), new Date());
    const report = indexed(directory.path);
    expect(report.files).toMatchObject({ added: 1, changed: 1, removed: 1, unchanged: 2, parsed: 2 });
    expect(report).toMatchObject({ phases: [1, 2], complete: true });
    const incremental = await indexDigest(directory.path);
    await rm(join(directory.path, '.mcp-vector-search'), { recursive: true });
    indexed(directory.path);
    expect(await indexDigest(directory.path)).toEqual(incremental);
  });

  test('a clone elsewhere has the same ids and vectors', async () => {
    await using first = await temporaryDirectory();
    await using second = await temporaryDirectory();
    await writeTree(first.path, sources);
    await writeTree(join(second.path, 'deeper', 'copy'), sources);
    indexed(first.path);
    indexed(join(second.path, 'deeper', 'copy'), '--workers=1');
    expect(await indexDigest(join(second.path, 'deeper', 'copy'))).toEqual(await indexDigest(first.path));
  });

  test('each phase can be run by itself', async () => {
    await using directory = await temporaryDirectory();
    await writeTree(directory.path, sources);
    const parsed = indexed(directory.path, '--phase=1');
    expect(parsed).toMatchObject({ phases: [1], phase2: null, complete: false, chunks: { complete: 0 } });
    expect(tandem('status', directory.path, '--exit-code').code).toBe(4);
    const embedded = indexed(directory.path, '--phase=2');
    expect(embedded).toMatchObject({ phases: [2], phase1: null, complete: true });
  });
});

describe('bad input', () => {
  test.each(['index', 'status', 'resume'])('%s of a path that does not exist ends with 2', async (command) => {
    await using directory = await temporaryDirectory();
    const run = tandem(command, join(directory.path, 'nowhere'));
    expect(run.code).toBe(2);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain('nowhere');
  });

  test('a file where a folder is meant ends with 2', async () => {
    await using directory = await temporaryDirectory();
    await writeTree(directory.path, { 'a.py': 'x = 1\n' });
    expect(tandem('index', join(directory.path, 'a.py')).code).toBe(2);
  });

  test('an empty folder ends with 2 and stays empty', async () => {
    await using directory = await temporaryDirectory();
    const run = tandem('index', directory.path);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/empty/);
    expect(await readdir(directory.path)).toEqual([]);
  });

  test('a folder whose files are all ignored names the rule, and an index of before stays', async () => {
    await using directory = await temporaryDirectory();
    await writeTree(directory.path, sources);
    indexed(directory.path);
    const before = await indexDigest(directory.path);
    await writeFile(join(directory.path, '.tandemignore'), '# everything\n*\n');
    const run = tandem('index', directory.path);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/\.tandemignore:2/);
    expect(await indexDigest(directory.path)).toEqual(before);
  });

  test.each(['search', 'status', 'resume'])('%s without an index ends with 10 and makes none', async (command) => {
    await using directory = await temporaryDirectory();
    await writeTree(directory.path, sources);
    const args = command === 'search' ? ['search', 'anything', '-p', directory.path] : [command, directory.path];
    expect(tandem(...args).code).toBe(10);
    expect(await readdir(directory.path)).not.toContain('.mcp-vector-search');
  });

  test('odd files are indexed or skipped with a reason, and none of them is a failure', async () => {
    await using directory = await temporaryDirectory();
    await writeTree(directory.path, {
      "it's.py": 'def quote():\n    return 1\n',
      'new\nline.py': 'def newline():\n    return 2\n',
      'bom.py': '\uFEFFdef bom():\n    return 3\n',
      'crlf.py': 'def crlf():\r\n    return 4\r\n',
      'latin.py': Buffer.from('def latin():\n    return "\xe9\xff"\n', 'latin1'),
      'empty.py': '',
      'binary.dat': Buffer.from([0, 1, 2, 3, 0, 255]),
      'one-line.js': `var a = [${'1,'.repeat(2_500_000)}];`,
      id_rsa: 'not for you\n',
    });
    await symlink('/etc/hostname', join(directory.path, 'link.py'));
    const report = indexed(directory.path);
    expect(report).toMatchObject({ complete: true, files: { failed: [] } });
    expect(report.files.skipped).toMatchObject({ secret: 1, symlink: 1, binary: 1, 'too large': 1 });
    const { connect } = await import('@lancedb/lancedb');
    const connection = await connect(join(directory.path, '.mcp-vector-search', 'lance'));
    const table = await connection.openTable('chunks');
    const rows = (await table.query().select(['file_path', 'name']).toArray()) as { file_path: string; name: string }[];
    const names = Object.fromEntries(rows.map((row) => [row.name, row.file_path]));
    expect(names).toMatchObject({
      quote: "it's.py",
      newline: 'new\nline.py',
      bom: 'bom.py',
      crlf: 'crlf.py',
      latin: 'latin.py',
    });
  });

  const unprivileged = process.getuid?.() === 0 ? { uid: nobody, env: { ...process.env, HOME: '/nonexistent' } } : {};
  const canRun = runNode(bin, ['--version'], unprivileged).code === 0;

  test.runIf(canRun)('an unreadable file is counted, the rest is indexed, and the run ends with 3', async () => {
    await using directory = await temporaryDirectory();
    await writeTree(directory.path, sources);
    await chmod(join(directory.path, 'app/upload.py'), 0o000);
    await chmod(directory.path, 0o777);
    const run = runNode(bin, ['index', directory.path, '--json'], unprivileged);
    expect(run.code, run.stderr).toBe(3);
    const report = JSON.parse(run.stdout) as RunReport;
    const unfinished = [{ path: 'app/upload.py', reason: expect.stringMatching(/cannot be read.*EACCES/) }];
    expect(report).toMatchObject({ complete: false, files: { unfinished, failed: unfinished, parsed: 3 } });
    const status = runNode(bin, ['status', directory.path, '--json'], unprivileged);
    expect(JSON.parse(status.stdout)).toMatchObject({ complete: false, files: { unfinished: 1 }, unfinished });
    const place = join(directory.path, 'app/upload.py');
    const explained = runNode(bin, ['index', '--explain', place, '-p', directory.path], unprivileged);
    expect(explained, explained.stderr).toMatchObject({ code: 3, stdout: expect.stringContaining('EACCES') });
    expect(runNode(bin, ['verify', directory.path], unprivileged).stdout).toMatch(/not complete|unfinished/);
    expect(runNode(bin, ['resume', directory.path], unprivileged).code, 'tried again').toBe(3);
    await chmod(join(directory.path, 'app/upload.py'), 0o644);
    const again = runNode(bin, ['index', directory.path, '--json'], unprivileged);
    expect(again.code, again.stderr).toBe(0);
  });

  test.runIf(canRun)('an index directory that may not be written ends with 15', async () => {
    await using directory = await temporaryDirectory();
    await writeTree(directory.path, sources);
    await chmod(directory.path, 0o555);
    const run = runNode(bin, ['index', directory.path], unprivileged);
    expect(run.code, run.stderr).toBe(15);
    await chmod(directory.path, 0o755);
  });

  test('an index directory below a file ends with 15', async () => {
    await using directory = await temporaryDirectory();
    await writeTree(directory.path, sources);
    const run = tandem('index', directory.path, '--index-dir', join(directory.path, 'README.md', 'index'));
    expect(run.code, run.stderr).toBe(15);
  });
});

describe('a damaged index', () => {
  async function indexedProject() {
    const directory = await temporaryDirectory();
    await writeTree(directory.path, sources);
    indexed(directory.path);
    return directory;
  }

  test('with a corrupt checkpoint or run file goes on, and says so', async () => {
    await using directory = await indexedProject();
    const tandemDir = join(directory.path, '.mcp-vector-search', 'tandem');
    await writeFile(join(directory.path, 'app/new.py'), 'def fresh():\n    return 1\n');
    indexed(directory.path, '--phase=1');
    await writeFile(join(tandemDir, 'checkpoint.json'), '{"schema":1,"run');
    await writeFile(join(tandemDir, 'run.json'), 'garbage');
    const run = tandem('index', directory.path);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toMatch(/checkpoint could not be read/);
    expect(run.stderr).toMatch(/run\.json could not be read/);
    expect(statusOf(directory.path)).toMatchObject({ complete: true });
    expect(await readdir(join(tandemDir, 'quarantine'))).toHaveLength(2);
  });

  test('written by a newer version is refused with 13 and left alone', async () => {
    await using directory = await indexedProject();
    const runFile = join(directory.path, '.mcp-vector-search', 'tandem', 'run.json');
    await writeFile(runFile, JSON.stringify({ schema: 2 }));
    expect(tandem('index', directory.path).code).toBe(13);
    expect(await readFile(runFile, 'utf8')).toBe('{"schema":2}');
  });

  test('in the old layout is refused with 13 where it may not be migrated', async () => {
    await using directory = await temporaryDirectory();
    await writeTree(directory.path, sources);
    await mkdir(join(directory.path, '.mcp-vector-search', 'code_search.lance'), { recursive: true });
    expect(tandem('index', directory.path, '--no-migrate').code).toBe(13);
    expect(tandem('search', 'x', '-p', directory.path).code).toBe(13);
    expect(statusOf(directory.path)).toMatchObject({ layout: 'code_search', complete: false });
  });

  test('with an unopenable table ends with 12, and nothing is deleted', async () => {
    await using directory = await indexedProject();
    const versions = join(directory.path, '.mcp-vector-search', 'lance', 'chunks.lance', '_versions');
    for (const name of await readdir(versions)) if (name.endsWith('.manifest')) await truncate(join(versions, name), 0);
    const run = tandem('index', directory.path);
    expect(run.code, run.stderr).toBe(12);
    expect(run.stderr).not.toMatch(/at .*\.js:/);
    expect(await readdir(join(versions, '..', 'data'))).not.toEqual([]);
  });

  test('held by another process is refused with 11, naming it', async () => {
    await using directory = await indexedProject();
    const lock = await acquireLock(join(directory.path, '.mcp-vector-search', 'tandem', 'lock'));
    const run = tandem('index', directory.path);
    await lock.release();
    expect(run.code).toBe(11);
    expect(run.stderr).toContain(`pid ${process.pid}`);
    expect(tandem('index', directory.path).code).toBe(0);
  });
});

describe('a damaged installation', () => {
  test.each([
    ['one changed byte in the model', async (model: string) => flipByte(join(model, 'onnx', 'model_quantized.onnx'))],
    ['a truncated model', async (model: string) => truncate(join(model, 'onnx', 'model_quantized.onnx'), 1000)],
    ['a changed tokenizer', async (model: string) => flipByte(join(model, 'tokenizer.json'))],
    ['no model file', async (model: string) => rm(join(model, 'onnx', 'model_quantized.onnx'))],
  ])('%s ends with 14 and stores no vector', async (_, spoil) => {
    await using directory = await temporaryDirectory();
    const project = join(directory.path, 'project');
    const model = join(directory.path, 'all-MiniLM-L6-v2');
    await writeTree(project, sources);
    await cp(join(packageRoot, 'models', 'all-MiniLM-L6-v2'), model, { recursive: true });
    await spoil(model);
    const run = tandem('index', project, '--model-dir', model);
    expect(run.code, run.stderr).toBe(14);
    expect(run.stderr).not.toMatch(/at .*\.js:/);
    expect(statusOf(project)).toMatchObject({ vectors: 0, complete: false });
    expect(tandem('index', project).code).toBe(0);
  });

  test('one changed byte in a grammar ends with 14', async () => {
    await using directory = await temporaryDirectory();
    const installation = join(directory.path, 'package');
    await mkdir(installation);
    for (const part of ['bin', 'dist', 'package.json']) {
      await cp(join(packageRoot, part), join(installation, part), { recursive: true });
    }
    for (const part of ['models', 'node_modules']) await symlink(join(packageRoot, part), join(installation, part));
    await flipByte(join(installation, 'dist', 'grammars', 'tree-sitter-python.wasm'));
    const project = join(directory.path, 'project');
    await writeTree(project, sources);
    const run = runNode(join(installation, 'bin', 'tandem.js'), ['index', project]);
    expect(run.code, run.stderr).toBe(14);
    expect(run.stderr).toContain('tree-sitter-python.wasm');
  });
});

async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = bytes[middle]! ^ 1;
  await writeFile(path, bytes);
}
