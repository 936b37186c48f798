// Builds the new tables beside the old ones, where nobody looks yet.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { allEnded } from '../core/iterate.ts';
import { removeTree, writeFileAtomic } from '../store/files/atomic-file.ts';
import { tableOf, toRecordBatch } from '../store/lance/arrow.ts';
import { connect } from '../store/lance/connect.ts';
import { openDurability } from '../store/lance/durability.ts';
import { type AssertLocked, openTable, type TableHandle } from '../store/lance/table.ts';
import type { Layout } from '../store/layout.ts';
import { openLedger } from '../store/ledger.ts';
import { CHUNKS_SCHEMA, LEFTOVER_SCHEMA, STRUCTURE_SCHEMA, vectorsSchema } from '../store/tables/schema.ts';
import { converter } from './convert.ts';
import { type OldBatch, selectRows } from './old-batch.ts';
import type { OldSource } from './old-source.ts';
import type { MigrationPlan } from './plan.ts';

export interface StagingContext {
  readonly plan: MigrationPlan;
  readonly dimension: number;
  readonly assertLocked: AssertLocked;
  readonly fault: (name: string) => void;
  readonly signal: AbortSignal | undefined;
}

export interface Staged {
  readonly chunks: number;
  readonly vectors: number;
  /** Rows that said something no column of today takes. */
  readonly leftover: number;
}

/** Rows from which on a commit is made; batches of the engine are not cut. */
const GROUP_ROWS = 10_240;

export async function removeStaged(layout: Layout): Promise<void> {
  for (const path of [layout.stagedLanceDir, layout.stagedStructureDir, layout.stagedLedgerFile]) {
    await removeTree(path);
  }
}

/**
 * Streams the old rows, or the first `limit` of them, into three new tables and a ledger, and flushes them. Vectors keep
 * their bits.
 */
export async function stageTables(ctx: StagingContext, source: OldSource, limit?: number): Promise<Staged> {
  const { plan, fault } = ctx;
  const { layout } = plan;
  await removeStaged(layout);
  await mkdir(layout.stagedLanceDir, { mode: 0o700 });
  await mkdir(layout.stagedStructureDir, { mode: 0o700 });
  const tables = await openTargets(ctx, source.hasLeftover);
  let writing: Promise<unknown> = Promise.resolve();
  try {
    const convert = converter(plan, new Date().toISOString().replace('Z', '+00:00'));
    const written = { chunks: 0, vectors: 0, leftover: 0 };
    for await (const group of inGroups(keptRows(source.rows({ limit, doubled: plan.doubled }), plan))) {
      ctx.signal?.throwIfAborted();
      const additions = tables.map(({ name, schema, table }) => {
        const columns = group.map((batch) => convert[name](batch)).filter((each) => each !== null);
        return {
          table,
          rows: tableOf(
            schema,
            columns.map((each) => toRecordBatch(schema, each)),
          ),
        };
      });
      await writing;
      // Written while the next group is read.
      writing = allEnded(
        additions.filter(({ rows }) => rows.numRows > 0).map(({ table, rows }) => table.add(rows)),
      ).then(() => fault('migrate.rows-written'));
      writing.catch(() => undefined); // seen where it is awaited
      for (const { id, vectors, leftover } of group) {
        written.chunks += id.length;
        for (const isThere of vectors.isThere) if (isThere) written.vectors++;
        for (const text of leftover) if (text !== '') written.leftover++;
      }
    }
    await writing;
    await stageLedger(plan);
    const durability = openDurability('full');
    for (const { table } of tables) await durability.makeDurable(table.path);
    return written;
  } finally {
    await writing.catch(() => undefined); // after an error nothing may still write what is about to be removed
    for (const { table } of tables) table.close();
  }
}

interface Target {
  readonly name: 'chunks' | 'vectors' | 'structure' | 'leftover';
  readonly schema: typeof CHUNKS_SCHEMA;
  readonly table: TableHandle;
}

/** In the order in which they are flushed. */
async function openTargets({ plan, dimension, assertLocked }: StagingContext, hasLeftover: boolean): Promise<Target[]> {
  const { stagedLanceDir, stagedStructureDir } = plan.layout;
  const leftover = { name: 'leftover', directory: stagedStructureDir, schema: LEFTOVER_SCHEMA } as const;
  const kinds = [
    ...(hasLeftover ? [leftover] : []),
    { name: 'structure', directory: stagedStructureDir, schema: STRUCTURE_SCHEMA },
    { name: 'chunks', directory: stagedLanceDir, schema: CHUNKS_SCHEMA },
    { name: 'vectors', directory: stagedLanceDir, schema: vectorsSchema(dimension) },
  ] as const;
  const targets: Target[] = [];
  for (const { name, directory, schema } of kinds) {
    const path = join(directory, `${name}.lance`);
    targets.push({ name, schema, table: await openTable(await connect(directory), path, { schema, assertLocked }) });
  }
  return targets;
}

async function stageLedger({ layout, files }: MigrationPlan): Promise<void> {
  await writeFileAtomic(layout.stagedLedgerFile, ''); // there even if no file is known to be unchanged
  const ledger = await openLedger(layout.stagedLedgerFile);
  await ledger.append(
    [...new Set(files.values())].flatMap(({ record }) => record ?? []),
    [],
  );
  await ledger.makeDurable();
}

/** Without the rows whose id comes again, and those of files that cannot lie below the root. */
async function* keptRows(
  stream: AsyncIterable<OldBatch>,
  { doubled, outside }: MigrationPlan,
): AsyncGenerator<OldBatch, void> {
  const left = new Map(doubled);
  for await (const batch of stream) {
    const rows = batch.id.flatMap((id, row) => {
      const more = left.get(id) ?? 1;
      if (more > 1) left.set(id, more - 1);
      return more > 1 || outside.has(batch.path[row]!) ? [] : [row];
    });
    yield selectRows(batch, rows);
  }
}

async function* inGroups(stream: AsyncIterable<OldBatch>): AsyncGenerator<OldBatch[], void> {
  let group: OldBatch[] = [];
  let rows = 0;
  for await (const batch of stream) {
    group.push(batch);
    rows += batch.id.length;
    if (rows < GROUP_ROWS) continue;
    yield group;
    group = [];
    rows = 0;
  }
  if (rows > 0) yield group;
}
