// Which files of a table no reader can need. The engine removes old versions only together with a compaction, which takes
// the space of the whole table first; here nothing is rewritten.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { exists } from '../store/files/atomic-file.ts';
import { readManifests } from '../store/lance/manifest.ts';
import { type FoundFile, filesBelow } from './waste.ts';

export interface TableFiles {
  /** Of versions that are not kept: manifests first, oldest first, so that none is left that names a missing file. */
  readonly old: readonly FoundFile[];
  readonly oldVersions: number;
  /** Named by no version: left by a kill, or about to be named by a program that is writing. */
  readonly unnamed: readonly FoundFile[];
}

/**
 * Keeps the newest version, and those that were the newest at `keepFromMs` or later. Nothing is found in a table whose
 * newest manifest is not whole, and in one with branches or tags, which name versions elsewhere.
 */
export async function inspectTable(tablePath: string, keepFromMs: number): Promise<TableFiles> {
  const nothing = { old: [], oldVersions: 0, unnamed: [] };
  const manifests = await readManifests(tablePath);
  if (!manifests[0]?.manifest || (await exists(join(tablePath, '_refs')))) return nothing;
  const versionFiles = new Map(
    (await filesBelow(join(tablePath, '_versions'))).map((file) => [basename(file.path), file]),
  );
  const modified = (index: number) => versionFiles.get(manifests[index]!.name)?.modifiedMs ?? Date.now();
  const keptCount = manifests.findIndex((_, index) => index > 0 && modified(index - 1) < keepFromMs);
  const kept = keptCount === -1 ? manifests : manifests.slice(0, keptCount);
  const dropped = manifests.slice(kept.length);
  if (kept.some(({ manifest }) => manifest === null)) return nothing;

  const live = namesIn(kept);
  const named = namesIn(dropped);
  const texts = await Promise.all(kept.map(({ name }) => readFile(join(tablePath, '_versions', name))));
  const isMentioned = (bytes: Buffer) => texts.some((text) => text.includes(bytes));
  const droppedUntil = dropped.length === 0 ? 0 : modified(kept.length);
  const old: FoundFile[] = [];
  const unnamed: FoundFile[] = [];
  for (const { name } of dropped.toReversed()) {
    const file = versionFiles.get(name);
    if (file) old.push(file);
  }
  for (const part of ['data', '_deletions', '_indices', '_transactions']) {
    for (const file of await filesBelow(join(tablePath, part))) {
      const name = file.path.slice(tablePath.length + 1).replaceAll('\\', '/');
      if (live.has(name) || isMentioned(keyOf(name))) continue;
      // A transaction is written just before the manifest that names it.
      const isOfOld = part === '_transactions' && file.modifiedMs <= droppedUntil;
      (named.has(name) || isOfOld ? old : unnamed).push(file);
    }
  }
  for (const [name, file] of versionFiles) if (name.startsWith('.tmp')) unnamed.push(file);
  return { old, oldVersions: dropped.length, unnamed };
}

/** Data and deletion files, relative to the table. */
function namesIn(manifests: Awaited<ReturnType<typeof readManifests>>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { manifest } of manifests) {
    for (const { files, deletionFile } of manifest?.fragments ?? []) {
      for (const { name } of files) names.add(`data/${name}`);
      if (deletionFile !== null) names.add(deletionFile.replaceAll('\\', '/'));
    }
  }
  return names;
}

/** How a manifest speaks of a file: indexes by the bytes of their id, everything else by name. */
function keyOf(name: string): Buffer {
  const [part, first = ''] = name.split('/');
  if (part === '_indices') return Buffer.from(first.replaceAll('-', ''), 'hex');
  return Buffer.from(name.slice(name.lastIndexOf('/') + 1), 'utf8');
}
