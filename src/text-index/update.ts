// The writer's side: brings the text index up to the chunks. Under the lock, when the chunks are as a run leaves them.
import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { errnoOf } from '../core/errors.ts';
import { makeDirectory, syncFile } from '../store/files/atomic-file.ts';
import type { TableHandle } from '../store/lance/table.ts';
import { SegmentBuilder } from './build-segment.ts';
import { FORMAT } from './format.ts';
import { LiveSegment } from './live-segment.ts';
import { readManifest, type SegmentEntry, stampOf, writeManifest } from './manifest.ts';
import { compare } from './open.ts';
import { type FileState, readFiles, readStates } from './read-chunks.ts';
import { SegmentDamaged } from './segment.ts';

/** A segment closes at this many chunks: what a build holds in memory, some 60 MB. */
const FULL = 16_384;
/** A segment of which a larger share is dead is written again. */
const MOST_DEAD = 0.3;

export interface TextIndexUpdate {
  readonly textDir: string;
  readonly chunks: TableHandle;
  /** Throws LOCK_LOST if another process took the lock over. */
  readonly assertHeld: () => Promise<void>;
  readonly fault: (name: string) => void;
}

interface Known {
  readonly entry: SegmentEntry;
  readonly live: LiveSegment;
}

/**
 * Makes the text index hold exactly the chunks of the table: files that changed enter a new segment, and small segments
 * are folded into it. What a kill leaves is the index of before, and files that nothing names, which the next call
 * removes. Returns the number of files that were read.
 */
export async function updateTextIndex(update: TextIndexUpdate): Promise<number> {
  const { textDir, chunks } = update;
  const manifest = await readManifest(textDir);
  const stamp = await stampOf(chunks);
  const known = await openSegments(textDir, manifest.segments);
  try {
    if (stamp !== '' && manifest.chunks === stamp && known.length === manifest.segments.length) {
      await removeUnnamed(textDir, manifest.segments);
      return 0;
    }
    const states = await readStates(chunks);
    const missing = compare(
      known.map(({ live }) => live),
      states,
    );
    const kept = fold(known, missing, states);
    await makeDirectory(textDir);
    const fresh = await build(update, missing);
    update.fault('text-index.built');
    const segments = [...kept.map(({ entry, live }) => ({ ...entry, dead: live.dead })), ...fresh];
    await update.assertHeld();
    await writeManifest(textDir, {
      schema: 1,
      format: FORMAT,
      chunks: stamp,
      segments,
    });
    update.fault('text-index.written');
    await removeUnnamed(textDir, segments);
    return missing.size;
  } finally {
    for (const { live } of known) live.close();
  }
}

/** Without those that are damaged or lost: their files are read again. */
async function openSegments(textDir: string, entries: readonly SegmentEntry[]): Promise<Known[]> {
  const known: Known[] = [];
  for (const entry of entries) {
    try {
      if (crc32(await readFile(join(textDir, entry.name))) !== entry.crc32) continue;
      const live = await LiveSegment.open(textDir, entry);
      known.push({ entry, live });
    } catch (error) {
      if (!(error instanceof SegmentDamaged) && errnoOf(error) !== 'ENOENT') throw error;
    }
  }
  return known;
}

/**
 * Gives up segments that are small beside what is to be written, or mostly dead: their files join `missing`. Each time a
 * chunk is written again its segment is at least half as large again, so that there are few segments and little of this.
 */
function fold(
  known: readonly Known[],
  missing: Map<string, FileState>,
  states: ReadonlyMap<string, FileState>,
): Known[] {
  const sized = known.map((each) => ({ each, rows: rowsOf(each.live.files()) })).sort((a, b) => a.rows - b.rows);
  let fresh = [...missing.values()].reduce((sum, file) => sum + file.rows, 0);
  const kept: Known[] = [];
  for (const { each, rows } of sized) {
    const isMostlyDead = rows < each.live.segment.documents * (1 - MOST_DEAD);
    if (isMostlyDead || (fresh > 0 && rows < FULL / 2 && rows <= fresh * 2)) {
      fresh += rows;
      for (const { path } of each.live.files()) missing.set(path, states.get(path)!);
    } else kept.push(each);
  }
  return kept;
}

function rowsOf(files: Iterable<{ readonly count: number }>): number {
  let rows = 0;
  for (const { count } of files) rows += count;
  return rows;
}

async function build(update: TextIndexUpdate, missing: ReadonlyMap<string, FileState>): Promise<SegmentEntry[]> {
  const entries: SegmentEntry[] = [];
  let builder = new SegmentBuilder();
  const close = async () => {
    entries.push(await writeSegment(update.textDir, builder.finish()));
    update.fault('text-index.segment');
    builder = new SegmentBuilder();
  };
  for await (const file of readFiles(update.chunks, missing)) {
    builder.add(file);
    if (builder.documents >= FULL) await close();
  }
  if (builder.documents > 0) await close();
  return entries;
}

/** Flushed, for the manifest that names it is flushed after it. */
async function writeSegment(textDir: string, bytes: Buffer): Promise<SegmentEntry> {
  const name = `${randomUUID()}.seg`;
  const path = join(textDir, name);
  await writeFile(path, bytes, { mode: 0o600, flag: 'wx' });
  await syncFile(path);
  return { name, bytes: bytes.length, crc32: crc32(bytes), dead: [] };
}

/** What an interrupted update left, and what was replaced. */
async function removeUnnamed(textDir: string, segments: readonly SegmentEntry[]): Promise<void> {
  const named = new Set(segments.map(({ name }) => name));
  for (const name of await readdir(textDir)) {
    // On Windows a file that a reader holds open stays until the next time.
    if (name.endsWith('.seg') && !named.has(name))
      await rm(join(textDir, name), { force: true }).catch(() => undefined);
  }
}
