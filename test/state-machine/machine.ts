// A project with its index, and what a history may do to them. Runs are those of the library; the engine alone is
// replaced, by one that is fast and deterministic.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CleanupReport, removeWaste } from '../../src/cleanup/remove-waste.ts';
import type { Config } from '../../src/config/schema.ts';
import { cachedEmbedder } from '../../src/embedding/cache/cached-embedder.ts';
import { openVectorCache, type VectorCache } from '../../src/embedding/cache/vector-cache.ts';
import type { Embedder } from '../../src/embedding/embedder.ts';
import { describeModel } from '../../src/embedding/model/recipe.ts';
import { indexProject } from '../../src/operations/index.ts';
import { resume } from '../../src/operations/resume.ts';
import { openForWriting } from '../../src/run/open-index.ts';
import type { RunReport } from '../../src/run/report.ts';
import { DIMENSION, sha256, vectorOf } from '../store/make.ts';

const modelDir = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url));

/** Thrown in the place of a kill; the index on disk is then as the kill would have left it. */
class Killed extends Error {}

export interface Machine {
  readonly root: string;
  readonly indexDir: string;
  readonly modelDir: string;
  readonly config: Config;
  /** Texts that were embedded since the start. */
  embedded: number;
  /** Opens the index and runs. With `killAt` it is killed at that fault point, counted from 1; null if it was. */
  run(
    phase: 1 | 2 | 'all',
    options?: { readonly killAt?: number | null; readonly force?: boolean },
  ): Promise<RunReport | null>;
  resume(): Promise<RunReport>;
  /** Null if it was killed. */
  cleanUp(killAt?: number | null): Promise<CleanupReport | null>;
  /** Called at every fault point. */
  atFault: ((name: string) => void) | null;
  write(path: string, content: string): void;
  remove(path: string): void;
  rename(from: string, to: string): void;
  read(path: string): string;
  storedChunks(): Promise<{ id: string; path: string; status: string; line: number; isPoisoned: boolean }[]>;
  storedContents(): Promise<string[]>;
  /** Paths that have rows, by table. */
  storedPaths(): Promise<Record<'chunks' | 'vectors' | 'structure', string[]>>;
  /** Ids in the vectors table. */
  storedVectors(): Promise<Set<string>>;
  /** Makes every stamp that Phase 1 remembers old enough to be believed. */
  passTime(): void;
  /** Whether there is an index. */
  exists(): boolean;
  loseTandemFile(name: 'files.jsonl' | 'run.json' | 'checkpoint.json'): void;
}

