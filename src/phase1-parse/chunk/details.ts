// What a definition says of itself (signature, docstring, supertypes) and what a chunk uses (calls, imports), as text.
import { firstFrom, type Marks } from '../syntax/captures.ts';
import type { Span } from '../syntax/types.ts';
import type { Definition, OwnedSpan } from './hierarchy.ts';
import { CALLABLE } from './metrics.ts';
import { capped, oneLine } from './source-text.ts';
import type { Segment } from './split.ts';

const MAX_SIGNATURE = 200;
const MAX_DOCSTRING = 2_000;
const MAX_NAME = 100;
const MAX_NAMES = 200;

/**
 * Its header on one line, without comments: from the line of its name up to its body, wherever that starts. (A name may
 * stand after the body.) What has no body is all header, if that is short, else its first line is.
 */
export function signatureOf(
  text: string,
  { head, name, nameStart, body, end }: Definition,
  comments: readonly Span[],
): string {
  if (body !== null && body < nameStart) return oneLine(`${text.slice(head, body)} ${name}`, MAX_SIGNATURE);
  const from = Math.max(head, text.lastIndexOf('\n', nameStart - 1) + 1);
  const header = (to: number) => folded(withoutSpans(text, from, Math.min(to, end), comments));
  if (body !== null && body > from) return capped(header(body), MAX_SIGNATURE);
  const whole = header(end);
  if (whole.length <= MAX_SIGNATURE) return whole;
  const lineEnd = text.indexOf('\n', from);
  return capped(header(lineEnd === -1 ? end : lineEnd), MAX_SIGNATURE);
}

/** On one line, without what only leads to a body. */
function folded(header: string): string {
  return oneLine(header.replace(/\s*(?:\{|,|(?<![=<>!])=)\s*$/, ''), header.length);
}

function withoutSpans(text: string, start: number, end: number, spans: readonly Span[]): string {
  let kept = '';
  let at = start;
  for (const span of spansIn(spans, [{ start, end, derived: null }])) {
    kept += text.slice(at, span.start);
    at = span.end;
  }
  return kept + text.slice(at, Math.max(at, end));
}

/** For each definition its docstring, else the comments above it without their marks; '' if there are none. */
export function docstringsOf(
  text: string,
  definitions: readonly Definition[],
  owned: readonly OwnedSpan[],
  marks: Marks,
): string[] {
  const inside = textsByOwner(owned, marks.docstrings, definitions.length, (span) => text.slice(span.start, span.end));
  return definitions.map(({ comments }, index) => {
    const first = inside[index]![0];
    const lines = first ?? comments.map(({ start, end }) => withoutMarks(text.slice(start, end))).join('\n');
    return capped(trimLines(lines), MAX_DOCSTRING);
  });
}

/** For each definition the types it builds upon, as written. */
export function inheritedBy(
  text: string,
  definitions: readonly Definition[],
  owned: readonly OwnedSpan[],
  marks: Marks,
): string[][] {
  const found = textsByOwner(owned, marks.inherits, definitions.length, (span) =>
    oneLine(text.slice(span.start, span.end), MAX_NAME),
  );
  // What a function holds without a definition of its own (an anonymous object) says nothing of the function.
  return found.map((names, index) => (CALLABLE.has(definitions[index]!.kind) ? [] : distinct(names)));
}

/** Dotted names of what is called in these segments, in the order of their first call. */
export function callsIn(text: string, segments: readonly Segment[], marks: Marks): string[] {
  // In a chain all start together: it is read in the order in which the names end.
  const calls = spansIn(marks.calls, segments).sort((a, b) => a.end - b.end);
  return distinct(calls.map((span) => calleeName(text, span)));
}

/** Names of the modules that these segments import, in order. */
export function importsIn(text: string, segments: readonly Segment[], marks: Marks): string[] {
  return distinct(
    spansIn(marks.imports, segments).map((span) =>
      oneLine(text.slice(span.start, span.end), MAX_SIGNATURE).replace(/^(["'`])(.*)\1$/, '$2'),
    ),
  );
}

const PLAIN_NAME = /^[\w$]+(?:\.[\w$]+)*$/;
/** What ends a call, an index or a literal, and the plain name that follows it: most links of chains. */
const PLAIN_TAIL = /[)\]}"'`]\.([\w$]+(?:\.[\w$]+)*)$/;
const TYPE_ARGUMENTS = /(?:::)?<[^<>]*>$/;
const DOTTED_TAIL = /[\p{L}\p{N}_$]+(?:(?:\?\.|\.|::|->)#?[\p{L}\p{N}_$]+)*$/u;

/** Of a chain of calls the last link, for the others are calls of their own: `a(x).b.c` is `b.c`. */
function calleeName(text: string, { start, end }: Span): string {
  const written = text.slice(Math.max(start, end - 2 * MAX_NAME), end);
  if (PLAIN_NAME.test(written)) return written.slice(-MAX_NAME);
  const plain = PLAIN_TAIL.exec(written);
  if (plain !== null) return plain[1]!.slice(-MAX_NAME);
  let name = written.replace(/\s+/g, '');
  while (TYPE_ARGUMENTS.test(name)) name = name.replace(TYPE_ARGUMENTS, '');
  const tail = DOTTED_TAIL.exec(name)?.[0] ?? '';
  return tail.replaceAll('?.', '.').slice(-MAX_NAME);
}

function textsByOwner(
  owned: readonly OwnedSpan[],
  spans: readonly Span[],
  size: number,
  read: (span: Span) => string,
): string[][] {
  const texts = Array.from({ length: size }, (): string[] => []);
  let at = 0;
  for (const span of spans) {
    while (at < owned.length && owned[at]!.end <= span.start) at += 1;
    texts[owned[at]?.owner ?? -1]?.push(read(span));
  }
  return texts;
}

/** The spans that start in a segment's own text. Both lists are in file order. */
function spansIn(spans: readonly Span[], segments: readonly Segment[]): Span[] {
  const found: Span[] = [];
  for (const { start, end, derived } of segments) {
    if (derived !== null) continue;
    for (let at = firstFrom(spans, start); at < spans.length && spans[at]!.start < end; at++) found.push(spans[at]!);
  }
  return found;
}

function withoutMarks(comment: string): string {
  return comment
    .replace(/\s*(?:\*+[/)]|-->|-\})$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*(?:\/\*+!?|\/\/+!?|\(\*+|\*+|#+!?|(?:--+|\{-)(?: [|^])?|;+|%+|<!--)[ \t]?/, ''))
    .join('\n');
}

function trimLines(lines: string): string {
  return lines
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim();
}

function distinct(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [...new Set(names)].filter((name) => name !== '').slice(0, MAX_NAMES);
}
