// The reader's side: the text index as it is, and what it does not hold yet, read from the chunks.
import { errnoOf } from '../core/errors.ts';
import type { TableHandle } from '../store/lance/table.ts';
import { SegmentBuilder } from './build-segment.ts';
import { LiveSegment } from './live-segment.ts';
import { NO_SEGMENTS, readManifest, stampOf, type TextManifest } from './manifest.ts';
import { type FileState, readFiles, readStates } from './read-chunks.ts';
import { SegmentDamaged } from './segment.ts';

export interface TextIndex {
  readonly segments: readonly LiveSegment[];
  /** Chunks that the files on disk did not hold and that were read from the table. */
  readonly readDirectly: number;
  /** Chunks that were left out because there are too many of them. */
  readonly leftOut: number;
  close(): void;
}

/** Reading more of them takes seconds: then the text index has to be built first. */
const MOST_READ_DIRECTLY = 30_000;
const MOST_ATTEMPTS = 5;

/** What the table says at the version of its handle. Changes nothing. `useFiles` of false reads all from the table. */
export async function openTextIndex(
  textDir: string,
  table: TableHandle,
  { useFiles }: { readonly useFiles: boolean },
): Promise<TextIndex> {
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt === MOST_ATTEMPTS;
    try {
      return await openOnce(useFiles ? await readManifest(textDir) : NO_SEGMENTS, textDir, table, isLast);
    } catch (error) {
      // A writer replaced the segments between the reading of the manifest and theirs.
      if (errnoOf(error) !== 'ENOENT' || isLast) throw error;
    }
  }
}

/** `passesOverLost`: a segment that is not there counts as damaged, for nobody is replacing it. */
async function openOnce(
  manifest: TextManifest,
  textDir: string,
  table: TableHandle,
  passesOverLost: boolean,
): Promise<TextIndex> {
  const segments: LiveSegment[] = [];
  const close = () => {
    for (const segment of segments) segment.close();
  };
  try {
    let isWhole = true;
    for (const entry of manifest.segments) {
      try {
        segments.push(await LiveSegment.open(textDir, entry));
      } catch (error) {
        const isLost = passesOverLost && errnoOf(error) === 'ENOENT';
        if (!(error instanceof SegmentDamaged) && !isLost) throw error;
        isWhole = false;
      }
    }
    if (isWhole && manifest.chunks !== '' && manifest.chunks === (await stampOf(table))) {
      return { segments, readDirectly: 0, leftOut: 0, close };
    }
    const { missing, leftOut } = bounded(compare(segments, await readStates(table)));
    const builder = new SegmentBuilder();
    for await (const file of readFiles(table, missing)) builder.add(file);
    const readDirectly = builder.documents;
    if (readDirectly > 0) segments.push(LiveSegment.fromBytes(builder.finish()));
    return { segments, readDirectly, leftOut, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Leaves out of the segments what the table no longer says; returns the files that they do not hold. */
export function compare(
  segments: readonly LiveSegment[],
  states: ReadonlyMap<string, FileState>,
): Map<string, FileState> {
  const missing = new Map(states);
  for (const segment of segments) {
    for (const file of [...segment.files()]) {
      if (missing.get(file.path)?.state === file.state) missing.delete(file.path);
      else segment.bury(file.place);
    }
  }
  return missing;
}

function bounded(missing: ReadonlyMap<string, FileState>): { missing: Map<string, FileState>; leftOut: number } {
  const kept = new Map<string, FileState>();
  let rows = 0;
  let leftOut = 0;
  for (const [path, file] of missing) {
    if (rows + file.rows > MOST_READ_DIRECTLY) leftOut += file.rows;
    else {
      kept.set(path, file);
      rows += file.rows;
    }
  }
  return { missing: kept, leftOut };
}
