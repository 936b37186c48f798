// Writing small files so that a kill or a power cut leaves the old content or the new, never a mixture.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, IndexerError } from '../../core/errors.ts';

/** Flushes a directory's entries to disk. Windows cannot open directories and needs no such call. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using directory = await open(path, 'r');
  await directory.sync();
}

/**
 * Makes a directory and those above it that are missing, for nobody else, and flushes the names of the new ones. One by one,
 * for where a parent is refused (the disk is full) Node's recursive call tells only that it is missing.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    if (!(await makeOne(path))) return;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    if (!(await makeOne(path))) return;
  }
  await syncDirectory(dirname(path));
}

/** False if it was there. */
async function makeOne(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' && (await stat(path)).isDirectory()) return false;
    throw error;
  }
}

/** Flushes one file. */
export async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.sync();
}

/** Replaces `path` by `content` in one step, flushed when the promise resolves. */
export async function writeFileAtomic(path: string, content: string): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    await writeAndSync(temporary, content);
    await rename(temporary, path);
    await syncDirectory(directory);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeAndSync(path: string, content: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(content, 'utf8');
  await file.sync();
}

/** Removes all of a folder, if it is there, also while the engine ends a write in it that it has already given up. */
export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}

/** What of ours is only there for a moment, by its name; other programs have theirs. */
export function isOwnTemporary(name: string): boolean {
  return /^\..+\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/.test(name);
}

/** Removes temporary files and folders that a killed run left. To be called under the lock only. */
export async function sweepTemporaryFiles(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (isOwnTemporary(name)) await rm(join(directory, name), { recursive: true, force: true });
  }
}

/** Whether something exists at `path`; other errors than its absence are thrown, NOT_WRITABLE where it may not be asked. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    throw forbidden(error, path);
  }
}

/** EACCES and EPERM as an error that a user can act on; anything else as it came. */
export function forbidden(error: unknown, path: string): unknown {
  if (errnoOf(error) !== 'EACCES' && errnoOf(error) !== 'EPERM') return error;
  return new IndexerError('NOT_WRITABLE', `no permission to open ${path}`, {
    hint: 'run this as the user who owns the index, or choose another index directory with --index-dir',
    cause: error,
  });
}
