// Reads old and new tables again, independently of how they were written, and compares counts, ids and vector bytes.
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { connect } from '../store/open.ts';
import { openTable, type TableHandle } from '../store/table.ts';
import type { OldSource } from './old-rows.ts';
import type { MigrationPlan } from './plan.ts';
import type { Staged } from './staging.ts';

/** Throws, with everything as it was, if a single row, id or bit differs. That would be our own mistake. */
export async function verifyStaged(plan: MigrationPlan, source: OldSource, staged: Staged): Promise<void> {
  const { layout, ids } = plan;
  const fence = () => Promise.reject(new Error('verifying does not write'));
  const connection = await connect(layout.stagedLanceDir);
  const own = await connect(layout.stagedStructureDir);
  const open = (from: typeof connection, directory: string, name: string) =>
    openTable(from, join(directory, `${name}.lance`), { schema: null, fence });
  const chunks = await open(connection, layout.stagedLanceDir, 'chunks');
  const vectors = await open(connection, layout.stagedLanceDir, 'vectors');
  const structure = await open(own, layout.stagedStructureDir, 'structure');
  try {
    expectEqual('rows', plan.rows - countExtra(plan.doubled), staged.chunks);
    for (const table of [chunks, structure]) await expectIds(table, ids);
    await expectVectors(vectors, await checksumsOf(source, ids), staged.vectors);
  } finally {
    for (const table of [chunks, vectors, structure]) table.close();
  }
}

function countExtra(doubled: ReadonlyMap<string, number>): number {
  let extra = 0;
  for (const times of doubled.values()) extra += times - 1;
  return extra;
}

function expectEqual(what: string, expected: number, found: number): void {
  if (expected !== found)
    throw new Error(`the migration wrote ${found} ${what} instead of ${expected}; nothing was switched`);
}

async function expectIds(table: TableHandle, ids: ReadonlySet<string>): Promise<void> {
  const missing = new Set(ids);
  let rows = 0;
  for await (const batch of table.scan({ columns: ['chunk_id'] })) {
    rows += batch.numRows;
    for (const id of batch.strings('chunk_id')) missing.delete(id ?? '');
  }
  expectEqual(`rows in ${table.path}`, ids.size, rows);
  expectEqual(`ids in ${table.path}`, ids.size, ids.size - missing.size);
}

/** By id; where an id stands in several rows the last one counts, and a row without a vector takes it away. */
async function checksumsOf(source: OldSource, ids: ReadonlySet<string>): Promise<Map<string, number>> {
  const checksums = new Map<string, number>();
  for await (const rows of source.vectors()) {
    for (const { id, vector } of rows) {
      if (!ids.has(id)) continue;
      if (vector === null) checksums.delete(id);
      else checksums.set(id, checksumOf(vector));
    }
  }
  return checksums;
}

async function expectVectors(table: TableHandle, expected: Map<string, number>, written: number): Promise<void> {
  expectEqual('vectors', expected.size, written);
  let rows = 0;
  for await (const batch of table.scan({ columns: ['chunk_id', 'vector'] })) {
    rows += batch.numRows;
    const floats = batch.floats('vector');
    const width = batch.numRows === 0 ? 0 : floats.length / batch.numRows;
    for (const [index, id] of batch.strings('chunk_id').entries()) {
      const checksum = checksumOf(floats.subarray(index * width, (index + 1) * width));
      if (expected.get(id ?? '') !== checksum) {
        throw new Error(`the vector of ${id} in ${table.path} is not the old one; nothing was switched`);
      }
      expected.delete(id ?? '');
    }
  }
  expectEqual(`rows in ${table.path}`, written, rows);
  expectEqual('vectors that were left out', 0, expected.size);
}

function checksumOf(vector: Float32Array): number {
  return crc32(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
}
