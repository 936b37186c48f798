// An index of any size in a moment: rows as Phase 1 makes them, with texts made up and vectors drawn at random, written by
// the program's own stores. For what depends on the number of rows alone: verify, status, search, opening.
import { hash, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeModel } from '../../dist/embedding/model/recipe.js';
import { openForWriting } from '../../dist/store/open.js';
import { replaceFiles } from '../../dist/store/replace-files.js';
import { writeRunFile } from '../../dist/store/run-file.js';

const CHUNKS_PER_FILE = 24;
const FILES_PER_GROUP = 800;
const WORDS = 'index chunk batch vector file parse read write token store lock commit query rank model table row'.split(
  ' ',
);

const sha256 = (text) => hash('sha256', text);
const modelDir = new URL('../../models/all-MiniLM-L6-v2', import.meta.url).pathname;

/** Makes a complete index of `count` chunks; `root` is an empty folder, which is never read. */
export async function makeLargeIndex(root, indexDir, count) {
  const { identity, recipe } = await describeModel(modelDir);
  const { dimension, modelId } = identity;
  const stores = await openForWriting({ root, indexDir, dimension, durability: 'fast' });
  const noop = () => undefined;
  const writer = { ...stores, chunkerVersion: 'bench', makeDurable: async () => undefined, fault: noop };
  for (let first = 0; first < count; first += FILES_PER_GROUP * CHUNKS_PER_FILE) {
    const files = [];
    for (let at = first; at < Math.min(count, first + FILES_PER_GROUP * CHUNKS_PER_FILE); at += CHUNKS_PER_FILE) {
      files.push(makeFile(at / CHUNKS_PER_FILE, Math.min(CHUNKS_PER_FILE, count - at)));
    }
    await replaceFiles(writer, files);
  }
  const random = randomFloats(7);
  const done = [];
  for await (const { batchId, chunks } of stores.chunks.pendingBatches({})) {
    const vectors = unitRows(chunks.length, dimension, random);
    const parentChunkIds = await stores.structure.parentsOf(chunks.map(({ chunkId }) => chunkId));
    await stores.vectors.add({ batchId, chunks, parentChunkIds, vectors, modelId, recipe });
    done.push(batchId);
  }
  await stores.chunks.table.ensureScalarIndex('embedding_batch_id');
  await stores.chunks.markComplete(done);
  for (const { table } of [stores.chunks, stores.vectors, stores.structure]) {
    await table.compact();
    await table.removeVersions(new Date());
  }
  const now = new Date().toISOString();
  const { modelId: model_id, pooling, normalized, tokenizerSha256: tokenizer_sha256 } = identity;
  await writeRunFile(stores.layout.runFile, {
    schema: 1,
    run_id: randomUUID(),
    started_at: now,
    finished_at: now,
    phase1: { started_at: now, finished_at: now, scan_started_ns: '0', discovered: 1, skipped: {}, chunker: 'bench' },
    phase2: { started_at: now, finished_at: now, recipe },
    model: { model_id, dimension, pooling, normalized, tokenizer_sha256 },
  });
  await stores[Symbol.asyncDispose]();
  writeFileSync(join(root, 'README'), 'An index for measuring lies here; its files were never written.\n');
}

function makeFile(number, count) {
  const path = `src/part${number % 97}/module${number}.py`;
  const chunks = [];
  for (let index = 0; index < count; index++) {
    const isClass = index === 0;
    const breadcrumb = isClass ? `Class${number}` : `Class${number}.method${index}`;
    const content = textOf(number, index);
    const contentHash = sha256(content);
    const kind = isClass ? 'class' : 'method';
    chunks.push({
      chunkId: sha256(JSON.stringify([path, kind, breadcrumb, contentHash, 0])).slice(0, 16),
      filePath: path,
      kind,
      name: isClass ? `Class${number}` : `method${index}`,
      breadcrumb,
      parentName: isClass ? '' : `Class${number}`,
      language: 'python',
      content,
      contentHash,
      occurrence: 0,
      startLine: 1 + index * 12,
      endLine: 11 + index * 12,
      startChar: index * 500,
      endChar: index * 500 + content.length,
      parentChunkId: isClass ? null : chunks[0].chunkId,
      childOrder: isClass ? 0 : index - 1,
      depth: isClass ? 0 : 1,
      partIndex: 0,
      derived: isClass,
      signature: content.slice(0, 40),
      docstring: '',
      calls: ['read', 'write'],
      imports: [],
      inheritsFrom: [],
      metrics: { cyclomatic: 2, cognitive: 1, nesting: 1, parameters: 2, lines: 11, grade: 'A', smells: [] },
    });
  }
  const stamp = { size: 1000, mtimeNs: '1', ctimeNs: '1', ino: String(number) };
  return { path, stamp, sha256: sha256(path), status: 'parsed', reason: '', chunks };
}

/** About 400 characters, different in each chunk. */
function textOf(number, index) {
  let state = number * 31 + index;
  const words = [`def method${index}(self, value${number}):`];
  for (let word = 0; word < 60; word++) {
    state = (state * 1103515245 + 12345) % 2147483648;
    words.push(WORDS[state % WORDS.length]);
  }
  return words.join(word(state));
}

const word = (state) => (state % 2 === 0 ? ' ' : '_');

/** Uniform in −1 … 1, the same sequence for the same seed. */
function randomFloats(seed) {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 1073741823.5 - 1;
  };
}

function unitRows(rows, width, random) {
  const values = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let at = row * width; at < (row + 1) * width; at++) {
      values[at] = random();
      squares += values[at] ** 2;
    }
    const norm = Math.sqrt(squares);
    for (let at = row * width; at < (row + 1) * width; at++) values[at] /= norm;
  }
  return values;
}
