// What LanceDB does that we rely on or guard against, asked of LanceDB alone. A new version that behaves otherwise fails
// here, and each test says what of ours has to be looked at then.
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Connection, connect, type Table } from '@lancedb/lancedb';
import { Field, FixedSizeList, Float32, Schema, Utf8 } from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newestFirst, parseManifest } from '../../src/store/lance/manifest.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../store/make.ts';

const DIMENSION = 384;
let place: TemporaryDirectory;
let connection: Connection;
let table: Table;
let path: string;

const rows = (count: number, first = 0) =>
  Array.from({ length: count }, (_, n) => ({ id: `r${first + n}`, file: `f${(first + n) % 3}`, size: 1 }));

beforeEach(async () => {
  place = await temporaryDirectory();
  connection = await connect(place.path);
  table = await connection.createTable('rows', rows(6));
  path = join(place.path, 'rows.lance');
});

afterEach(async () => {
  table.close();
  connection.close();
  await place[Symbol.asyncDispose]();
});

const versions = () =>
  readdirSync(join(path, '_versions'))
    .filter((name) => name.endsWith('.manifest'))
    .sort(newestFirst);
const newestManifest = () => join(path, '_versions', versions()[0]!);
const dataFiles = () => readdirSync(join(path, 'data')).map((name) => join(path, 'data', name));

/** As another process would: nothing that this one has read before is known to it. */
async function openAnew(): Promise<Table> {
  return (await connect(place.path)).openTable('rows');
}

/** What a manifest says; '' where the flip made it one of a newer format. */
function says(bytes: Buffer): string {
  try {
    return JSON.stringify(parseManifest('', bytes));
  } catch {
    return '';
  }
}

describe('a version', () => {
  test('is one manifest whose name counts down, and ends as data files do (store/manifest reads both)', async () => {
    await table.add(rows(2, 6));
    const names = readdirSync(join(path, '_versions')).filter((name) => name.endsWith('.manifest'));
    expect(names.map((name) => (1n << 64n) - 1n - BigInt(name.slice(0, -'.manifest'.length))).sort()).toEqual([1n, 2n]);
    for (const file of [newestManifest(), ...dataFiles()]) {
      expect(readFileSync(file).subarray(-4).toString('latin1')).toBe('LANC');
    }
    const manifest = parseManifest('', readFileSync(newestManifest()));
    expect(manifest).toMatchObject({ version: 2, fragments: [{ rows: 6 }, { rows: 2 }] });
    const named = manifest!.fragments.flatMap(({ files }) => files);
    expect(named.map(({ name }) => join(path, 'data', name)).sort()).toEqual(dataFiles().sort());
    for (const { name, bytes } of named) expect(readFileSync(join(path, 'data', name))).toHaveLength(bytes);
  });

  test('that is zeroed opens as an empty table without a word (hence the head check at every opening)', async () => {
    writeFileSync(newestManifest(), Buffer.alloc(readFileSync(newestManifest()).length));
    expect(await (await openAnew()).countRows()).toBe(0);
  });

  test('that is empty or cut cannot be opened; without it, the one before is the newest (quarantineBadHeads)', async () => {
    await table.add(rows(2, 6));
    for (const bytes of [0, 60]) {
      const whole = readFileSync(newestManifest());
      truncateSync(newestManifest(), bytes);
      await expect(openAnew()).rejects.toThrow();
      writeFileSync(newestManifest(), whole);
    }
    rmSync(newestManifest());
    expect(await (await openAnew()).countRows()).toBe(6);
  });

  test('with a flipped bit in its count of rows is believed (hence the seal on a table at rest)', async () => {
    const whole = readFileSync(newestManifest());
    const right = parseManifest('', whole)!;
    const wrong = { ...right, fragments: [{ ...right.fragments[0], rows: 7 }] };
    const spoilt = [...whole.keys()]
      .map((at) => Buffer.from(whole.map((byte, index) => (index === at ? byte ^ 1 : byte))))
      .find((bytes) => says(bytes) === JSON.stringify(wrong));
    writeFileSync(newestManifest(), spoilt!);
    expect(await (await openAnew()).countRows()).toBe(7);
  });

  test('lies beside a file of ours, which its cleanup leaves alone (the seal)', async () => {
    writeFileSync(join(path, 'tandem.seal'), 'x');
    await table.add(rows(2, 6));
    await table.optimize({ cleanupOlderThan: new Date() });
    expect(readdirSync(path)).toContain('tandem.seal');
    expect(await (await openAnew()).countRows()).toBe(8);
  });
});

describe('data files', () => {
  test('have no checksum: flipped bits in a value are read as another (hence hashes in the rows, and verify)', async () => {
    const file = dataFiles()[0]!;
    const bytes = readFileSync(file);
    const at = bytes.indexOf('r0r1r2');
    expect(at).toBeGreaterThan(-1);
    bytes[at + 1] = bytes[at + 1]! ^ 8;
    writeFileSync(file, bytes);
    const ids = (await (await openAnew()).query().toArray()).map(({ id }) => String(id));
    expect(ids).toEqual(['r8', 'r1', 'r2', 'r3', 'r4', 'r5']);
  });

  test('are not looked at by a count, only by a scan (hence checkFiles at every opening)', async () => {
    rmSync(dataFiles()[0]!);
    const opened = await openAnew();
    expect(await opened.countRows()).toBe(6);
    await expect(opened.query().toArray()).rejects.toThrow(/not found/i); // isVersionGone reads these words
  });
});

