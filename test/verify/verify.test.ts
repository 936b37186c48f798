// Every oracle bites: each planted defect is found under its name, alone or with what follows from it, and a repair
// followed by a run leaves an index that is clean, complete and equal to one that was never touched.
import { open, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repairIndex } from '../../src/operations/repair.ts';
import { verifyIndex } from '../../src/operations/verify.ts';
import { readManifests } from '../../src/store/lance/manifest.ts';
import { acquireLock } from '../../src/store/lock/lock.ts';
import { replaceFiles } from '../../src/store/replace-files.ts';
import { writeRunFile } from '../../src/store/run-file.ts';
import type { FindingCode } from '../../src/verify/findings.ts';
import { makeFile, openStores, temporaryDirectory, vectorOf, writerOf } from '../store/make.ts';
import {
  CHUNKS,
  type Fixture,
  file,
  filesIn,
  finishedIndexes,
  modelDir,
  PATHS,
  record,
  rowsOf,
  run,
  spoil,
} from './fixture.ts';

let indexes: Awaited<ReturnType<typeof finishedIndexes>>;
let untouched: Fixture;
beforeAll(async () => {
  indexes = await finishedIndexes();
  untouched = await indexes.copy();
});
afterAll(async () => {
  await untouched[Symbol.asyncDispose]();
  await indexes[Symbol.asyncDispose]();
});

const [FIRST, SECOND] = file(PATHS[0]!).chunks.map((chunk) => chunk.chunkId) as [string, string];
const ELSEWHERE = file(PATHS[1]!).chunks[1]!.chunkId;

interface Defect {
  /** What must be found; `quick` says whether the short reading finds it too. */
  readonly finds: FindingCode;
  readonly quick: boolean;
  readonly plant: (index: Fixture) => Promise<void>;
  /** False where only a person can mend it. */
  readonly repairable?: boolean;
}

const where = `chunk_id = '${FIRST}'`;
const set = (values: Record<string, string | number>, which = where) => ({ where: which, values });

/** Adds a copy of the first row, changed. */
async function addRow(path: string, change: Record<string, unknown>): Promise<void> {
  const [row] = (await rowsOf(path)).filter((each) => each.chunk_id === FIRST);
  await spoil(path, (table) => table.add([{ ...row, ...change }]));
}

async function setVector(path: string, vector: Float32Array | number[]): Promise<void> {
  const [row] = (await rowsOf(path)).filter((each) => each.chunk_id === FIRST);
  await spoil(path, async (table) => {
    await table.delete(where);
    await table.add([{ ...row, vector: [...vector] }]);
  });
}

/** A data file of the current version: the one with the most bytes. */
async function dataFile(table: string): Promise<string> {
  const [head] = await readManifests(table);
  const files = head!.manifest!.fragments.flatMap((fragment) => fragment.files);
  return join(table, 'data', files.sort((a, b) => b.bytes - a.bytes)[0]!.name);
}

async function flip(path: string, at: number): Promise<void> {
  await using target = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await target.read(byte, 0, 1, at);
  byte[0] = byte[0]! ^ 1;
  await target.write(byte, 0, 1, at);
}

async function changeJson(path: string, change: (value: Record<string, unknown>) => void): Promise<void> {
  const value = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  change(value);
  await writeFile(path, JSON.stringify(value));
}

const unit = (index: number) => Array.from({ length: 384 }, (_, at) => (at === index ? 1 : 0));

