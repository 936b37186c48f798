// Reads old and new tables again, independently of how they were written, and compares counts, ids, texts and vectors.
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { bytesOf, readTexts, textsOf } from '../store/lance/columns.ts';
import { connect } from '../store/lance/connect.ts';
import { openTable, type TableHandle } from '../store/lance/table.ts';
import type { OldSource } from './old-source.ts';
import type { MigrationPlan } from './plan.ts';
import type { Staged } from './staging.ts';

/**
 * Throws, with everything as it was, if a single row, id or bit differs. That would be our own mistake. With `limit`
 * only the first rows of the old table were staged.
 */
export async function verifyStaged(
  plan: MigrationPlan,
  source: OldSource,
  staged: Staged,
  limit?: number,
): Promise<void> {
  const { layout } = plan;
  const assertLocked = () => Promise.reject(new Error('verifying does not write'));
  const open = async (directory: string, name: string) =>
    openTable(await connect(directory), join(directory, `${name}.lance`), { schema: null, assertLocked });
  const chunks = await open(layout.stagedLanceDir, 'chunks');
  const vectors = await open(layout.stagedLanceDir, 'vectors');
  const structure = await open(layout.stagedStructureDir, 'structure');
  try {
    const expected = await readExpected(plan, source, limit);
    expectEqual('rows', expected.rows, staged.chunks);
    expectEqual('vectors', expected.vectors, staged.vectors);
    await compare(chunks, expected, expected.rows, ['content']);
    await compare(structure, expected, expected.rows, []);
    // The text beside a vector is written from the same buffer; to read all of it once more takes a sixth of the time.
    const isTrial = limit !== undefined;
    await compare(vectors, expected, expected.vectors, isTrial ? ['content', 'vector'] : ['vector']);
    if (source.hasLeftover) {
      const leftover = await open(layout.stagedStructureDir, 'leftover');
      expectEqual(`rows in ${leftover.path}`, staged.leftover, await leftover.count());
      leftover.close();
    }
  } finally {
    for (const table of [chunks, vectors, structure]) table.close();
  }
}

/** Checksums by the position of an id; `ABSENT` where the old tables have nothing. */
interface Expected {
  readonly positions: ReadonlyMap<string, number>;
  readonly rows: number;
  readonly vectors: number;
  readonly checksums: { readonly content: Float64Array; readonly vector: Float64Array };
}

/** No checksum is negative. */
const ABSENT = -1;

/** Where an id stands in several rows the last one counts, and a row without a vector takes it away. */
async function readExpected(
  { ids, doubled, pathOfId, outside }: MigrationPlan,
  source: OldSource,
  limit?: number,
): Promise<Expected> {
  const content = new Float64Array(ids.size).fill(ABSENT);
  const vector = new Float64Array(ids.size).fill(ABSENT);
  const left = new Map(doubled);
  for await (const batch of source.texts(limit)) {
    for (const [row, id] of batch.id.entries()) {
      const more = left.get(id) ?? 1;
      left.set(id, more - 1);
      const position = ids.get(id)!;
      if (more <= 1 && !outside.has(pathOfId[position]!)) content[position] = crc32(bytesOf(batch.content, row));
    }
  }
  for await (const batch of source.vectors(limit)) {
    const { numbers, isThere } = batch.vectors;
    const width = numbers.length / Math.max(1, isThere.length);
    for (const [row, id] of batch.id.entries()) {
      const position = ids.get(id);
      if (position === undefined || content[position] === ABSENT) continue; // a vector without a chunk
      vector[position] = isThere[row] ? checksumOf(numbers, row, width) : ABSENT;
    }
  }
  const count = (column: Float64Array) => column.reduce((sum, value) => sum + (value === ABSENT ? 0 : 1), 0);
  return { positions: ids, rows: count(content), vectors: count(vector), checksums: { content, vector } };
}

async function compare(
  table: TableHandle,
  expected: Expected,
  rows: number,
  columns: readonly ('content' | 'vector')[],
): Promise<void> {
  const seen = new Uint8Array(expected.positions.size);
  let found = 0;
  for await (const batch of table.scan({ columns: ['chunk_id', ...columns] })) {
    found += batch.numRows;
    const content = columns.includes('content') ? readTexts(batch.column('content')!) : null;
    const vectors = columns.includes('vector') ? batch.floats('vector') : null;
    const width = (vectors?.length ?? 0) / Math.max(1, batch.numRows);
    for (const [row, id] of textsOf(readTexts(batch.column('chunk_id')!)).entries()) {
      const position = expected.positions.get(id);
      if (position === undefined || expected.checksums.content[position] === ABSENT) throw different(table, id, 'id');
      if (seen[position] === 1) throw different(table, id, 'row, for it came twice');
      seen[position] = 1;
      if (content && crc32(bytesOf(content, row)) !== expected.checksums.content[position]) {
        throw different(table, id, 'text');
      }
      if (vectors && checksumOf(vectors, row, width) !== expected.checksums.vector[position]) {
        throw different(table, id, 'vector');
      }
    }
  }
  expectEqual(`rows in ${table.path}`, rows, found);
}

function expectEqual(what: string, expected: number, found: number): void {
  if (expected !== found)
    throw new Error(`the migration wrote ${found} ${what} instead of ${expected}; nothing was switched`);
}

function different(table: TableHandle, id: string, what: string): Error {
  return new Error(`the ${what} of ${id} in ${table.path} is not the old one; nothing was switched`);
}

function checksumOf(numbers: Float32Array, row: number, width: number): number {
  return crc32(new Uint8Array(numbers.buffer, numbers.byteOffset + row * width * 4, width * 4));
}
