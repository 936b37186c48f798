// A small indexed project for one test, and the program as a user calls it.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { RunReport, SearchHit, StatusReport } from '../../src/index.ts';
import { connect } from '../../src/store/lance/connect.ts';

export const bin = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));
export const INDEX = '.mcp-vector-search';

const FILES = {
  'src/users.py': `class Users:\n    """All users."""\n\n    def find(self, name):\n        return self.table[name]\n\n    def remove(self, name):\n        del self.table[name]\n`,
  'src/mail.ts': 'export function sendMail(to: string, text: string): boolean {\n  return transport(to, text);\n}\n',
  "it's/o'clock.py": 'def strike(hour):\n    return "dong" * hour\n',
  'README.md': '# Post office\n\nSends mail to users.\n',
  'Cargo.lock': 'user data\n',
  'yarn.lock': 'user data\n',
  'notes.tmp': 'user data\n',
};

export function tandem(root: string, ...args: string[]) {
  const run = spawnSync(process.execPath, [bin, ...args], { cwd: root, encoding: 'utf8' });
  return { code: run.status, stdout: run.stdout, stderr: run.stderr };
}

/** Runs and must succeed. */
export function done(root: string, ...args: string[]): string {
  const run = tandem(root, ...args);
  if (run.code !== 0) throw new Error(`${args.join(' ')} ended with ${run.code}: ${run.stdout}${run.stderr}`);
  return run.stdout;
}

export const indexed = (root: string, ...args: string[]) =>
  JSON.parse(done(root, 'index', '--json', ...args)) as RunReport;
export const statusOf = (root: string) => JSON.parse(done(root, 'status', '--json')) as StatusReport;
export const found = (root: string, query: string) => JSON.parse(done(root, 'search', '--json', query)) as SearchHit[];

let template: string | undefined;

/** A copy of a project that was indexed once. Gone when the test ends. */
export function indexedProject(): string {
  if (template === undefined) {
    template = temporary();
    write(template, FILES);
    done(template, 'index', '-q');
  }
  const copy = temporary();
  cpSync(template, copy, { recursive: true, preserveTimestamps: true });
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  return copy;
}

export function removeTemplate(): void {
  if (template !== undefined) rmSync(template, { recursive: true, force: true });
}

export function temporary(): string {
  return mkdtempSync(join(tmpdir(), 'tandem-compat-'));
}

export function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

export function read(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export interface Row {
  readonly id: string;
  readonly path: string;
  readonly hash?: string;
  readonly status?: string;
}

/** Rows of `chunks` and `vectors`, and the version of each table. */
export async function rowsOf(root: string): Promise<{ chunks: Row[]; vectors: Row[]; versions: number[] }> {
  const connection = await connect(join(root, INDEX, 'lance'));
  const versions: number[] = [];
  const rows = async (name: string, columns: string[]) => {
    const table = await connection.openTable(name);
    versions.push(await table.version());
    return (await table.query().select(columns).toArray()) as Record<string, string>[];
  };
  const chunks = (await rows('chunks', ['chunk_id', 'file_path', 'file_hash', 'embedding_status'])).map((row) => ({
    id: row.chunk_id!,
    path: row.file_path!,
    hash: row.file_hash!,
    status: row.embedding_status!,
  }));
  const vectors = (await rows('vectors', ['chunk_id', 'file_path'])).map((row) => ({
    id: row.chunk_id!,
    path: row.file_path!,
  }));
  connection.close();
  return { chunks, vectors, versions };
}

export const idsOf = (rows: readonly Row[]) => rows.map((row) => row.id).sort();