const DEFECTS: Record<string, Defect> = {
  'a chunk that is gone': {
    finds: 'vector-without-chunk',
    quick: true,
    plant: ({ layout }) => spoil(layout.chunksTable, (table) => table.delete(where)),
  },
  'a vector that is gone': {
    finds: 'complete-without-vector',
    quick: true,
    plant: ({ layout }) => spoil(layout.vectorsTable, (table) => table.delete(where)),
  },
  'a structure row that is gone': {
    finds: 'chunk-without-structure',
    quick: true,
    plant: ({ layout }) => spoil(layout.structureTable, (table) => table.delete(where)),
  },
  'a structure row of nobody': {
    finds: 'structure-without-chunk',
    quick: true,
    plant: ({ layout }) => addRow(layout.structureTable, { chunk_id: 'ffffffffffffffff', parent_chunk_id: '' }),
  },
  'a doubled chunk': {
    finds: 'chunk-doubled',
    quick: true,
    plant: ({ layout }) => addRow(layout.chunksTable, {}),
  },
  'a doubled vector': {
    finds: 'vector-doubled',
    quick: true,
    plant: ({ layout }) => addRow(layout.vectorsTable, {}),
  },
  'a doubled structure row': {
    finds: 'structure-doubled',
    quick: true,
    plant: ({ layout }) => addRow(layout.structureTable, {}),
  },
  'a status that does not exist': {
    finds: 'status-unknown',
    quick: true,
    plant: ({ layout }) => spoil(layout.chunksTable, (table) => table.update(set({ embedding_status: 'done' }))),
  },
  'another content': {
    finds: 'content-hash',
    quick: false,
    plant: ({ layout }) => spoil(layout.chunksTable, (table) => table.update(set({ content: 'x' }))),
  },
  'another content hash': {
    finds: 'content-hash',
    quick: false,
    plant: ({ layout }) => spoil(layout.structureTable, (table) => table.update(set({ content_hash: 'x' }))),
  },
  'another breadcrumb': {
    finds: 'chunk-id',
    quick: false,
    plant: ({ layout }) => spoil(layout.chunksTable, (table) => table.update(set({ hierarchy_path: 'x' }))),
  },
  'another kind': {
    finds: 'chunk-id',
    quick: false,
    plant: ({ layout }) => spoil(layout.chunksTable, (table) => table.update(set({ chunk_type: 'enum' }))),
  },
  'another occurrence': {
    finds: 'chunk-id',
    quick: false,
    plant: ({ layout }) => spoil(layout.structureTable, (table) => table.update(set({ occurrence: 7 }))),
  },
  'another path': {
    finds: 'structure-path',
    quick: true,
    plant: ({ layout }) => spoil(layout.structureTable, (table) => table.update(set({ file_path: PATHS[1]! }))),
  },
  'a chunk in a file that is not its own': {
    finds: 'file-rows',
    quick: true,
    plant: ({ layout }) => spoil(layout.chunksTable, (table) => table.update(set({ file_path: PATHS[1]! }))),
  },
  'lines that end before they begin': {
    finds: 'lines',
    quick: true,
    plant: ({ layout }) => spoil(layout.chunksTable, (table) => table.update(set({ start_line: 9, end_line: 3 }))),
  },
  'a missing value': {
    finds: 'null-value',
    quick: false,
    plant: ({ layout }) =>
      spoil(layout.chunksTable, (table) => table.update({ where, valuesSql: { docstring: 'NULL' } })),
  },
  'another text beside a vector': {
    finds: 'vector-copy',
    quick: false,
    plant: ({ layout }) => spoil(layout.vectorsTable, (table) => table.update(set({ content: 'x' }))),
  },
  'a vector at other lines': {
    finds: 'vector-place',
    quick: true,
    plant: ({ layout }) => spoil(layout.vectorsTable, (table) => table.update(set({ start_line: 77 }))),
  },
  'a vector that is not finite': {
    finds: 'vector-not-finite',
    quick: false,
    plant: ({ layout }) => setVector(layout.vectorsTable, [Number.POSITIVE_INFINITY, ...unit(1).slice(1)]),
  },
  'a vector of another length': {
    finds: 'vector-norm',
    quick: false,
    plant: ({ layout }) =>
      setVector(
        layout.vectorsTable,
        vectorOf(FIRST).map((value) => value * 1.01),
      ),
  },
  'a vector of another model': {
    finds: 'vector-model',
    quick: true,
    plant: ({ layout }) => spoil(layout.vectorsTable, (table) => table.update(set({ model_version: 'bge' }))),
  },
  'a vector with an unknown recipe': {
    finds: 'vector-recipe',
    quick: true,
    plant: ({ layout }) => spoil(layout.vectorsTable, (table) => table.update(set({ tandem_recipe: '?' }))),
  },
  'a parent that does not exist': {
    finds: 'parent-missing',
    quick: true,
    plant: ({ layout }) =>
      spoil(layout.structureTable, (table) =>
        table.update(set({ parent_chunk_id: 'ffffffffffffffff' }, `chunk_id = '${SECOND}'`)),
      ),
  },
  'a parent in another file': {
    finds: 'parent-elsewhere',
    quick: true,
    plant: ({ layout }) =>
      spoil(layout.structureTable, (table) =>
        table.update(set({ parent_chunk_id: ELSEWHERE }, `chunk_id = '${SECOND}'`)),
      ),
  },
  'parents in a circle': {
    finds: 'parent-depth',
    quick: true,
    plant: ({ layout }) => spoil(layout.structureTable, (table) => table.update(set({ parent_chunk_id: SECOND }))),
  },
  'a line that the ledger lacks': {
    finds: 'file-not-in-ledger',
    quick: true,
    plant: async ({ layout }) => {
      const lines = (await readFile(layout.ledgerFile, 'utf8')).split('\n');
      await writeFile(layout.ledgerFile, lines.filter((line) => !line.includes('"a.py"')).join('\n'));
    },
  },
  'a damaged line in the ledger': {
    finds: 'ledger-line',
    quick: true,
    plant: ({ layout }) => flip(layout.ledgerFile, 20),
  },
  'another hash of a file': {
    finds: 'file-hash',
    quick: true,
    plant: ({ layout }) =>
      spoil(layout.chunksTable, (table) => table.update(set({ file_hash: 'x' }, `file_path = '${PATHS[0]}'`))),
  },
  'chunks of one file from two of its states': {
    finds: 'file-hash',
    quick: true,
    plant: ({ layout }) => spoil(layout.chunksTable, (table) => table.update(set({ file_hash: 'x' }))),
  },
  'a checkpoint ahead of its table': {
    finds: 'checkpoint-ahead',
    quick: true,
    plant: ({ layout }) =>
      changeJson(layout.checkpointFile, (value) => {
        value.vectors_version = 99;
      }),
  },
  'a checkpoint of another model': {
    finds: 'checkpoint-model',
    quick: true,
    plant: ({ layout }) =>
      changeJson(layout.checkpointFile, (value) => {
        value.model_id = 'bge';
      }),
  },
  'a torn checkpoint': {
    finds: 'checkpoint-broken',
    quick: true,
    plant: ({ layout }) => truncate(layout.checkpointFile, 30),
  },
  'a torn run.json': {
    finds: 'run-file',
    quick: true,
    plant: ({ layout }) => truncate(layout.runFile, 30),
  },
  'a newest version full of zeros': {
    finds: 'manifest-broken',
    quick: true,
    plant: async ({ layout }) => {
      const [head] = await filesIn(layout.chunksTable, '_versions');
      await writeFile(head!, Buffer.alloc((await readFile(head!)).length));
    },
  },
  'an old version cut short': {
    finds: 'manifest-broken',
    quick: true,
    plant: async ({ layout }) => {
      const manifests = (await filesIn(layout.chunksTable, '_versions')).filter((name) => name.endsWith('.manifest'));
      await truncate(manifests.at(-1)!, 10);
    },
  },
  'a data file that is gone': {
    finds: 'data-file-missing',
    quick: true,
    plant: async ({ layout }) => unlink(await dataFile(layout.vectorsTable)),
  },
  'a data file cut short': {
    finds: 'data-file-size',
    quick: true,
    plant: async ({ layout }) => truncate(await dataFile(layout.structureTable), 100),
  },
  'a data file of the chunks cut short': {
    finds: 'data-file-size',
    quick: true,
    plant: async ({ layout }) => truncate(await dataFile(layout.chunksTable), 100),
  },
  'a data file full of zeros': {
    finds: 'data-file-broken',
    quick: true,
    plant: async ({ layout }) => {
      const path = await dataFile(layout.vectorsTable);
      await writeFile(path, Buffer.alloc((await readFile(path)).length));
    },
  },
  'one flipped bit in a vector': {
    finds: 'data-file-hash',
    quick: false,
    plant: async ({ layout }) => {
      const start = Buffer.from(vectorOf(FIRST).buffer, 0, 16);
      let [path, at] = ['', -1];
      for (const each of await filesIn(layout.vectorsTable, 'data')) {
        const found = (await readFile(each)).indexOf(start);
        if (found >= 0) [path, at] = [each, found];
      }
      expect(at).toBeGreaterThan(0);
      await flip(path, at); // the lowest bit of a float: its length stays one
    },
  },
  'a vectors table that is gone': {
    finds: 'table-missing',
    quick: true,
    plant: ({ layout }) => rm(layout.vectorsTable, { recursive: true }),
  },
  'a chunks table that is gone': {
    finds: 'table-missing',
    quick: true,
    plant: ({ layout }) => rm(layout.chunksTable, { recursive: true }),
  },
  'a table without any version': {
    finds: 'table-unreadable',
    quick: true,
    plant: ({ layout }) => rm(join(layout.structureTable, '_versions'), { recursive: true }),
  },
  'a row that the engine no longer gives': {
    finds: 'row-count',
    quick: true,
    repairable: false,
    plant: async ({ layout }) => {
      await spoil(layout.structureTable, (table) => table.delete(`chunk_id = '${SECOND}'`));
      const [head] = await filesIn(layout.structureTable, '_versions');
      const bytes = await readFile(head!);
      // In the message that the footer points to: a fragment's number of deleted rows is field 4, and 1 becomes 2.
      const at = bytes.indexOf(Buffer.from([0x20, 1]), Number(bytes.readBigUInt64LE(bytes.length - 16)));
      bytes[at + 1] = 2;
      await writeFile(head!, bytes);
    },
  },
  'a column too many': {
    finds: 'schema',
    quick: true,
    repairable: false,
    plant: ({ layout }) => spoil(layout.chunksTable, (table) => table.addColumns([{ name: 'extra', valueSql: "'x'" }])),
  },
};

