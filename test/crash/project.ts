// A project to index and kill, and what its index says at the end.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILES = 18;

/** Distinct short functions, so that thousands of chunks are embedded in seconds. */
export async function writeProject(root: string): Promise<void> {
  const verbs = ['read', 'write', 'merge', 'split', 'open', 'close', 'hash', 'sort', 'count', 'parse'];
  const nouns = ['file', 'table', 'token', 'batch', 'index', 'chunk', 'vector', 'lock', 'line', 'path'];
  for (let file = 0; file < FILES; file++) {
    const parts: string[] = ['import os', ''];
    for (const [n, noun] of nouns.entries()) {
      parts.push(`class ${noun.toUpperCase()}${file}:`, `    size = ${file * 10 + n}`, '');
      for (const verb of verbs.slice(0, 5)) {
        parts.push(`    def ${verb}_${noun}(self, value):`, `        return os.path.${verb}(value, ${file}, ${n})`, '');
      }
    }
    const folder = join(root, `part${file % 4}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `module${file}.py`), parts.join('\n'));
  }
  await writeFile(join(root, 'README.md'), '# A project\n\nIt is here to be indexed.\n');
}

/** Everything that must be equal whatever the history, by chunk id; vectors by the hash of their bytes. */
export async function indexDigest(
  root: string,
  indexDir = join(root, '.mcp-vector-search'),
): Promise<Record<string, string>> {
  const { connect } = await import('@lancedb/lancedb');
  const connection = await connect(join(indexDir, 'lance'));
  const digest: Record<string, string> = {};
  const put = (key: string, value: string) => {
    if (key in digest) throw new Error(`${key} is there twice`);
    digest[key] = value;
  };
  const skip = new Set(['created_at', 'updated_at', 'embedded_at', 'embedding_batch_id', 'project_name']);
  for (const name of ['chunks', 'vectors']) {
    const table = await connection.openTable(name);
    for (const row of (await table.query().toArray()) as Record<string, unknown>[]) {
      const values = Object.entries(toPlain(row)).filter(([column]) => !skip.has(column));
      put(`${name} ${String(row.chunk_id)}`, createHash('sha256').update(JSON.stringify(values)).digest('hex'));
    }
    table.close();
  }
  connection.close();
  const own = await connect(join(indexDir, 'tandem', 'lance'));
  const table = await own.openTable('structure');
  for (const row of (await table.query().toArray()) as Record<string, unknown>[]) {
    put(`structure ${String(row.chunk_id)}`, JSON.stringify(toPlain(row)));
  }
  table.close();
  own.close();
  return digest;
}

function toPlain(row: Record<string, unknown>): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (value !== null && typeof value === 'object' && 'toArray' in value) {
      plain[name] = [...(value as { toArray(): Iterable<unknown> }).toArray()];
    } else {
      plain[name] = value;
    }
  }
  return plain;
}
