// What is too long for the embedder is cut: where a statement starts, else where a line does, else anywhere.
import { firstFrom } from '../syntax/captures.ts';
import type { Boundary, Span } from '../syntax/types.ts';

/**
 * Part of a chunk. Its own text is the file's from `start` to `end`; where `derived` is a string, that text stands in its
 * place, and the file's own belongs to another chunk.
 */
export interface Segment extends Span {
  readonly derived: string | null;
}

/**
 * The size of a text in word pieces, estimated: blanks are free, a mark is one piece, and so is a word, unless it is long
 * or of several words or digits run together. (The embedder reads 256 pieces; counting them exactly would cost more than
 * parsing.) Counting ends as soon as it is above `enough`.
 */
export function sizeOf(text: string, start = 0, end = text.length, enough = Number.POSITIVE_INFINITY): number {
  let size = 0;
  let at = start;
  while (at < end && size <= enough) {
    let last = classAt(text, at++);
    if (last < UPPER) {
      if (last === MARK) size += 1;
      continue;
    }
    size += 1;
    const wordStart = at - 1;
    let isCompound = false;
    for (; at < end; at++) {
      const now = classAt(text, at);
      if (now < UPPER) break;
      const length = at + 1 - wordStart;
      size += length > SHORT_WORD ? LONG_LETTER : SHORT_LETTER;
      if (now === last) {
        if (now === DIGIT && length > SHORT_NUMBER) size += LONG_NUMBER;
        continue;
      }
      if (now !== LOWER || last !== UPPER) {
        size += isCompound ? NEXT_COMPOUND : FIRST_COMPOUND;
        isCompound = true;
      }
      last = now;
    }
  }
  return size;
}

function classAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? CLASSES[code]! : MARK;
}

const BLANK = 0;
const MARK = 1;
const UPPER = 2;
const LOWER = 3;
const DIGIT = 4;
const CLASSES = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Z]/.test(character)) return UPPER;
  if (/[a-z]/.test(character)) return LOWER;
  if (/[0-9]/.test(character)) return DIGIT;
  return code <= 32 ? BLANK : MARK;
});

// From what the tokenizer makes of the words of six corpora; see docs/decisions/0002-chunks.md.
const SHORT_WORD = 7;
const SHORT_LETTER = 0.03;
const LONG_LETTER = 0.26;
const FIRST_COMPOUND = 1.2;
const NEXT_COMPOUND = 0.5;
const SHORT_NUMBER = 3;
const LONG_NUMBER = 0.35;

/** No text is larger than this times its characters: `a1` is the worst. */
const DEAREST = (1 + SHORT_LETTER + FIRST_COMPOUND) / 2;

/** How large a chunk may be at most, in the unit of `sizeOf`, so that it fits with a header of usual length. */
export const BUDGET = 215;

/** What the embedder reads, without its own two marks and what the estimate may be off. */
const ROOM = 246;
/** Headers are made of compound words, of which the estimate says too little. */
const HEADER_RATE = 1.2;

/** How large a chunk of such a file may be that is embedded after a header that names its path and a breadcrumb. */
export function budgetsIn({ path, density }: { path: string; density: number }): (breadcrumb: string) => number {
  const pathSize = sizeOf(path);
  return (breadcrumb) => {
    const header = HEADER_RATE * (pathSize + sizeOf(breadcrumb) + 1); // and its kind
    return Math.max(BUDGET / 2, Math.min(BUDGET, ROOM - header)) / density;
  };
}

/** A piece that is not cut further. `rank` says how good the cut before it is, 0 the best. */
export interface Atom extends Segment {
  readonly size: number;
  readonly rank: number;
}

const RANK_LINE = 1_000;
const RANK_WITHIN_LINE = 10_000;
const RANK_HARD = 100_000;

/** Whether segments make a part of at most `budget` together. */
export function fits(text: string, segments: readonly Segment[], budget: number): boolean {
  let characters = 0;
  for (const { start, end, derived } of segments) characters += derived === null ? end - start : derived.length;
  if (characters * DEAREST <= budget) return true;
  let size = 0;
  for (const segment of segments) {
    size += segmentSize(text, segment, budget - size);
    if (size > budget) return false;
  }
  return true;
}

/** Cuts segments that do not fit into parts of at most `budget`, in order. */
export function cutSegments(
  text: string,
  segments: readonly Segment[],
  boundaries: readonly Boundary[],
  budget: number,
): Segment[][] {
  const atoms = segments.flatMap((segment) =>
    segment.derived === null
      ? cutAtoms(text, segment, boundaries, budget)
      : [{ ...segment, size: segmentSize(text, segment), rank: 0 }],
  );
  return groupAtoms(atoms, budget).map(joinAtoms);
}