describe('a commit', () => {
  test('is one each for add, update, delete, and for a merge that updates, inserts and deletes at once (replace-files)', async () => {
    const atFirst = await table.version();
    await table.add(rows(2, 6));
    await table.update({ where: 'size = 1', values: { size: 2 } });
    await table.delete("id = 'r7'");
    expect(await table.version()).toBe(atFirst + 3);
    await table
      .mergeInsert('id')
      .whenMatchedUpdateAll()
      .whenNotMatchedInsertAll()
      .whenNotMatchedBySourceDelete({ where: "file = 'f0'" })
      .execute([...rows(1, 0), ...rows(1, 99)]);
    expect(await table.version()).toBe(atFirst + 4);
    const ids = (await table.query().toArray()).map(({ id }) => String(id)).sort();
    expect(ids).toEqual(['r0', 'r1', 'r2', 'r4', 'r5', 'r99']);
  });

  test('of a deletion is seen before the insertion that was to follow (hence nothing is deleted and added)', async () => {
    await table.delete("file = 'f0'");
    const seen = await openAnew();
    await table.add(rows(1, 0));
    expect(await seen.countRows()).toBe(4);
  });

  test('that was cut off leaves files that no version names, and they do no harm (cleanup removes them)', async () => {
    writeFileSync(join(path, 'data', '000000000000000000000000000000.lance'), 'half');
    writeFileSync(join(path, '_versions', '.tmp_18446744073709551613.manifest_x'), 'half');
    await table.add(rows(2, 6));
    expect(await (await openAnew()).countRows()).toBe(8);
  });

  test('of the creation that was cut off leaves a table that is listed and cannot be opened (isEmptyShell)', async () => {
    rmSync(join(path, '_versions'), { recursive: true });
    const anew = await connect(place.path);
    expect(await anew.tableNames()).toEqual(['rows']);
    await expect(anew.openTable('rows')).rejects.toThrow();
  });
});

describe('two writers', () => {
  test('store the same ids twice without an error (hence the lock)', async () => {
    const other = await openAnew();
    await Promise.all([table.add(rows(3, 100)), other.add(rows(3, 100))]);
    expect(await (await openAnew()).countRows("id = 'r100'")).toBe(2);
  });

  test('that merge by id may do so too; never may one lose what the other stored (hence the lock; reconcile)', async () => {
    const other = await openAnew();
    const merge = (target: Table, first: number) =>
      target.mergeInsert('id').whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(rows(3, first));
    await Promise.all([merge(table, 100), merge(other, 103)]);
    for (const id of ['r100', 'r105']) expect(await (await openAnew()).countRows(`id = '${id}'`)).toBe(1);
  });
});

describe('a reader', () => {
  test('that opened before old versions were removed fails, and is well after checkoutLatest (search, scans)', async () => {
    const reader = await openAnew();
    await table.update({ where: 'size = 1', values: { size: 2 } });
    await table.optimize({ cleanupOlderThan: new Date(Date.now() + 1000) });
    await expect(reader.query().toArray()).rejects.toThrow(/not found/i);
    await reader.checkoutLatest();
    expect(await reader.query().toArray()).toHaveLength(6);
  });
});

describe('vectors', () => {
  const schema = new Schema([
    new Field('id', new Utf8(), false),
    new Field('vector', new FixedSizeList(DIMENSION, new Field('item', new Float32(), true)), false),
  ]);
  /** The values stored, or the refusal. */
  async function stored(values: number[]): Promise<unknown[] | 'refused'> {
    const vectors = await connection.createEmptyTable('vectors', schema, { mode: 'overwrite' });
    try {
      await vectors.add([{ id: 'v', vector: values }]);
      const [row] = await vectors.query().toArray();
      return [...row!.vector];
    } catch {
      return 'refused';
    } finally {
      vectors.close();
    }
  }
  const ones = (length: number) => new Array<number>(length).fill(1);

  test('of a wrong length, or infinite, are stored somehow (hence assertStorable before every add)', async () => {
    const short = await stored(ones(DIMENSION - 1));
    expect(short).toHaveLength(DIMENSION);
    expect(short.at(-1)).toBeNull();
    expect(await stored(ones(2 * DIMENSION))).toHaveLength(DIMENSION);
    expect(await stored([Number.POSITIVE_INFINITY, ...ones(DIMENSION - 1)])).toContain(Number.POSITIVE_INFINITY);
  });
});

describe('a filter', () => {
  test('is text that a name can break out of, unless its quotes are doubled (store/sql is the one place)', async () => {
    const name = "x' OR '1'='1";
    expect(await table.countRows(`file = '${name}'`)).toBe(6);
    expect(await table.countRows(`file = '${name.replaceAll("'", "''")}'`)).toBe(0);
  });
});

test('a table that is copied file by file is the same table (backups, power-cut images, migrations)', async () => {
  cpSync(path, join(place.path, 'copy.lance'), { recursive: true });
  expect(await (await connection.openTable('copy')).countRows()).toBe(6);
});
