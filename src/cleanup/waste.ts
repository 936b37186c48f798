// What a finder of waste is given and what it finds. One file per kind of waste; `cleanup.ts` lists them.
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../core/errors.ts';
import type { Layout } from '../store/layout.ts';
import type { NextVectors } from '../store/next-vectors.ts';
import type { WritableStores } from '../store/open.ts';

/** Who would go on with vectors that are half made: `--reembed` as it would run now, the same with another model, nobody. */
export type NextVectorsFuture = 'this-model' | 'other-model' | 'none';

export interface Place {
  readonly root: string;
  readonly layout: Layout;
  /** What is younger may be in use: by a reader (old versions), or by a program that writes (files nobody names). */
  readonly keepVersionsFromMs: number;
  readonly keepStraysFromMs: number;
  /** Null when only looking, or where there are no tables of the present layout. */
  readonly stores: WritableStores | null;
  readonly isNow: boolean;
  readonly futureOf: (begun: NextVectors) => NextVectorsFuture;
  readonly fault: (name: string) => void;
}

/** One kind of waste, with what it takes to be rid of it. */
export interface Waste {
  readonly kind: 'vanished-files' | 'old-versions' | 'strays' | 'backups' | 'quarantine' | 'next-vectors';
  /** What it is, for people: `3 old versions of vectors.lance`. */
  readonly what: string;
  /** Bytes that removing it gives back to the disk. */
  readonly bytes: number;
  /** Why it stays all the same. */
  readonly kept?: string;
  /** May be repeated after a kill at any moment. */
  remove(): Promise<void>;
}

/** Only looks. */
export type FindWaste = (place: Place) => Promise<readonly Waste[]>;

export interface FoundFile {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** Files below a directory, or the file itself; none where it is absent. */
export async function filesBelow(path: string): Promise<FoundFile[]> {
  const stats = await statOf(path);
  if (stats === null) return [];
  if (!stats.isDirectory()) return [{ path, bytes: stats.size, modifiedMs: stats.mtimeMs }];
  const found: FoundFile[] = [];
  for (const name of await readdir(path)) found.push(...(await filesBelow(join(path, name))));
  return found;
}

/** Files of a directory itself. */
export async function filesIn(directory: string): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isFile()) found.push(...(await filesBelow(join(directory, entry.name))));
  }
  return found;
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}

export function bytesIn(files: readonly FoundFile[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

/** In their order; what another program removed meanwhile is gone all the same. */
export async function removeFilesInOrder(files: readonly FoundFile[], fault: () => void): Promise<void> {
  for (const { path } of files) {
    await rm(path, { force: true });
    fault();
  }
}

/** Waste that is a number of directories or files, removed whole. */
export async function wholePaths(
  { fault }: Place,
  kind: Waste['kind'],
  what: string,
  paths: readonly string[],
): Promise<readonly Waste[]> {
  const files = (await Promise.all(paths.map(filesBelow))).flat();
  if (files.length === 0) return [];
  const remove = async () => {
    for (const path of paths) {
      await rm(path, { recursive: true, force: true });
      fault(`cleanup.${kind}`);
    }
  };
  return [{ kind, what, bytes: bytesIn(files), remove }];
}
