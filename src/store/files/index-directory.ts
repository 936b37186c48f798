// The index directory itself: made for the first time, and taken away again where nothing came of it.
import { rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, IndexerError } from '../../core/errors.ts';
import type { Layout } from '../layout.ts';
import { makeDirectory, removeTree } from './atomic-file.ts';

/** An index directory that could not be made whole is taken away again. Errors: NOT_WRITABLE. */
export async function makeDirectories(layout: Layout, isNew: boolean): Promise<void> {
  try {
    await makeDirectory(layout.indexDir);
    await makeDirectory(layout.lanceDir);
    await makeDirectory(layout.structureDir);
    if (isNew) {
      const [gitignore, cacheTag] = markers(layout);
      await writeFile(gitignore, '*\n');
      await writeFile(cacheTag, 'Signature: 8a477f597d28d172789f06886806bc55\n');
    }
  } catch (error) {
    if (isNew) await discardEmpty(layout).catch(() => undefined); // what happened is of more interest
    if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(errnoOf(error))) {
      throw new IndexerError('NOT_WRITABLE', `the index directory ${layout.indexDir} cannot be written`, {
        hint: `check the owner and mode of ${dirname(layout.indexDir)}, or choose another place with --index-dir`,
        cause: error,
      });
    }
    throw error;
  }
}

async function discardEmpty(layout: Layout): Promise<void> {
  for (const marker of markers(layout)) await rm(marker, { force: true });
  for (const directory of [layout.structureDir, layout.tandemDir, layout.lanceDir, layout.indexDir]) {
    await removeIfEmpty(directory);
  }
}

/** What `makeDirectories` and the empty tables left; to be called under the lock, so that nothing of another goes. */
export async function discardContents(layout: Layout): Promise<void> {
  for (const path of [layout.lanceDir, layout.structureDir, layout.projectFile, ...markers(layout)]) {
    await removeTree(path);
  }
}

/** Once the lock is released another process may have begun in there: what is not empty stays. */
export async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errnoOf(error))) throw error;
  }
}

function markers(layout: Layout): [gitignore: string, cacheTag: string] {
  return [join(layout.indexDir, '.gitignore'), join(layout.indexDir, 'CACHEDIR.TAG')];
}
