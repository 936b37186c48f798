// What the ledger says of files whose chunks mcp-vector-search cut, in the place of the version of our chunker.

/** Taken over on the hash of the file alone: whether its rows are all there has not been looked at. */
export const TAKEN_OVER = 'foreign';
/** The same, from a table of an old layout. */
export const MIGRATED = 'migrated';
/** Cut by the caller of `addChunks`, who alone knows what belongs to a file. */
export const ADDED = 'added';

/** The mark of a file that was compared with what this version of our chunker cuts, and found whole. */
export function comparedWith(chunker: string, mark: string): string {
  return `${originOf(mark)}:${chunker}`;
}

/** Whether the chunks are mcp-vector-search's; such a file keeps them until it changes. */
export function isExternalChunker(mark: string): boolean {
  return [TAKEN_OVER, MIGRATED, ADDED].includes(originOf(mark));
}

/** Which of the three marks above, whatever it was compared with since. */
export function originOf(mark: string): string {
  return mark.split(':', 1)[0] ?? '';
}
