// The engine never flushes. Before anything is claimed we flush what it wrote: data, then transactions, then manifests,
// then the directories. After a power cut the newest manifest can be empty or zeroed, and a zeroed one opens as an
// empty table: so the heads are checked before any table is opened.
import { mkdir, open, readdir, rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import pLimit from 'p-limit';
import { errnoOf, IndexerError } from '../core/errors.ts';
import { syncDirectory, syncFile } from './atomic-file.ts';

/** After `data`, in this order: what a manifest names must be on disk before the manifest. */
const FOLLOWERS = ['_deletions', '_indices', '_transactions', '_versions'];

export interface Durability {
  /** Flushes every file of the table that appeared since the last call. Returns the data files among them. */
  makeDurable(tablePath: string): Promise<string[]>;
}

/** `fast` leaves flushing to the operating system: safe against kills, not against power cuts. */
export function openDurability(mode: 'full' | 'fast'): Durability {
  const flushed = new Map<string, Set<string>>();
  return {
    async makeDurable(tablePath) {
      if (mode === 'fast') return [];
      const known = flushed.get(tablePath) ?? new Set<string>();
      flushed.set(tablePath, known);
      const data = await flushNew(join(tablePath, 'data'), known);
      for (const part of FOLLOWERS) await flushNew(join(tablePath, part), known);
      await syncDirectory(tablePath);
      return data;
    },
  };
}

async function flushNew(directory: string, known: Set<string>): Promise<string[]> {
  const names = await namesIn(directory, true);
  const fresh = names.filter((name) => !known.has(join(directory, name)));
  if (fresh.length === 0) return [];
  const limit = pLimit(8);
  await Promise.all(fresh.map((name) => limit(() => syncFile(join(directory, name)).catch(ignoreVanished))));
  for (const name of fresh) known.add(join(directory, name));
  for (const parent of new Set(fresh.map((name) => join(directory, name, '..')))) {
    await syncDirectory(parent).catch(ignoreVanished);
  }
  await syncDirectory(directory);
  return fresh.map((name) => join(directory, name));
}

/** Another program's cleanup may remove a file between the listing and the flush. */
function ignoreVanished(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

async function namesIn(directory: string, recursive = false): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true, recursive });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

const MAGIC = 'LANC';

/**
 * Moves newest manifests that are not whole to `quarantineDir`, so that the version before them is opened.
 * Returns what was moved. Throws INDEX_DAMAGED if no whole manifest is left in a table that has data.
 */
export async function quarantineBadHeads(tablePath: string, quarantineDir: string): Promise<string[]> {
  const directory = join(tablePath, '_versions');
  const manifests = (await namesIn(directory)).filter((name) => name.endsWith('.manifest')).sort(newestFirst);
  const moved: string[] = [];
  for (const name of manifests) {
    if (await isWhole(join(directory, name))) return moved;
    await mkdir(quarantineDir, { recursive: true, mode: 0o700 });
    await rename(join(directory, name), join(quarantineDir, `${basename(tablePath)}-${Date.now()}-${name}`));
    moved.push(name);
  }
  const dataFiles = await namesIn(join(tablePath, 'data'));
  if (dataFiles.length === 0) return moved;
  throw new IndexerError('INDEX_DAMAGED', `the table ${tablePath} has data but no readable manifest`, {
    hint: `nothing was deleted; what was set aside is in ${quarantineDir}. Move the index directory away and index again`,
  });
}

/** Whether the newest manifest is whole, for readers, who may move nothing. A table without any counts as whole. */
export async function hasWholeHead(tablePath: string): Promise<boolean> {
  const directory = join(tablePath, '_versions');
  const [head] = (await namesIn(directory)).filter((name) => name.endsWith('.manifest')).sort(newestFirst);
  return head === undefined || (await isWhole(join(directory, head)));
}

/** `18446744073709551615 − version` names a manifest of the current format, the version itself one of the older. */
function newestFirst(a: string, b: string): number {
  return Number(manifestVersion(b) - manifestVersion(a));
}

function manifestVersion(name: string): bigint {
  const number = BigInt(name.replace('.manifest', '').replace(/\D/g, '') || '0');
  return number > 1n << 63n ? (1n << 64n) - 1n - number : number;
}

async function isWhole(path: string): Promise<boolean> {
  const { size } = await stat(path);
  if (size <= 16) return false;
  await using file = await open(path, 'r');
  const tail = Buffer.alloc(4);
  await file.read(tail, 0, 4, size - 4);
  return tail.toString('latin1') === MAGIC;
}
