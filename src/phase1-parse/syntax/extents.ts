// How far each definition extents: over its decorators, `export`, attributes and comments, and over its neighbours where
// several are one.

import { BUDGET, sizeOf } from '../chunk/split.ts';
import { byStart, type Findings, firstFrom, type Marks } from './captures.ts';
import { spanKey } from './holders.ts';
import type { FoundDefinition, Span } from './types.ts';

/** Where a language says so, what is smaller shares a chunk with its neighbours. */
const SMALL_DEFINITION = BUDGET / 3;

/** A definition and how far it extents. */
export interface Extent {
  found: FoundDefinition;
  /** Where it starts without the comments and attributes above it. */
  readonly head: number;
  readonly comments: readonly Span[];
  /** How many bodies it has. */
  clauses: number;
  start: number;
  end: number;
}

/** Of all definitions that become chunks, in file order; of any two, one holds the other or they are apart. */
export function extentsOf(text: string, findings: Findings): Extent[] {
  const isChunk = ({ found, start, end }: Extent) =>
    !found.origin.language.textWhenSmall.has(found.kind) ||
    sizeOf(text, start, end, SMALL_DEFINITION) >= SMALL_DEFINITION;
  return joined(text, withoutOverlaps(widen(text, findings).filter(isChunk)));
}

function widen(text: string, { definitions, edges, marks }: Findings): Extent[] {
  const above = aboveOf(marks);
  const commentAt = new Map(marks.comments.map((comment) => [comment.start, comment]));
  return toTheirEnds(text, firstPatterns(definitions)).map((found) => {
    const head = followed(edges.starts, found.start);
    const { start, comments } = attach(text, head, above, 0);
    // Inside `type ( … )` the comment of the first one stands after the edge.
    if (head < found.start) comments.push(...attach(text, found.start, above, head).comments);
    const trail = trailEnd(text, followed(edges.ends, found.end), commentAt);
    const below = found.origin.language.commentsBelow ? commentBelow(text, trail, commentAt) : null;
    if (below !== null) comments.push(below);
    const end = below?.end ?? trail;
    const clauses = found.body === null ? 0 : 1;
    return { found, head, comments, clauses, start: indentStart(text, start), end };
  });
}

/** From edge to edge, outwards: a declarator, its declaration, the `export` before it. */
function followed(edges: ReadonlyMap<number, number>, from: number): number {
  let at = from;
  for (let next = edges.get(at); next !== undefined; next = edges.get(at)) at = next;
  return at;
}

/** Of several patterns for one node, the first in the query; of its matches, the one that captured most. */
function firstPatterns(definitions: readonly FoundDefinition[]): FoundDefinition[] {
  const best = new Map<string, FoundDefinition>();
  for (const found of definitions) {
    const key = spanKey(found);
    const other = best.get(key);
    if (other === undefined || found.pattern < other.pattern) {
      best.set(key, found);
    } else if (found.pattern === other.pattern) {
      const looseParams = [...new Set([...other.looseParams, ...found.looseParams])];
      best.set(key, { ...(detail(found) > detail(other) ? found : other), looseParams });
    }
  }
  return [...best.values()];
}

function detail({ name, scopes, params, body }: FoundDefinition): number {
  return [name, scopes[0] ?? null, params, body].filter((part) => part !== null).length;
}

/** Of what has a rank, those that start a line, each to where the next one of its rank or a lower starts. */
function toTheirEnds(text: string, definitions: readonly FoundDefinition[]): FoundDefinition[] {
  const ranked = definitions.filter(({ rank, start }) => rank !== null && startsLine(text, start)).sort(byStart);
  if (ranked.length === 0) return definitions.filter(({ rank }) => rank === null);
  const ended: FoundDefinition[] = [];
  const open: FoundDefinition[] = [];
  const close = (rank: number, end: number) => {
    while (open.length > 0 && open.at(-1)!.rank! >= rank) {
      const found = open.pop()!;
      ended.push({
        ...found,
        body: found.body ?? found.end,
        end: found.start + text.slice(found.start, end).trimEnd().length,
      });
    }
  };
  for (const found of ranked) {
    close(found.rank!, found.start);
    open.push(found);
  }
  close(0, text.length);
  return [...definitions.filter(({ rank }) => rank === null), ...ended];
}

interface Above extends Span {
  readonly isComment: boolean;
}

function aboveOf({ comments, leads }: Marks): Above[] {
  return [
    ...comments.map(({ start, end }) => ({ start, end, isComment: true })),
    ...leads.map(({ start, end }) => ({ start, end, isComment: false })),
  ].sort(byStart);
}

/** Goes up over comments and attributes as long as no blank line comes between. A comment after code is that code's. */
function attach(
  text: string,
  from: number,
  above: readonly Above[],
  limit: number,
): { start: number; comments: Span[] } {
  const comments: Span[] = [];
  let start = from;
  for (let at = firstFrom(above, from) - 1; at >= 0; at -= 1) {
    const candidate = above[at]!;
    if (candidate.start < limit) break;
    // A line comment may end after its line break: what is between is counted from its last character.
    const end = trimmedEnd(text, candidate);
    if (end > start) continue; // holds another one, or lies inside it
    const between = text.slice(end, start);
    const breaks = between.trim() === '' ? between.split('\n').length - 1 : Number.POSITIVE_INFINITY;
    if (breaks > 1 || (breaks === 1 && candidate.isComment && !startsLine(text, candidate.start))) break;
    start = candidate.start;
    if (candidate.isComment) comments.unshift({ start, end });
  }
  return { start, comments };
}