describe('verify', () => {
  test('calls a finished index clean and complete, and one with work left clean', async () => {
    await using index = await indexes.copy();
    for (const depth of ['quick', 'full'] as const) {
      expect(await verifyIndex(index.place, { depth })).toMatchObject({
        clean: true,
        complete: true,
        findings: [],
        files: PATHS.length,
        chunks: { total: CHUNKS, by_status: { complete: CHUNKS } },
        vectors: CHUNKS,
      });
    }
    await spoil(index.layout.vectorsTable, (table) => table.delete(where));
    await spoil(index.layout.chunksTable, (table) => table.update(set({ embedding_status: 'pending' })));
    expect(await verifyIndex(index.place)).toMatchObject({ clean: true, complete: false, findings: [] });
  });

  test.each(Object.entries(DEFECTS))('finds %s, and repair and a run mend it', async (_, defect) => {
    await using index = await indexes.copy();
    await defect.plant(index);
    const quick = await verifyIndex(index.place, { depth: 'quick' });
    expect(quick.findings.some(({ code }) => code === defect.finds)).toBe(defect.quick);
    const full = await verifyIndex(index.place);
    expect(full).toMatchObject({ clean: false, complete: false });
    const finding = full.findings.find(({ code }) => code === defect.finds);
    expect(finding, JSON.stringify(full.findings)).toMatchObject({ severity: 'damage' });
    expect(finding!.examples.length).toBeGreaterThan(0);

    const repaired = await repairIndex(index.place);
    expect(repaired.before).toEqual(full);
    if (defect.repairable === false) {
      expect(repaired.after.clean).toBe(false);
      return;
    }
    expect(repaired.after, JSON.stringify([repaired.actions, repaired.after.findings])).toMatchObject({
      clean: true,
      complete: false,
    });
    await run(index.place.root, index.layout);
    expect(await verifyIndex(index.place, { against: untouched.place.indexDir })).toMatchObject({
      clean: true,
      complete: true,
      findings: [],
    });
  });

  test('takes what a kill in Phase 1 or 2 leaves for unfinished, not for damage', async () => {
    await using index = await indexes.copy();
    await writeRunFile(index.layout.runFile, record(null));
    await spoil(index.layout.structureTable, (table) => table.delete(where));
    await spoil(index.layout.chunksTable, (table) => table.delete(`chunk_id = '${SECOND}'`));
    await spoil(index.layout.chunksTable, (table) =>
      table.update(set({ embedding_status: 'pending' }, `chunk_id = '${ELSEWHERE}'`)),
    );
    const report = await verifyIndex(index.place);
    expect(report).toMatchObject({ clean: true, complete: false });
    expect(report.findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['chunk-without-structure', 'vector-without-chunk', 'vector-not-claimed', 'file-rows']),
    );
    expect(report.findings.every(({ severity }) => severity === 'unfinished')).toBe(true);
    expect((await repairIndex(index.place)).actions).toEqual([]);
  });

  test('needs an index that stands still', async () => {
    await using index = await indexes.copy();
    const lock = await acquireLock(index.layout.lockFile);
    await expect(verifyIndex(index.place)).rejects.toMatchObject({ code: 'INDEX_LOCKED' });
    await expect(repairIndex(index.place)).rejects.toMatchObject({ code: 'INDEX_LOCKED' });
    await lock.release();
  });

  test('without an index says so', async () => {
    await using directory = await temporaryDirectory();
    const place = { root: directory.path, indexDir: join(directory.path, 'none'), modelDir };
    await expect(verifyIndex(place)).rejects.toMatchObject({ code: 'NO_INDEX' });
  });
});

