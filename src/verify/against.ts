// The oracle: two indexes of the same tree hold the same rows, whatever their histories, and vectors that point the same
// way. Times, batch ids and the project's name are history.
import { createHash } from 'node:crypto';
import type { Layout } from '../store/layout.ts';
import { inSlices, isIn } from '../store/tables/sql.ts';
import type { Findings } from './findings.ts';
import { openReader, type TableReader } from './read-table.ts';

const HISTORY = new Set(['created_at', 'updated_at', 'embedded_at', 'embedding_batch_id', 'project_name', 'vector']);
const LEAST_COSINE = 0.99999;

export async function compareWith(here: Layout, there: Layout, findings: Findings): Promise<void> {
  for (const name of ['chunks', 'vectors', 'structure'] as const) {
    const path = (layout: Layout) => layout[`${name}Table`];
    const [mine, theirs] = [await openReader(path(here)), await openReader(path(there))];
    try {
      const other = await digestRows(theirs);
      const turned: string[] = [];
      for (const [id, { row, vector }] of await digestRows(mine)) {
        const twin = other.get(id);
        other.delete(id);
        if (twin === undefined) findings.add('against-added', name, id);
        else if (twin.row !== row) findings.add('against-differs', name, id);
        else if (twin.vector !== vector) turned.push(id);
      }
      for (const id of other.keys()) findings.add('against-missing', name, id);
      await compareVectors(mine, theirs, turned, findings);
    } finally {
      mine.close();
      theirs.close();
    }
  }
}

/** By chunk id; rows of one id are taken together. */
async function digestRows(reader: TableReader): Promise<Map<string, { row: string; vector: string }>> {
  const columns = reader.columns.map(({ name }) => name);
  const stable = columns.filter((name) => !HISTORY.has(name)).sort();
  const digests = new Map<string, { row: string; vector: string }>();
  for await (const rows of reader.scan(columns.filter((name) => name === 'vector' || stable.includes(name)))) {
    const values = stable.map((name) => rows.column(name));
    const vectors = columns.includes('vector') ? rows.column('vector') : null;
    const ids = rows.column('chunk_id');
    for (let row = 0; row < rows.numRows; row++) {
      const id = String(ids.get(row));
      const before = digests.get(id);
      const text = JSON.stringify(values.map((column) => plain(column.get(row))));
      const numbers = vectors === null ? new Float32Array() : (vectors.get(row) as Numbers).toArray();
      digests.set(id, {
        row: (before?.row ?? '') + short(text),
        vector: (before?.vector ?? '') + short(new Uint8Array(numbers.slice().buffer)),
      });
    }
  }
  return digests;
}

interface Numbers {
  toArray(): Float32Array;
}

function plain(value: unknown): unknown {
  return value !== null && typeof value === 'object' && 'toArray' in value
    ? [...(value as { toArray(): Iterable<unknown> }).toArray()]
    : value;
}

function short(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('base64').slice(0, 22);
}

/** Other bits may still be the same direction: another machine rounds otherwise. */
async function compareVectors(
  mine: TableReader,
  theirs: TableReader,
  ids: readonly string[],
  findings: Findings,
): Promise<void> {
  for (const slice of inSlices(ids, 1_000)) {
    const [a, b] = [await vectorsOf(mine, slice), await vectorsOf(theirs, slice)];
    for (const id of slice) {
      const value = cosine(a.get(id) ?? new Float32Array(), b.get(id) ?? new Float32Array());
      if (!(value >= LEAST_COSINE)) findings.add('against-vector', 'vectors', id, `${id}: ${value.toFixed(6)}`);
    }
  }
}

async function vectorsOf(reader: TableReader, ids: readonly string[]): Promise<Map<string, Float32Array>> {
  const vectors = new Map<string, Float32Array>();
  for await (const rows of reader.scan(['chunk_id', 'vector'], { where: isIn('chunk_id', ids) })) {
    for (let row = 0; row < rows.numRows; row++) {
      const numbers = rows.column('vector').get(row) as Numbers;
      vectors.set(String(rows.column('chunk_id').get(row)), numbers.toArray().slice());
    }
  }
  return vectors;
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * (b[i] ?? Number.NaN);
    ofA += a[i]! ** 2;
    ofB += (b[i] ?? Number.NaN) ** 2;
  }
  return dot / Math.sqrt(ofA * ofB);
}