export function machineIn(
  root: string,
  indexDir = join(root, '.mcp-vector-search'),
  over: Partial<Config> = {},
): Machine {
  const config: Config = {
    root,
    indexDir,
    workers: 1,
    checkpointInterval: 2,
    maxFileBytes: 100_000,
    include: [],
    exclude: [],
    allowSecrets: false,
    durability: 'fast',
    modelDir,
    cache: null,
    ...over,
  };
  /** Null if it was killed at that fault point, counted from 1. */
  const killable = async <T>(killAt: number | null, work: (fault: (name: string) => void) => Promise<T>) => {
    const snapshot = `${indexDir}.killed`;
    let points = 0;
    try {
      return await work((name) => {
        machine.atFault?.(name);
        if (++points !== killAt) return;
        cpSync(indexDir, snapshot, { recursive: true });
        throw new Killed();
      });
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      rmSync(indexDir, { recursive: true, force: true });
      renameSync(snapshot, indexDir);
      rmSync(join(indexDir, 'tandem/lock')); // its process is dead
      return null;
    }
  };
  const open = (creates: boolean, fault?: (name: string) => void) => {
    const openEmbedder = async () => {
      const embedder = await fakeEmbedder((texts) => (machine.embedded += texts));
      return config.cache === null ? embedder : cachedEmbedder(embedder, openCache(config.cache.directory));
    };
    return openForWriting(config, { creates }, { fault, groupRows: 6, openEmbedder });
  };
  const machine: Machine = {
    root,
    indexDir,
    modelDir,
    config,
    embedded: 0,
    atFault: null,
    run: (phase, { killAt = null, force = false } = {}) =>
      killable(killAt, async (fault) => {
        await using index = await open(true, fault);
        return await indexProject(index, { phase, force });
      }),
    async resume() {
      await using index = await open(false);
      return await resume(index, {});
    },
    cleanUp: (killAt = null) =>
      killable(killAt, (fault) => removeWaste(config, { dimension: DIMENSION }, { now: true, fault })),
    write(path, content) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    },
    remove: (path) => rmSync(join(root, path)),
    rename(from, to) {
      mkdirSync(dirname(join(root, to)), { recursive: true });
      renameSync(join(root, from), join(root, to));
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    async storedChunks() {
      const rows = await readRows(indexDir, 'chunks', [
        'chunk_id',
        'file_path',
        'embedding_status',
        'start_line',
        'content',
      ]);
      return rows.map((row) => ({
        id: String(row.chunk_id),
        path: String(row.file_path),
        status: String(row.embedding_status),
        line: Number(row.start_line),
        isPoisoned: String(row.content).includes('poison'),
      }));
    },
    async storedContents() {
      const tables = await Promise.all(['chunks', 'vectors'].map((name) => readRows(indexDir, name, ['content'])));
      return tables.flat().map((row) => String(row.content));
    },
    async storedPaths() {
      const paths = async (folder: string, name: string) =>
        [...new Set((await readRows(folder, name, ['file_path'])).map((row) => String(row.file_path)))].sort();
      const own = join(indexDir, 'tandem');
      return {
        chunks: await paths(indexDir, 'chunks'),
        vectors: await paths(indexDir, 'vectors'),
        structure: await paths(own, 'structure'),
      };
    },
    async storedVectors() {
      const rows = await readRows(indexDir, 'vectors', ['chunk_id']);
      return new Set(rows.map((row) => String(row.chunk_id)));
    },
    passTime() {
      const path = join(indexDir, 'tandem/run.json');
      if (statSync(path, { throwIfNoEntry: false }) === undefined) return;
      const run = JSON.parse(readFileSync(path, 'utf8')) as { phase1: { scan_started_ns: string } };
      const later = (BigInt(run.phase1.scan_started_ns) + 3_600_000_000_000n).toString();
      writeFileSync(path, JSON.stringify({ ...run, phase1: { ...run.phase1, scan_started_ns: later } }));
    },
    exists: () => existsSync(join(indexDir, 'lance')),
    loseTandemFile: (name) => rmSync(join(indexDir, 'tandem', name), { force: true }),
  };
  return machine;
}

/** Vectors are a function of the text; texts that contain `poison` fail. */
function openCache(directory: string): VectorCache {
  const onProblem = (message: string) => {
    throw new Error(message);
  };
  return openVectorCache({ directory, dimension: DIMENSION, onProblem, makeRoom: () => undefined });
}

async function fakeEmbedder(count: (texts: number) => void): Promise<Embedder> {
  const { identity } = await describeModel(modelDir);
  return {
    identity,
    recipe: '00000000',
    async embed(texts, signal) {
      signal?.throwIfAborted();
      const vectors = new Float32Array(texts.length * DIMENSION);
      const failures: { index: number; reason: string }[] = [];
      for (const [row, text] of texts.entries()) {
        if (text.includes('poison')) failures.push({ index: row, reason: 'poison' });
        else vectors.set(vectorOf(sha256(text)), row * DIMENSION);
      }
      count(texts.length - failures.length);
      return { vectors, failures, unfinished: [], tokens: texts.length * 10, reused: 0 };
    },
    close: () => Promise.resolve(),
  };
}

async function readRows(indexDir: string, name: string, columns: string[]): Promise<Record<string, unknown>[]> {
  if (!existsSync(join(indexDir, 'lance'))) return [];
  const { connect } = await import('@lancedb/lancedb');
  const connection = await connect(join(indexDir, 'lance'));
  const table = await connection.openTable(name);
  const rows = (await table.query().select(columns).toArray()) as Record<string, unknown>[];
  table.close();
  connection.close();
  return rows;
}