describe('verify --against', () => {
  test.each([
    ['against-missing', (index: Fixture) => spoil(index.layout.structureTable, (table) => table.delete(where))],
    ['against-added', (index: Fixture) => addRow(index.layout.structureTable, { chunk_id: 'ffffffffffffffff' })],
    [
      'against-differs',
      (index: Fixture) => spoil(index.layout.chunksTable, (table) => table.update(set({ docstring: 'x' }))),
    ],
    ['against-vector', (index: Fixture) => setVector(index.layout.vectorsTable, unit(3))],
  ] as const)('finds %s', async (code, plant) => {
    await using index = await indexes.copy();
    await plant(index);
    const report = await verifyIndex(index.place, { depth: 'quick', against: untouched.place.indexDir });
    expect(report.clean).toBe(false);
    expect(report.findings.filter((finding) => finding.code.startsWith('against-'))).toMatchObject([
      { code, count: 1 },
    ]);
  });

  test('passes over vectors that differ in their last bits', async () => {
    await using index = await indexes.copy();
    await setVector(
      index.layout.vectorsTable,
      vectorOf(FIRST).map((value) => value + 1e-7),
    );
    expect(await verifyIndex(index.place, { against: untouched.place.indexDir })).toMatchObject({ clean: true });
  });
});

test('a repair keeps the vectors of what was not damaged, and what it set aside', async () => {
  await using index = await indexes.copy();
  await DEFECTS['a torn checkpoint']!.plant(index);
  await DEFECTS['another content']!.plant(index);
  const { actions } = await repairIndex(index.place);
  expect(actions.map(({ action, count }) => [action, count])).toEqual([
    ['vectors deleted', 1],
    ['chunks deleted', 1],
    ['structure rows deleted', 1],
    ['files will be parsed again', 1],
    ['checkpoint set aside; the tables say what is done', 1],
  ]);
  expect(await rowsOf(index.layout.vectorsTable)).toHaveLength(CHUNKS - 1);
  expect(await filesIn(index.layout.quarantineDir)).toHaveLength(1);
});

test('the reader takes the ids of foreign chunks as they are', async () => {
  await using index = await indexes.copy();
  {
    // The ids of `makeFile` follow another rule, as mcp-vector-search's do.
    await using stores = await openStores(index.place.root);
    await replaceFiles({ ...writerOf(stores), chunkerVersion: 'foreign' }, [makeFile('old.py', ['old'])]);
  }
  expect((await verifyIndex(index.place)).findings).toEqual([]);
});

test('a flipped bit anywhere in the files gets an answer, and what is found can be repaired', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('chunksTable', 'vectorsTable', 'structureTable'),
      fc.nat(),
      fc.nat(),
      async (table, which, where) => {
        await using index = await indexes.copy();
        const files = await filesIn(index.layout[table], 'data');
        const path = files[which % files.length]!;
        // Not in the footer: there the engine panics aloud before it says so.
        await flip(path, where % ((await readFile(path)).length - 64));
        if (!(await verifyIndex(index.place)).clean) {
          expect((await repairIndex(index.place)).after).toMatchObject({ clean: true, complete: false });
        }
      },
    ),
    { numRuns: 15 },
  );
});
