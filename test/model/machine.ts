// A project with its index, and what a history may do to them. Runs are those of the library; the engine alone is
// replaced, by one that is fast and deterministic.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../src/config/schema.ts';
import type { Embedder } from '../../src/embedding/embedder.ts';
import { describeModel } from '../../src/embedding/recipe.ts';
import { indexProject, openIndex } from '../../src/indexer.ts';
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
  run(phase: 1 | 2 | 'all', killAt?: number | null): Promise<RunReport | null>;
  write(path: string, content: string): void;
  remove(path: string): void;
  rename(from: string, to: string): void;
  read(path: string): string;
  storedChunks(): Promise<{ id: string; status: string; line: number; isPoisoned: boolean }[]>;
  /** Ids in the vectors table. */
  storedVectors(): Promise<Set<string>>;
  /** Makes every stamp that Phase 1 remembers old enough to be believed. */
  passTime(): void;
  loseTandemFile(name: 'files.jsonl' | 'run.json' | 'checkpoint.json'): void;
}

export function machineIn(root: string, indexDir = join(root, '.mcp-vector-search')): Machine {
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
  };
  const machine: Machine = {
    root,
    indexDir,
    modelDir,
    config,
    embedded: 0,
    async run(phase, killAt = null) {
      const snapshot = `${indexDir}.killed`;
      let points = 0;
      const fault = () => {
        if (++points !== killAt) return;
        cpSync(indexDir, snapshot, { recursive: true });
        throw new Killed();
      };
      try {
        await using index = await openIndex(config, {
          mode: 'write',
          fault,
          groupRows: 6,
          openEmbedder: () => fakeEmbedder((texts) => (machine.embedded += texts)),
        });
        return await indexProject(index, { phase });
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        rmSync(indexDir, { recursive: true, force: true });
        renameSync(snapshot, indexDir);
        rmSync(join(indexDir, 'tandem/lock')); // its process is dead
        return null;
      }
    },
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
      const rows = await readRows(indexDir, 'chunks', ['chunk_id', 'embedding_status', 'start_line', 'content']);
      return rows.map((row) => ({
        id: String(row.chunk_id),
        status: String(row.embedding_status),
        line: Number(row.start_line),
        isPoisoned: String(row.content).includes('poison'),
      }));
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
    loseTandemFile: (name) => rmSync(join(indexDir, 'tandem', name), { force: true }),
  };
  return machine;
}

/** Vectors are a function of the text; texts that contain `poison` fail. */
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
      return { vectors, failures, tokens: texts.length * 10, reused: 0 };
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
