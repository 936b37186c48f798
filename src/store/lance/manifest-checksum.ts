// A table at rest keeps the hash of its newest manifest beside it. The engine has no checksums: over a flipped bit in a
// manifest it panics, or opens other rows without a word. The checksum goes where the table goes and vanishes with it. One that
// is torn or spoilt itself proves nothing and is passed over.
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../core/errors.ts';

const NAME = 'tandem.seal';

export interface Checksum {
  /** Name of the manifest in `_versions/`. */
  readonly name: string;
  readonly sha256: string;
}

/** To be called by who holds the lock and writes no more. Needs no flush: a torn checksum is none. */
export async function sealHead(tablePath: string, name: string): Promise<void> {
  const checksum = { name, sha256: sha256(await readFile(join(tablePath, '_versions', name))) };
  await writeFile(join(tablePath, NAME), `${checksum.name} ${checksum.sha256} ${checkOf(checksum)}\n`, { mode: 0o600 });
}

/** Before anything is written or moved: a version's name may be given again once the version is gone. */
export async function removeChecksum(tablePath: string): Promise<void> {
  await rm(join(tablePath, NAME), { force: true });
}

/** Null if there is none that is whole. */
export async function readChecksum(tablePath: string): Promise<Checksum | null> {
  try {
    const text = await readFile(join(tablePath, NAME), 'utf8');
    const [name = '', hash = '', check = ''] = text.trimEnd().split(' ');
    const checksum = { name, sha256: hash };
    return check === checkOf(checksum) ? checksum : null;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}

/** Whether the bytes are not those that the checksum speaks of; false where it speaks of another version. */
export function contradicts(checksum: Checksum | null, name: string, bytes: Buffer): boolean {
  return checksum?.name === name && checksum.sha256 !== sha256(bytes);
}

function checkOf({ name, sha256: hash }: Checksum): string {
  return sha256(`${name} ${hash}`).slice(0, 16);
}

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
