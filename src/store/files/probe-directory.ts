// Tries out what a file system has to be able to do for an index, in a folder of its own that is removed again.
import { link, mkdtemp, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, messageOf } from '../../core/errors.ts';
import { syncDirectory, syncFile } from './atomic-file.ts';

export interface Probe {
  readonly name: 'write' | 'hard links' | 'rename' | 'exclusive create' | 'fsync';
  /** Null if it works. */
  readonly problem: string | null;
}

/** Tries each in turn; what cannot be tried because nothing can be written is left out. */
export async function probeDirectory(directory: string): Promise<Probe[]> {
  let folder: string;
  try {
    folder = await mkdtemp(join(directory, '.tandem-doctor-'));
    await writeFile(join(folder, 'a'), 'first');
  } catch (error) {
    return [{ name: 'write', problem: messageOf(error) }];
  }
  const at = (name: string) => join(folder, name);
  const tries: Record<Exclude<Probe['name'], 'write'>, () => Promise<void>> = {
    'hard links': async () => {
      await link(at('a'), at('b'));
      const isRefused = await link(at('a'), at('b')).then(
        () => false,
        (error: unknown) => errnoOf(error) === 'EEXIST',
      );
      if (!isRefused) throw new Error('a link took the place of a file that was there');
    },
    rename: async () => {
      await writeFile(at('c'), 'second');
      await writeFile(at('d'), 'old');
      await rename(at('c'), at('d'));
      if ((await readFile(at('d'), 'utf8')) !== 'second') throw new Error('the renamed file has other content');
    },
    'exclusive create': async () => {
      const isRefused = await open(at('a'), 'wx').then(
        (file) => file.close().then(() => false),
        (error: unknown) => errnoOf(error) === 'EEXIST',
      );
      if (!isRefused) throw new Error('a file was created twice');
    },
    fsync: async () => {
      await syncFile(at('a'));
      await syncDirectory(folder);
    },
  };
  const probes: Probe[] = [{ name: 'write', problem: null }];
  try {
    for (const [name, run] of Object.entries(tries) as [Probe['name'], () => Promise<void>][]) {
      const problem = await run().then(
        () => null,
        (error: unknown) => messageOf(error),
      );
      probes.push({ name, problem });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return probes;
}

/** The folder itself, or the nearest one above it that is there. */
export async function nearestExisting(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const found = await stat(at).catch(() => null);
    if (found?.isDirectory() || dirname(at) === at) return at;
  }
}

/** Magic numbers of Linux's `statfs` for file systems that lie on another machine, or pass through another program. */
const REMOTE: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4283649346: 'CIFS',
  4266872130: 'SMB 2',
  1702057286: 'FUSE',
  16914839: '9p',
  1397113167: 'AFS',
};

/** Bytes that a user may still write, and the kind of network or user-space file system, null if it is none of them. */
export async function describeDisk(directory: string): Promise<{ freeBytes: number; remote: string | null }> {
  const { bavail, bsize, type } = await statfs(directory);
  return { freeBytes: bavail * bsize, remote: process.platform === 'linux' ? (REMOTE[type] ?? null) : null };
}
