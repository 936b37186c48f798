// One run as root in a user's project (sudo, a container) must not lock the user out: what root made in the index goes to
// whoever the index is in the folder of. Linux only, for it needs a way to a file that nobody can turn elsewhere.
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../core/errors.ts';

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Does nothing unless this is root, and the index or the folder around it is another user's. */
export async function giveToOwner(indexDir: string): Promise<void> {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return;
  try {
    const owner = await ownerOf(indexDir);
    if (owner !== null) await giveAll(indexDir, owner);
  } catch {
    // Root of a container may not be allowed to, and what was indexed is no worse for it.
  }
}

/** Null where it is root. The index's own owner counts before that of the folder around it. */
async function ownerOf(indexDir: string): Promise<Owner | null> {
  for (const path of [indexDir, dirname(indexDir)]) {
    const { uid, gid } = await stat(path);
    if (uid !== 0) return { uid, gid };
  }
  return null;
}

/**
 * The owner of the folder can exchange a name for a link while we look, so that a name must not be given away: what is
 * changed is what was opened, without following links, and only if root alone has it. Folders are entered by their descriptor.
 */
async function giveAll(path: string, owner: Owner): Promise<void> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let file: FileHandle;
  try {
    file = await open(path, flags);
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENXIO', 'ENODEV'].includes(errnoOf(error))) return; // gone, a link, a socket: none of ours
    throw error;
  }
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) {
      const place = `/proc/self/fd/${file.fd}`;
      for (const name of await readdir(place)) await giveAll(join(place, name), owner);
    } else if (!stats.isFile() || stats.nlink !== 1) return;
    if (stats.uid === 0) await file.chown(owner.uid, owner.gid);
  } finally {
    await file.close();
  }
}
