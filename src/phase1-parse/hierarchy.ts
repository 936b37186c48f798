// Definitions → a tree, by containment only; and how far each one reaches: over its decorators, `export`, attributes and
// the comments above it.
import type { ChunkKind } from '../core/chunk.ts';
import type { Language } from '../languages/load.ts';
import { byStart, type Findings, type FoundDefinition, firstFrom, type Marks, type Span, spanKey } from './captures.ts';
import { oneLine } from './source-text.ts';
import { BUDGET, sizeOf } from './split.ts';

/** Names are short; what a computed one is made of need not be. */
const MAX_NAME = 100;

/** Where a language says so, what is smaller shares a chunk with its neighbours. */
const SMALL_DEFINITION = BUDGET / 3;

/** A definition with everything that belongs to it; no two overlap unless one holds the other. */
export interface Definition extends Span {
  /** Its position in file order. */
  readonly index: number;
  readonly kind: ChunkKind;
  readonly name: string;
  /** Where its name starts, or where it does if it has none. */
  readonly nameStart: number;
  readonly breadcrumb: string;
  readonly parent: Definition | null;
  readonly depth: number;
  readonly children: Definition[];
  /** Where it starts without the comments and attributes above it. */
  readonly head: number;
  readonly body: number | null;
  readonly params: FoundDefinition['params'];
  /** Comments above it, in file order. */
  readonly comments: readonly Span[];
}

/** Draft of a definition while its reach is settled. */
interface Reach {
  readonly found: FoundDefinition;
  readonly head: number;
  readonly comments: readonly Span[];
  start: number;
  end: number;
}

/** All definitions in file order, each parent before its children. */
export function buildHierarchy(text: string, findings: Findings, language: Language): Definition[] {
  const isChunk = ({ found, start, end }: Reach) =>
    !language.textWhenSmall.has(found.kind) || sizeOf(text, start, end) >= SMALL_DEFINITION;
  const reaches = withoutOverlaps(widen(text, findings).filter(isChunk));
  const definitions: Definition[] = [];
  const open: Definition[] = [];
  for (const { found, head, comments, start, end } of reaches) {
    while (open.length > 0 && open.at(-1)!.end <= start) open.pop();
    const parent = open.at(-1) ?? null;
    const name = nameOf(text, found.name);
    const definition: Definition = {
      index: definitions.length,
      kind: found.kind === 'function' && parent !== null && language.methodsIn.has(parent.kind) ? 'method' : found.kind,
      name,
      nameStart: found.name?.start ?? head,
      breadcrumb: [parent?.breadcrumb ?? '', nameOf(text, found.scope), name]
        .filter((part) => part !== '')
        .join(language.separator),
      parent,
      depth: parent === null ? 0 : parent.depth + 1,
      children: [],
      start,
      end,
      head,
      body: found.body,
      params: found.params,
      comments,
    };
    parent?.children.push(definition);
    definitions.push(definition);
    open.push(definition);
  }
  return definitions;
}

/** What belongs to the definition that `owner` names, or to none (−1); the stretches follow one another without a hole. */
export interface OwnedSpan extends Span {
  readonly owner: number;
}

/** The innermost definition of every place, as stretches in file order. */
export function ownedSpans(definitions: readonly Definition[], length: number): OwnedSpan[] {
  const spans: OwnedSpan[] = [];
  const open: Definition[] = [];
  let at = 0;
  const advance = (to: number) => {
    if (to > at) spans.push({ start: at, end: to, owner: open.at(-1)?.index ?? -1 });
    at = Math.max(at, to);
  };
  const closeUntil = (offset: number) => {
    while (open.length > 0 && open.at(-1)!.end <= offset) {
      advance(open.at(-1)!.end);
      open.pop();
    }
  };
  for (const definition of definitions) {
    closeUntil(definition.start);
    advance(definition.start);
    open.push(definition);
  }
  closeUntil(length);
  advance(length);
  return spans;
}

function nameOf(text: string, span: Span | null): string {
  return span === null ? '' : oneLine(text.slice(span.start, span.end), MAX_NAME);
}

function widen(text: string, { definitions, edges, marks }: Findings): Reach[] {
  const above = aboveOf(marks);
  const commentAt = new Map(marks.comments.map((comment) => [comment.start, comment]));
  return firstPatterns(definitions).map((found) => {
    const head = followed(edges.starts, found.start);
    const { start, comments } = attach(text, head, above, 0);
    // Inside `type ( … )` the comment of the first one stands after the edge.
    if (head < found.start) comments.push(...attach(text, found.start, above, head).comments);
    const end = trailEnd(text, followed(edges.ends, found.end), commentAt);
    return { found, head, comments, start: indentStart(text, start), end };
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
    if (
      other === undefined ||
      found.pattern < other.pattern ||
      (found.pattern === other.pattern && detail(found) > detail(other))
    )
      best.set(key, found);
  }
  return [...best.values()];
}

function detail({ name, scope, params, body }: FoundDefinition): number {
  return [name, scope, params, body].filter((part) => part !== null).length;
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

/**
 * Sorted, and so that any two are apart or one holds the other. A comment above may be the last thing in the definition
 * before; it stays there. Whatever still overlaps (a query that captures odd nodes) is no definition.
 */
function withoutOverlaps(reaches: readonly Reach[]): Reach[] {
  const sorted = reaches.toSorted(byReach);
  const open: Reach[] = [];
  for (const reach of sorted) {
    while (open.length > 0 && open.at(-1)!.end <= reach.start) open.pop();
    const holder = open.at(-1);
    if (holder !== undefined && reach.end > holder.end && reach.head >= holder.end) reach.start = holder.end;
    open.push(reach);
  }
  const kept: Reach[] = [];
  const holders: Reach[] = [];
  for (const reach of sorted.sort(byReach)) {
    while (holders.length > 0 && holders.at(-1)!.end <= reach.start) holders.pop();
    const holder = holders.at(-1);
    if (holder !== undefined && (reach.end > holder.end || isSame(reach, holder))) continue;
    kept.push(reach);
    holders.push(reach);
  }
  return kept;
}

function byReach(a: Reach, b: Reach): number {
  return byStart(a, b) || a.found.pattern - b.found.pattern;
}

function isSame(a: Span, b: Span): boolean {
  return a.start === b.start && a.end === b.end;
}
