// The small files beside the tables: run record, checkpoint, ledger.
import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import * as v from 'valibot';
import { errnoOf } from '../core/errors.ts';
import { readJsonFile } from '../store/files/json-file.ts';
import { type FileRecord, readLedger } from '../store/ledger.ts';
import { type RunRecord, readRunFile } from '../store/run-file.ts';
import type { Findings } from './findings.ts';
import type { OpenTable } from './read-table.ts';

/** What is proven of a checkpoint, in words of our own: Phase 2 writes it, and is not asked. */
const checkpointSchema = v.object({
  schema: v.literal(1),
  model_id: v.string(),
  chunks_version: v.number(),
  vectors_version: v.number(),
  data_files: v.array(v.object({ name: v.string(), size: v.number(), sha256: v.string() })),
});

export type Checkpoint = v.InferOutput<typeof checkpointSchema>;

/** Null if absent, or found broken. Errors: FORMAT_TOO_NEW. */
export async function checkRunFile(path: string, findings: Findings): Promise<RunRecord | null> {
  const file = await readRunFile(path);
  if (file.state === 'damaged') findings.add('run-file', 'run.json', path, file.reason);
  return file.state === 'read' ? file.value : null;
}

/** Null if absent, or found broken. Errors: FORMAT_TOO_NEW. */
export async function readCheckpointFile(path: string, findings: Findings): Promise<Checkpoint | null> {
  const file = await readJsonFile(path, checkpointSchema);
  if (file.state === 'damaged') findings.add('checkpoint-broken', 'checkpoint.json', path, file.reason);
  return file.state === 'read' ? file.value : null;
}

/** The checkpoint reports what the tables already hold, so it can never be ahead of them. */
export function checkCheckpoint(
  checkpoint: Checkpoint,
  tables: { chunks: OpenTable | null; vectors: OpenTable | null },
  modelId: string,
  findings: Findings,
): void {
  const behind = (table: OpenTable | null, version: number, name: string) => {
    const current = table?.reader.version ?? version;
    if (version <= current) return;
    findings.add('checkpoint-ahead', 'checkpoint.json', name, `${name}: version ${version}, the table has ${current}`);
  };
  behind(tables.chunks, checkpoint.chunks_version, 'chunks');
  behind(tables.vectors, checkpoint.vectors_version, 'vectors');
  if (checkpoint.model_id !== modelId)
    findings.add('checkpoint-model', 'checkpoint.json', checkpoint.model_id, `${checkpoint.model_id}, not ${modelId}`);
}

/** What the chunks table holds of a path. */
export interface StoredFile {
  rows: number;
  /** Null once rows carry different ones. */
  hash: string | null;
}

/** The ledger, and which of its lines are damaged. */
export async function readLedgerLines(path: string, findings: Findings): Promise<ReadonlyMap<string, FileRecord>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  });
  for (const [index, line] of text.split('\n').entries()) {
    const isWhole = line.slice(0, 8) === crc32(line.slice(9)).toString(16).padStart(8, '0');
    if (line !== '' && !isWhole) findings.add('ledger-line', 'files.jsonl', `${index + 1}`, `line ${index + 1}`);
  }
  return await readLedger(path);
}

/** What the ledger says against what the table holds; the files that are passed over are known to have changed. */
export function checkLedger(
  ledger: ReadonlyMap<string, FileRecord>,
  stored: ReadonlyMap<string, StoredFile>,
  findings: Findings,
  passedOver: ReadonlySet<string>,
): void {
  for (const file of stored.keys())
    if (!ledger.has(file) && !passedOver.has(file)) findings.add('file-not-in-ledger', 'files.jsonl', file);
  for (const [file, record] of ledger) {
    if (passedOver.has(file)) continue;
    if (record.status === 'unfinished') {
      findings.add('file-unfinished', 'files.jsonl', file, `${file}: ${record.reason}`);
    }
    const held = stored.get(file) ?? { rows: 0, hash: record.sha256 };
    if (held.rows !== record.chunkCount) {
      const example = `${file}: ${held.rows} chunks, ${record.chunkCount} in the ledger`;
      findings.add('file-rows', 'files.jsonl', file, example);
    } else if (held.rows > 0 && record.status !== 'unfinished' && held.hash !== record.sha256) {
      findings.add('file-hash', 'files.jsonl', file); // one that cannot be read keeps the chunks it had
    }
  }
}
