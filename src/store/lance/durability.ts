// The engine never flushes. Before anything is claimed we flush what it wrote: data, then transactions, then manifests,
// then the directories. After a power cut the newest manifest, or a file that it names, can be empty or zeroed, and a
// zeroed manifest opens as an empty table: so the heads are checked before any table is opened.
import { readdir, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { errnoOf, IndexerError } from '../../core/errors.ts';
import { makeDirectory, syncDirectory, syncFile } from '../files/atomic-file.ts';
import { checkFiles, newestFirst, parseManifest } from './manifest.ts';
import { contradicts, readChecksum, removeChecksum, sealHead } from './manifest-checksum.ts';

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
      const isFirst = !flushed.has(tablePath);
      const known = flushed.get(tablePath) ?? new Set<string>();
      flushed.set(tablePath, known);
      const data = await flushNew(join(tablePath, 'data'), known);
      for (const part of FOLLOWERS) await flushNew(join(tablePath, part), known);
      await syncDirectory(tablePath);
      if (isFirst) await syncDirectory(dirname(tablePath)); // the table itself may be new
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

/** mcp-vector-search's cleanup may remove a file between the listing and the flush. */
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

/**
 * Moves newest versions that are not whole to `quarantineDir`, so that the one before them is opened: a manifest that was
 * cut off, zeroed or other than its checksum says, or one whose files are. Returns their names. Old versions that nothing can be
 * read of go there too, unnamed, for no row is theirs alone. Breaks the checksum: who asks is about to write. Where no version is
 * whole nothing is moved, and a table with data is INDEX_DAMAGED.
 */
export async function quarantineBadHeads(tablePath: string, quarantineDir: string): Promise<string[]> {
  const directory = join(tablePath, '_versions');
  const names = await manifestNames(directory);
  const bad: string[] = [];
  for (const name of names) {
    if (await isWhole(tablePath, name)) break;
    bad.push(name);
  }
  const older = await unreadable(tablePath, names.slice(bad.length + 1));
  if (bad.length + older.length === 0) {
    await removeChecksum(tablePath);
    return [];
  }
  if (bad.length === names.length && (await namesIn(join(tablePath, 'data'))).length > 0) {
    throw new IndexerError('INDEX_DAMAGED', `the table ${tablePath} has data but no version that is whole`, {
      hint: 'nothing was changed; `tandem verify` says what is wrong, and `tandem verify --repair` removes what is damaged',
    });
  }
  await makeDirectory(quarantineDir);
  for (const name of [...bad, ...older]) {
    await rename(join(directory, name), join(quarantineDir, `${basename(tablePath)}-${Date.now()}-${name}`));
  }
  await removeChecksum(tablePath); // not earlier: a kill in between must not make a bad head a good one
  return bad;
}

/**
 * Old versions of which nothing can be read, be the newest one whole: a power cut may leave them, since files are flushed side
 * by side. Nothing is lost with them, but the engine fails where it lists versions. A table that is recorded has none.
 */
async function unreadable(tablePath: string, names: readonly string[]): Promise<string[]> {
  if ((await readChecksum(tablePath)) !== null) return [];
  const found: string[] = [];
  for (const name of names) {
    const bytes = await readFile(join(tablePath, '_versions', name)).catch(ignoreVanished);
    if (bytes && parseManifest(name, bytes) === null) found.push(name);
  }
  return found;
}

/**
 * Whether the newest version is whole, for readers, who may move nothing. A table without any counts as whole. A writer
 * may take a version's files away meanwhile: then there is a newer one, which is looked at instead.
 */
export async function hasWholeHead(tablePath: string): Promise<boolean> {
  const directory = join(tablePath, '_versions');
  let [head] = await manifestNames(directory);
  while (head !== undefined && !(await isWhole(tablePath, head))) {
    const [next] = await manifestNames(directory);
    if (next === head) return false;
    head = next;
  }
  return true;
}

/**
 * At the end of a writer's work: whether the newest versions are what it left can be told from now on. Without a checksum only
 * that is lost, so that a full disk is no reason to fail.
 */
export async function writeChecksums(tablePaths: readonly string[]): Promise<void> {
  for (const path of tablePaths) {
    const [head] = await manifestNames(join(path, '_versions'));
    if (head !== undefined) await sealHead(path, head).catch(() => removeChecksum(path).catch(() => undefined));
  }
}

/** Newest first. */
async function manifestNames(directory: string): Promise<string[]> {
  return (await namesIn(directory)).filter((name) => /^\d+\.manifest$/.test(name)).sort(newestFirst);
}

async function isWhole(tablePath: string, name: string): Promise<boolean> {
  const bytes = await readFile(join(tablePath, '_versions', name)).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (bytes !== null && contradicts(await readChecksum(tablePath), name, bytes)) return false;
  const manifest = bytes && parseManifest(name, bytes);
  return manifest !== null && (await checkFiles(tablePath, manifest)).length === 0;
}
