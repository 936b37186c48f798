// Definitions → a tree, by containment only.
import type { ChunkKind } from '../../core/chunk.ts';
import type { Language } from '../../languages/load.ts';
import type { Findings } from '../syntax/captures.ts';
import { extentsOf } from '../syntax/extents.ts';
import type { FoundDefinition, Span } from '../syntax/types.ts';
import { oneLine } from './source-text.ts';

/** Names are short; what a computed one is made of need not be. */
const MAX_NAME = 100;

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
  /** Where its last character stands that shows; some grammars end a node at the next token. */
  readonly lastShown: number;
  readonly body: number | null;
  readonly params: FoundDefinition['params'];
  readonly looseParams: FoundDefinition['looseParams'];
  /** How many bodies it has: more than one where it is joined of several. */
  readonly clauses: number;
  /** What is counted in it. */
  readonly counts: FoundDefinition['origin']['counts'];
  /** Comments that document it, in file order. */
  readonly comments: readonly Span[];
}

/** All definitions in file order, each parent before its children. */
export function buildHierarchy(text: string, findings: Findings): Definition[] {
  const definitions: Definition[] = [];
  const open: Definition[] = [];
  for (const { found, head, clauses, comments, start, end } of extentsOf(text, findings)) {
    while (open.length > 0 && open.at(-1)!.end <= start) open.pop();
    const parent = open.at(-1) ?? null;
    const { language, counts } = found.origin;
    const name = nameOf(text, found.name, language);
    const definition: Definition = {
      index: definitions.length,
      kind: found.kind === 'function' && parent !== null && language.methodsIn.has(parent.kind) ? 'method' : found.kind,
      name,
      nameStart: found.name?.start ?? head,
      breadcrumb: [parent?.breadcrumb ?? '', ...found.scopes.map((scope) => nameOf(text, scope, language)), name]
        .filter((part) => part !== '')
        .join(language.separator),
      parent,
      depth: parent === null ? 0 : parent.depth + 1,
      children: [],
      start,
      end,
      head,
      lastShown: start + Math.max(0, text.slice(start, end).trimEnd().length - 1),
      body: found.body,
      params: found.params,
      looseParams: found.looseParams,
      clauses,
      counts,
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

function nameOf(text: string, span: Span | null, { notInNames }: Language): string {
  if (span === null) return '';
  const written = text.slice(span.start, span.end);
  return oneLine(notInNames === null ? written : written.replace(notInNames, ''), MAX_NAME);
}