function trimmedEnd(text: string, span: Span): number {
  return span.start + text.slice(span.start, span.end).trimEnd().length;
}

function startsLine(text: string, offset: number): boolean {
  const start = indentStart(text, offset);
  return start === 0 || text[start - 1] === '\n';
}

/** Back over the indentation, if there is nothing else before `offset` on its line. */
function indentStart(text: string, offset: number): number {
  let at = offset;
  while (at > 0 && (text[at - 1] === ' ' || text[at - 1] === '\t')) at -= 1;
  return at === 0 || text[at - 1] === '\n' ? at : offset;
}

/** Forward over `,` or `;`, and over a comment that ends the line. */
function trailEnd(text: string, offset: number, commentAt: ReadonlyMap<number, Span>): number {
  const skipBlanks = (from: number) => {
    let at = from;
    while (text[at] === ' ' || text[at] === '\t') at += 1;
    return at;
  };
  let end = offset;
  let at = skipBlanks(end);
  while (text[at] === ',' || text[at] === ';') {
    end = at + 1;
    at = skipBlanks(end);
  }
  const comment = commentAt.get(at);
  if (comment === undefined) return end;
  const commentEnd = trimmedEnd(text, comment);
  const rest = text[skipBlanks(commentEnd)];
  return rest === undefined || rest === '\n' || rest === '\r' ? commentEnd : end;
}

const NEXT_LINE = /[^\S\n]*\n([^\S\n]*)/y;

/** The comment on the next line, if what follows it is not right below: after a blank line, or less indented. */
function commentBelow(text: string, offset: number, commentAt: ReadonlyMap<number, Span>): Span | null {
  NEXT_LINE.lastIndex = offset;
  const next = NEXT_LINE.exec(text);
  const comment = next === null ? undefined : commentAt.get(NEXT_LINE.lastIndex);
  if (next === null || comment === undefined) return null;
  const end = trimmedEnd(text, comment);
  NEXT_LINE.lastIndex = end;
  const after = NEXT_LINE.exec(text);
  const follows = after !== null && /\S/.test(text[NEXT_LINE.lastIndex] ?? '') && after[1]!.length >= next[1]!.length;
  return follows ? null : { start: comment.start, end };
}

/**
 * Sorted, and so that any two are apart or one holds the other. A comment above may be the last thing in the definition
 * before; it stays there. Whatever still overlaps (a query that captures odd nodes) is no definition.
 */
function withoutOverlaps(extents: readonly Extent[]): Extent[] {
  const sorted = extents.toSorted(byExtent);
  const open: Extent[] = [];
  for (const extent of sorted) {
    while (open.length > 0 && open.at(-1)!.end <= extent.start) open.pop();
    const holder = open.at(-1);
    if (holder !== undefined && extent.end > holder.end && extent.head >= holder.end) extent.start = holder.end;
    open.push(extent);
  }
  const kept: Extent[] = [];
  const holders: Extent[] = [];
  for (const extent of sorted.sort(byExtent)) {
    while (holders.length > 0 && holders.at(-1)!.end <= extent.start) holders.pop();
    const holder = holders.at(-1);
    if (holder !== undefined && (extent.end > holder.end || isSame(extent, holder))) continue;
    kept.push(extent);
    holders.push(extent);
  }
  return kept;
}

function byExtent(a: Extent, b: Extent): number {
  return byStart(a, b) || a.found.pattern - b.found.pattern;
}

function isSame(a: Span, b: Span): boolean {
  return a.start === b.start && a.end === b.end;
}

/** Neighbours of one kind, name and scope with nothing between them become one: the first, that reaches over all. */
function joined(text: string, extents: readonly Extent[]): Extent[] {
  if (!extents.some(({ found }) => found.origin.language.joins.size > 0)) return [...extents];
  const kept: Extent[] = [];
  const open: Extent[] = [];
  for (const extent of extents) {
    let before: Extent | undefined;
    while (open.length > 0 && open.at(-1)!.end <= extent.start) before = open.pop();
    if (
      before !== undefined &&
      extent.found.origin.language.joins.has(extent.found.kind) &&
      areOne(text, before, extent, open.at(-1))
    ) {
      before.end = extent.end;
      before.clauses += extent.clauses;
      const { body, params, looseParams, end } = before.found;
      before.found = {
        ...before.found,
        params: params ?? extent.found.params,
        looseParams: looseParams.length > 0 ? looseParams : extent.found.looseParams,
        body: body ?? end,
      };
      open.push(before);
    } else {
      kept.push(extent);
      open.push(extent);
    }
  }
  return kept;
}

/** Not if nothing else were left in the definition around them. */
function areOne(text: string, before: Extent, after: Extent, around: Extent | undefined): boolean {
  const written = (span: Span | null) => (span === null ? '' : text.slice(span.start, span.end));
  return (
    before.found.kind === after.found.kind &&
    written(before.found.name) === written(after.found.name) &&
    before.found.scopes.map(written).join() === after.found.scopes.map(written).join() &&
    text.slice(before.end, after.start).trim() === '' &&
    !(before.start === around?.start && after.end === around.end)
  );
}
