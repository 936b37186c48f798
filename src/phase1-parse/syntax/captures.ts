// Query matches → definitions and marks: the vocabulary of languages/vocabulary.ts, read. Offsets only.
import type { ChunkKind } from '../../core/chunk.ts';
import { type Held, nameHeld, spanKey } from './holders.ts';
import type { Capture, FoundDefinition, Match, Span } from './types.ts';

/** What lies around and inside definitions; every list is sorted by start. */
export interface Marks {
  readonly comments: readonly Span[];
  readonly aparts: readonly Span[];
  readonly leads: readonly Span[];
  readonly docstrings: readonly Span[];
  readonly inherits: readonly Span[];
  readonly calls: readonly Span[];
  readonly noCalls: readonly Span[];
  readonly imports: readonly Span[];
  readonly decisions: readonly Span[];
  readonly nests: readonly Span[];
  readonly flats: readonly Span[];
  readonly extraParams: readonly Span[];
  readonly missingParams: readonly Span[];
}

/** How far a definition reaches that starts or ends where an `@inner` does: to the edge of its `@outer`. */
export interface Edges {
  readonly starts: ReadonlyMap<number, number>;
  readonly ends: ReadonlyMap<number, number>;
}

export interface Findings {
  readonly definitions: readonly FoundDefinition[];
  readonly edges: Edges;
  readonly marks: Marks;
}

const LISTS: Readonly<Record<string, keyof Marks>> = {
  _comment: 'comments',
  apart: 'aparts',
  lead: 'leads',
  docstring: 'docstrings',
  inherits: 'inherits',
  call: 'calls',
  'call.less': 'noCalls',
  import: 'imports',
  decision: 'decisions',
  'decision.bool': 'decisions',
  nest: 'nests',
  flat: 'flats',
  'param.more': 'extraParams',
  'param.less': 'missingParams',
};

/** Sorts out what a query matched. */
export function readMatches(matches: readonly Match[]): Findings {
  const definitions: FoundDefinition[] = [];
  const held: Held[] = [];
  const wrappers: { inner: Span; outer: Span }[] = [];
  const marks = emptyMarks();
  for (const match of matches) {
    const definition = definitionOf(match);
    if (definition !== null) definitions.push(definition);
    const known = heldOf(match);
    if (known !== null) held.push(known);
    for (const capture of match.captures) {
      const list = LISTS[capture.name];
      if (list !== undefined) marks[list].push(reachingBack(match, capture));
      else if (capture.name === 'outer') wrappers.push(...innersOf(match, capture));
    }
  }
  definitions.push(...nameHeld(matches, held));
  for (const list of Object.values(marks)) list.sort(byStart);
  if (marks.noCalls.length > 0) marks.calls = outside(marks.calls, marks.noCalls);
  return { definitions, edges: edgesOf(wrappers), marks: withoutRepeats(marks) };
}

/** By start, and of those that start together the longer first: a node before what it holds. */
export function byStart(a: Span, b: Span): number {
  return a.start - b.start || b.end - a.end;
}

function definitionOf(match: Match): FoundDefinition | null {
  if (match.captures.length === 1 && LISTS[match.captures[0]!.name] !== undefined) return null; // as most are
  const definition = match.captures.find((capture) => capture.name.startsWith('def.'));
  return definition === undefined ? null : foundAt(match, definition, 'def.');
}

function heldOf(match: Match): Held | null {
  const definition = match.captures.find((capture) => capture.name.startsWith('held.'));
  if (definition === undefined) return null;
  const isShort = definition.name.endsWith(SHORT);
  const name = isShort ? definition.name.slice(0, -SHORT.length) : definition.name;
  return { found: foundAt(match, { ...definition, name }, 'held.'), isShort };
}

const SHORT = '.short';

function foundAt(match: Match, definition: Capture, prefix: string): FoundDefinition {
  const find = (name: string) => match.captures.find((capture) => capture.name === name) ?? null;
  const scope = scopeOf(match);
  return {
    kind: definition.name.slice(prefix.length) as ChunkKind,
    pattern: match.pattern,
    origin: match.origin,
    start: definition.start,
    end: find('end')?.end ?? definition.end,
    name: find('name'),
    scopes: scope === null ? [] : [scope],
    params: find('params') ?? find('params.none'),
    looseParams: match.captures.flatMap((capture) => (capture.name === 'param' ? [capture.start] : [])),
    body: find('body')?.start ?? null,
    rank: rankOf(match),
  };
}

function rankOf(match: Match): number | null {
  const rank = match.captures.find((capture) => capture.name.startsWith('rank.'));
  return rank === undefined ? null : Number(rank.name.slice('rank.'.length));
}

/** Of several scopes (C++'s `a::b::f`) the text from the first to the last. */
function scopeOf(match: Match): Span | null {
  const scopes = match.captures.filter((capture) => capture.name === 'scope').sort(byStart);
  return scopes.length === 0 ? null : { start: scopes[0]!.start, end: scopes.at(-1)!.end };
}

/** From the capture `<name>.from` of the same match, if there is one. */
function reachingBack(match: Match, capture: Capture): Span {
  if (match.captures.length === 1) return capture;
  const from = match.captures.find(({ name }) => name === `${capture.name}.from`);
  return { start: from?.start ?? capture.start, end: capture.end };
}

function innersOf(match: Match, outer: Capture): { inner: Span; outer: Span }[] {
  return match.captures.filter((capture) => capture.name === 'inner').map((inner) => ({ inner, outer }));
}

/** `const a = () => 1, b = () => 2` wraps two: the first reaches back to where it starts, the last to where it ends. */
function edgesOf(wrappers: readonly { inner: Span; outer: Span }[]): Edges {
  const reach = new Map<string, { first: number; last: number; outer: Span }>();
  for (const { inner, outer } of wrappers) {
    const known = reach.get(spanKey(outer));
    reach.set(spanKey(outer), {
      first: Math.min(inner.start, known?.first ?? inner.start),
      last: Math.max(inner.end, known?.last ?? inner.end),
      outer,
    });
  }
  const starts = new Map<number, number>();
  const ends = new Map<number, number>();
  for (const { first, last, outer } of reach.values()) {
    if (outer.start < first) starts.set(first, outer.start);
    if (outer.end > last) ends.set(last, outer.end);
  }
  return { starts, ends };
}

/** Where the first span stands that starts at `offset` or later. The list is sorted by start. */
export function firstFrom(spans: readonly { readonly start: number }[], offset: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle]!.start < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Those that lie in none of `excluded`; both are sorted. */
function outside(spans: readonly Span[], excluded: readonly Span[]): Span[] {
  let next = 0;
  let reached = 0;
  return spans.filter(({ start, end }) => {
    for (; next < excluded.length && excluded[next]!.start <= start; next++)
      reached = Math.max(reached, excluded[next]!.end);
    return end > reached;
  });
}

/** Two patterns may see the same node; it counts once. */
function withoutRepeats(marks: Record<keyof Marks, Span[]>): Marks {
  for (const list of Object.values(marks)) {
    let kept = 0;
    for (const span of list) {
      const last = list[kept - 1];
      if (last === undefined || last.start !== span.start || last.end !== span.end) list[kept++] = span;
    }
    list.length = kept;
  }
  return marks;
}

function emptyMarks(): Record<keyof Marks, Span[]> {
  return {
    comments: [],
    aparts: [],
    leads: [],
    docstrings: [],
    inherits: [],
    calls: [],
    noCalls: [],
    imports: [],
    decisions: [],
    nests: [],
    flats: [],
    extraParams: [],
    missingParams: [],
  };
}
