// Are the model's files there, and the very bytes that the manifest names? Asked before anything is loaded from them.
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, IndexerError, messageOf } from '../../core/errors.ts';
import type { ModelFile, ModelSpec } from './manifest.ts';

/** Errors: MODEL_MISSING (absent or unreadable), MODEL_DAMAGED (not a file, another size or other bytes). */
export async function verifyModelFiles(modelDir: string, spec: ModelSpec): Promise<void> {
  await Promise.all(Object.values(spec.files).map((file) => verifyFile(join(modelDir, file.path), file, spec)));
}

async function verifyFile(path: string, expected: ModelFile, spec: ModelSpec): Promise<void> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw damaged(path, spec, 'is not a file');
    if (found.size !== expected.bytes) {
      throw damaged(path, spec, `has ${found.size} bytes where ${expected.bytes} are expected`);
    }
    const sha256 = await hashFile(path);
    if (sha256 !== expected.sha256) {
      throw damaged(path, spec, `has SHA-256 ${sha256} where ${expected.sha256} is expected`);
    }
  } catch (cause) {
    if (cause instanceof IndexerError) throw cause;
    throw unreadable(path, spec, cause);
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(1 << 20);
  await using file = await open(path);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
  }
}

function damaged(path: string, spec: ModelSpec, what: string): IndexerError {
  return new IndexerError('MODEL_DAMAGED', `a file of the model ${spec.id} is damaged: ${path} ${what}`, {
    hint: 'reinstall this package, or copy the model folder again from an intact installation',
  });
}

function unreadable(path: string, spec: ModelSpec, cause: unknown): IndexerError {
  const absent = errnoOf(cause) === 'ENOENT' || errnoOf(cause) === 'ENOTDIR';
  const what = absent ? `${path} does not exist` : `${path} cannot be read (${messageOf(cause)})`;
  return new IndexerError('MODEL_MISSING', `the model ${spec.id} is not there: ${what}`, {
    hint: 'reinstall this package, or point to a folder that holds the model',
    cause,
  });
}