function segmentSize(text: string, { start, end, derived }: Segment, enough?: number): number {
  return derived === null ? sizeOf(text, start, end, enough) : sizeOf(derived, 0, derived.length, enough);
}

/**
 * Groups atoms into parts of at most `budget`. Each part ends at the best cut in its second half, the latest of equals, so
 * that an edit moves no cut before it; only the last two parts share what is left between them.
 */
export function groupAtoms<A extends Atom>(atoms: readonly A[], budget: number): A[][] {
  const parts: A[][] = [];
  let left = atoms.reduce((sum, atom) => sum + atom.size, 0);
  let first = 0;
  while (left > budget) {
    const isLastCut = left <= 2 * budget;
    const least = isLastCut ? Math.max(left - budget, 0.3 * left) : budget / 2;
    const most = isLastCut ? Math.min(budget, 0.7 * left) : budget;
    const cut = bestCut(atoms, first, least, most) ?? bestCut(atoms, first, 0, budget) ?? first + 1;
    const part = atoms.slice(first, cut);
    parts.push(part);
    left -= part.reduce((sum, atom) => sum + atom.size, 0);
    first = cut;
    if (first >= atoms.length) return parts;
  }
  if (first < atoms.length) parts.push(atoms.slice(first));
  return parts;
}

/** The atom to cut before, so that those from `first` up to it hold between `least` and `most`. */
function bestCut(atoms: readonly Atom[], first: number, least: number, most: number): number | null {
  let best: number | null = null;
  let size = 0;
  for (let at = first + 1; at < atoms.length; at++) {
    size += atoms[at - 1]!.size;
    if (size > most) break;
    if (size >= least && (best === null || atoms[at]!.rank <= atoms[best]!.rank)) best = at;
  }
  return best;
}

function cutAtoms(text: string, segment: Segment, boundaries: readonly Boundary[], budget: number): Atom[] {
  const atoms: Atom[] = [];
  let start = segment.start;
  let rank = RANK_LINE;
  const cutAt = (place: number, rankThere: number) => {
    if (place > start) {
      atoms.push(
        ...cutHard(text, { start, end: place, derived: null, size: sizeOf(text, start, place), rank }, budget),
      );
      start = place;
      rank = rankThere;
    } else {
      rank = Math.min(rank, rankThere);
    }
  };
  let line = segment.start; // where the line began that is being cut
  let nextLine = lineAfter(text, line);
  const linesUntil = (offset: number) => {
    for (; nextLine <= offset; nextLine = lineAfter(text, line)) {
      line = nextLine;
      if (line < segment.end) cutAt(line, RANK_LINE);
    }
  };
  for (let at = firstFrom(boundaries, segment.start + 1); at < boundaries.length; at++) {
    const { start: offset, depth } = boundaries[at]!;
    if (offset >= segment.end) break;
    linesUntil(offset);
    if (line > segment.start && text.slice(line, offset).trim() === '') cutAt(line, Math.min(depth, RANK_LINE));
    else cutAt(offset, RANK_WITHIN_LINE + Math.min(depth, RANK_WITHIN_LINE));
  }
  linesUntil(segment.end);
  cutAt(segment.end, 0);
  return atoms;
}

function lineAfter(text: string, offset: number): number {
  const lineBreak = text.indexOf('\n', offset);
  return lineBreak === -1 ? Number.POSITIVE_INFINITY : lineBreak + 1;
}

/** An atom that is too large by itself, cut at any character (a surrogate pair is one). */
function cutHard(text: string, atom: Atom, budget: number): Atom[] {
  if (atom.size <= budget) return [atom];
  const pieces: Atom[] = [];
  let { start, rank } = atom;
  let size = 0;
  let at = start;
  while (at < atom.end) {
    const width = text.codePointAt(at)! > 0xffff ? 2 : 1;
    const cost = sizeOf(text, at, at + width);
    if (size + cost > budget / 2) {
      pieces.push({ start, end: at, derived: null, size: sizeOf(text, start, at), rank });
      start = at;
      size = 0;
      rank = RANK_HARD;
    }
    size += cost;
    at += width;
  }
  pieces.push({ start, end: atom.end, derived: null, size: sizeOf(text, start, atom.end), rank });
  return pieces;
}

/** Neighbouring atoms of one segment become one segment again. */
function joinAtoms(atoms: readonly Atom[]): Segment[] {
  const segments: Segment[] = [];
  for (const { start, end, derived } of atoms) {
    const last = segments.at(-1);
    if (derived === null && last !== undefined && last.derived === null && last.end === start) {
      segments[segments.length - 1] = { start: last.start, end, derived: null };
    } else {
      segments.push({ start, end, derived });
    }
  }
  return segments;
}
