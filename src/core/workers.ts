// How many worker threads a piece of work is worth.

/**
 * At most `most`, at least one, and one more for each `share` of the work: a thread that would get less takes longer to
 * start, and to be compiled for, than it saves. Work and share are in one unit, whichever it is.
 */
export function workersWorth(work: number, share: number, most: number): number {
  return Math.max(1, Math.min(most, 1 + Math.floor(work / share)));
}
