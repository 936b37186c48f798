// Which sequences go through the model together. Pure.

/** Small groups stay in the processor's cache; measured best around here (docs/decisions/0003). */
const TOKENS_PER_GROUP = 512;

/** Places (indexes into what was given) of sequences of one length. */
export interface Group {
  readonly length: number;
  readonly members: readonly number[];
}

/**
 * Groups of exactly equal length, at most `tokensPerGroup` tokens or one member each; the largest first, so that the
 * last ones to be handed out are short. Equal lengths need no padding, hence no vector depends on its neighbours.
 */
export function groupsOf(lengths: readonly number[], tokensPerGroup: number = TOKENS_PER_GROUP): Group[] {
  const byLength = new Map<number, number[]>();
  lengths.forEach((length, place) => {
    const places = byLength.get(length);
    if (places === undefined) byLength.set(length, [place]);
    else places.push(place);
  });

  const groups: Group[] = [];
  for (const [length, places] of byLength) {
    const rows = Math.max(1, Math.floor(tokensPerGroup / length));
    for (let from = 0; from < places.length; from += rows) {
      groups.push({ length, members: places.slice(from, from + rows) });
    }
  }
  return groups.sort((a, b) => b.length * b.members.length - a.length * a.members.length || b.length - a.length);
}

/** Finds equal sequences: the distinct ones in order of appearance, and for each sequence the place of its equal there. */
export function distinct(sequences: readonly Int32Array[]): { unique: Int32Array[]; placeOf: number[] } {
  const places = new Map<string, number>();
  const unique: Int32Array[] = [];
  const placeOf = sequences.map((ids) => {
    const key = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength).toString('latin1');
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, unique.length);
    return unique.push(ids) - 1;
  });
  return { unique, placeOf };
}
