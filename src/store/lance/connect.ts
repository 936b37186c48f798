// The way to the engine, and what it needs of the machine before it may be called.
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, IndexerError } from '../../core/errors.ts';
import { systemFailure } from '../../core/system-errors.ts';

/** Of indexes and of metadata each. Unbounded (its defaults are 6 and 1 GB), a long run of small commits fills them. */
const CACHE_BYTES = 64n * 1024n * 1024n;

/** Loaded on first use: the engine takes 80 ms to import. Its path must be absolute, or `db…` is taken for a cloud. */
export async function connect(directory: string) {
  await requireTemporaryFolder();
  const { connect: connectTo, Session } = await import('@lancedb/lancedb');
  return connectTo(directory, {}, new Session(CACHE_BYTES, CACHE_BYTES));
}

/**
 * The engine makes a folder for temporary files whenever it connects, and takes the whole process down where it cannot.
 * Errors: DISK_FULL, NOT_WRITABLE, SYSTEM_FAILED.
 */
export async function requireTemporaryFolder(): Promise<void> {
  const folder = tmpdir();
  try {
    await rmdir(await mkdtemp(join(folder, 'tandem-')));
  } catch (error) {
    const code = systemFailure(errnoOf(error), folder, error)?.code ?? 'NOT_WRITABLE';
    throw new IndexerError(
      code,
      `no folder can be made in ${folder}, the place for temporary files (${errnoOf(error)})`,
      {
        hint: 'make room there, or set TMPDIR to another folder that can be written; nothing was changed',
        cause: error,
      },
    );
  }
}
