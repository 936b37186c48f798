// Definitions and what lies between them → drafts of chunks: which stretches of the file each one owns, and what it
// repeats of others. Every non-blank character of a file is in the own text of exactly one draft.

import { byStart } from '../syntax/captures.ts';
import type { Boundary, Span } from '../syntax/types.ts';
import type { Definition } from './hierarchy.ts';
import type { LineTable } from './source-text.ts';
import { budgetsIn, cutSegments, fits, type Segment } from './split.ts';
import type { Draft, Source } from './types.ts';

/** Smaller nameless pieces join a neighbour that is not further away than this. */
const SMALL_PIECE = 50;
const NEAR_LINES = 40;

/** What one definition says, or nothing that has a name; whole. */
interface Piece {
  readonly definition: Definition | null;
  readonly segments: readonly Segment[];
  readonly budget: number;
}

/** All drafts of a parsed file, in file order: each definition before its children. */
export function draftChunks(
  source: Source,
  definitions: readonly Definition[],
  signatures: readonly string[],
  aparts: readonly Span[],
  boundariesIn: (stretches: readonly Segment[]) => readonly Boundary[],
): Draft[] {
  const { text, lines } = source;
  const top = definitions.filter((definition) => definition.parent === null);
  const budgetBelow = budgetsIn(source);
  const budget = budgetBelow('');
  const pieces: Piece[] = [
    ...definitions.map((definition) => ({
      definition,
      segments: ownSegments(text, definition, signatures),
      budget: budgetBelow(definition.breadcrumb),
    })),
    ...piecesBetween(text, top, lines, budget, aparts).map((segments) => ({ definition: null, segments, budget })),
  ];
  const drafts: Draft[] = [];
  const tooLong: Piece[] = [];
  for (const piece of pieces) {
    if (fits(text, piece.segments, piece.budget)) drafts.push(...draftParts(text, piece, [piece.segments]));
    else tooLong.push(piece);
  }
  if (tooLong.length > 0) {
    const stretches = tooLong.flatMap(({ segments }) => segments.filter((segment) => segment.derived === null));
    const boundaries = boundariesIn(stretches.sort(byStart));
    for (const piece of tooLong) {
      drafts.push(...draftParts(text, piece, cutSegments(text, piece.segments, boundaries, piece.budget)));
    }
  }
  return drafts.sort((a, b) => a.start - b.start || depthOf(a) - depthOf(b) || a.partIndex - b.partIndex);
}

/** The text of a draft: its segments in file order, without blank lines around them. */
export function contentOf(text: string, segments: readonly Segment[]): string {
  let content = '';
  let reached: number | null = null;
  for (const { start, end, derived } of segments) {
    if (reached !== null && reached !== start && !content.endsWith('\n')) content += '\n';
    content += derived ?? text.slice(start, end);
    reached = end;
  }
  return content.replace(BLANK_LINES, '').trimEnd();
}

const BLANK_LINES = /^(?:[^\S\n\r]*[\n\r])+/;

function depthOf({ definition }: Draft): number {
  return definition?.depth ?? 0;
}

/** A definition's own text, with one line in the place of each child. */
function ownSegments(text: string, span: Definition, signatures: readonly string[]): Segment[] {
  const segments: Segment[] = [];
  let at = span.start;
  for (const child of span.children) {
    if (child.start > at) segments.push({ start: at, end: child.start, derived: null });
    const indentation = /^[ \t]*/.exec(text.slice(child.start, child.end))![0];
    segments.push({ start: child.start, end: child.end, derived: indentation + signatures[child.index]! });
    at = child.end;
  }
  if (span.end > at) segments.push({ start: at, end: span.end, derived: null });
  return segments;
}

/** What lies before, between and after the outermost definitions; small pieces are joined to their neighbours. */
function piecesBetween(
  text: string,
  top: readonly Definition[],
  lines: LineTable,
  budget: number,
  aparts: readonly Span[],
): Segment[][] {
  const pieces: { segments: Segment[]; isSmall: boolean }[] = [];
  for (const { segment, isApart } of gapsBetween(text, top, aparts)) {
    const isSmall = countNonBlank(text, segment, SMALL_PIECE) < SMALL_PIECE;
    const last = isApart ? undefined : pieces.at(-1);
    const lastEnd = last?.segments.at(-1)?.end;
    if (
      last !== undefined &&
      lastEnd !== undefined &&
      (isSmall || last.isSmall) &&
      lines.lineAt(segment.start) - lines.lineAt(lastEnd) <= NEAR_LINES &&
      fits(text, [...last.segments, segment], budget)
    ) {
      last.segments.push(segment);
      last.isSmall &&= isSmall;
    } else {
      pieces.push({ segments: [segment], isSmall });
    }
  }
  return pieces.map(({ segments }) => segments);
}

/** `isApart` of one that starts a part of the file which shares no chunk with the one before. */
function gapsBetween(
  text: string,
  top: readonly Definition[],
  aparts: readonly Span[],
): { segment: Segment; isApart: boolean }[] {
  const gaps: { segment: Segment; isApart: boolean }[] = [];
  let at = 0;
  let next = 0;
  let isApart = false;
  const take = (end: number) => {
    const segment = trimmed(text, at, end);
    at = end;
    if (segment === null) return;
    gaps.push({ segment, isApart });
    isApart = false;
  };
  for (const { start, end } of [...top, { start: text.length, end: text.length }]) {
    for (; next < aparts.length && aparts[next]!.start < end; next++) {
      if (aparts[next]!.start > at && aparts[next]!.start <= start) take(aparts[next]!.start);
      isApart = true;
    }
    take(start);
    at = end;
  }
  return gaps;
}

/** Without the blank lines around it, but with the indentation of its first line; null if there is nothing else. */
function trimmed(text: string, start: number, end: number): Segment | null {
  const slice = text.slice(start, end);
  const blank = slice.length - slice.trimStart().length;
  if (blank === slice.length) return null;
  const lineBreak = slice.lastIndexOf('\n', blank - 1);
  const first = blank === 0 ? 0 : lineBreak + 1;
  return { start: start + first, end: start + slice.trimEnd().length, derived: null };
}

/** Up to `enough`. */
function countNonBlank(text: string, { start, end }: Segment, enough: number): number {
  let count = 0;
  for (let at = start; at < end && count < enough; at++) {
    if (text[at]!.trim() !== '') count += 1;
  }
  return count;
}

/** Parts that show nothing are left out; the others are numbered. */
function draftParts(text: string, { definition }: Piece, cut: readonly (readonly Segment[])[]): Draft[] {
  const parts = cut.map((segments) => ({ segments, content: contentOf(text, segments) }));
  const shown = parts.filter(({ content }) => content !== '');
  return shown.map(({ segments, content }, partIndex) => {
    const isWhole = shown.length === 1 && definition !== null;
    const start = isWhole ? definition.start : segments[0]!.start;
    const end = isWhole ? definition.end : segments.at(-1)!.end;
    return { kind: definition?.kind ?? 'module', definition, segments, content, partIndex, start, end };
  });
}
