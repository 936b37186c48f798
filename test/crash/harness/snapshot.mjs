// What an index holds, read with the engine alone: the harness asks nothing of the code that it tests.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connect } from '@lancedb/lancedb';

const TABLES = {
  chunks: 'lance/chunks.lance',
  vectors: 'lance/vectors.lance',
  structure: 'tandem/lance/structure.lance',
};
/** What a row's history may change. */
const HISTORY = new Set(['created_at', 'updated_at', 'embedded_at', 'embedding_batch_id', 'project_name']);

/**
 * Rows of a table as plain objects. A table that was never created, or whose creation was cut off before it held any
 * data, has none.
 * @param {string} indexDir @param {keyof typeof TABLES} name @param {string[]} [columns]
 * @returns {Promise<Record<string, unknown>[]>}
 */
export async function rowsOf(indexDir, name, columns) {
  const path = join(indexDir, TABLES[name]);
  if (!existsSync(join(path, 'data')) || readdirSync(join(path, 'data')).length === 0) return [];
  const connection = await connect(dirname(path));
  const table = await connection.openTable(name);
  try {
    const query = table.query();
    const rows = await (columns === undefined ? query : query.select(columns)).toArray();
    return rows.map(toPlain);
  } finally {
    table.close();
    connection.close();
  }
}

/** @param {Record<string, unknown>} row @returns {Record<string, unknown>} */
function toPlain(row) {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value !== null && typeof value === 'object' && 'toArray' in value
        ? [.../** @type {{ toArray(): Iterable<unknown> }} */ (value).toArray()]
        : value,
    ]),
  );
}

/**
 * Chunks with their file and status, vectors with the moment they were made; ids that are there twice.
 * @param {string} indexDir
 */
export async function snapshot(indexDir) {
  /** @type {Map<string, { path: string, hash: string, status: string }>} */
  const chunks = new Map();
  /** @type {Map<string, string>} */
  const vectors = new Map();
  let doubled = 0;
  for (const row of await rowsOf(indexDir, 'chunks', ['chunk_id', 'file_path', 'file_hash', 'embedding_status'])) {
    const id = String(row.chunk_id);
    if (chunks.has(id)) doubled++;
    chunks.set(id, { path: String(row.file_path), hash: String(row.file_hash), status: String(row.embedding_status) });
  }
  for (const row of await rowsOf(indexDir, 'vectors', ['chunk_id', 'embedded_at'])) {
    const id = String(row.chunk_id);
    if (vectors.has(id)) doubled++;
    vectors.set(id, String(row.embedded_at));
  }
  return { chunks, vectors, doubled };
}

/** @typedef {Awaited<ReturnType<typeof snapshot>>} Snapshot */

/**
 * Everything that must be equal whatever the history, bytes of vectors included.
 * @param {string} indexDir
 */
export async function digest(indexDir) {
  const lines = [];
  for (const name of /** @type {(keyof typeof TABLES)[]} */ (Object.keys(TABLES))) {
    for (const row of await rowsOf(indexDir, name)) {
      const stable = Object.entries(row).filter(([column]) => !HISTORY.has(column));
      lines.push(`${name} ${String(row.chunk_id)} ${sha256(JSON.stringify(stable.sort()))}`);
    }
  }
  return { rows: lines.length, sha256: sha256(lines.sort().join('\n')) };
}

/** @param {string} text */
function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}
