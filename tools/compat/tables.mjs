// What the shared tables hold, for comparisons.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';

/** `chunks` and `vectors` by id, with the columns that comparisons look at; `doubled` counts rows whose id was there. */
export async function readTables(root) {
  const folder = join(root, '.mcp-vector-search', 'lance');
  const connection = await connect(folder);
  const read = async (name, pick) => {
    const rows = new Map();
    let doubled = 0;
    if (!existsSync(join(folder, `${name}.lance`))) return { rows, doubled };
    const table = await connection.openTable(name);
    for (const row of await table.query().toArray()) {
      if (rows.has(row.chunk_id)) doubled++;
      rows.set(row.chunk_id, pick(row));
    }
    table.close();
    return { rows, doubled };
  };
  const chunks = await read('chunks', (row) => ({
    path: row.file_path,
    hash: row.file_hash,
    status: row.embedding_status,
    content: row.content,
  }));
  const vectors = await read('vectors', (row) => ({
    path: row.file_path,
    embeddedAt: row.embedded_at,
    digest: createHash('sha256')
      .update(Buffer.from(Float32Array.from(row.vector).buffer))
      .digest('hex'),
  }));
  connection.close();
  return { chunks: chunks.rows, vectors: vectors.rows, doubled: chunks.doubled + vectors.doubled };
}

/** Ids of `before` whose files are not among `changed` and that `after` lacks or has otherwise. */
export function lostRows(before, after, changed = []) {
  const differs = (a, b) => JSON.stringify(a) !== JSON.stringify(b);
  return [...before]
    .filter(([id, row]) => !changed.includes(row.path) && differs(row, after.get(id)))
    .map(([id]) => id);
}

export function pathsOf(rows) {
  return new Set([...rows.values()].map((row) => row.path));
}
