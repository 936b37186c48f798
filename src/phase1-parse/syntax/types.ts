// What a syntax tree is asked for.
import type { ChunkKind } from '../../core/chunk.ts';
import type { Language } from '../../languages/load.ts';

/** Whose query found something. */
export interface Origin {
  readonly language: Language;
  /** What that query can count. */
  readonly counts: { readonly decisions: boolean; readonly nesting: boolean };
}

/** Offsets are UTF-16 units from the text's start; `end` is exclusive. */
export interface Capture {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Named children of a `@params` node, −1 if it has no children at all; 0 for every other capture. */
  readonly children: number;
}

/** One match of a query; `pattern` is the position of its pattern in the query, larger for a language embedded in another. */
export interface Match {
  readonly pattern: number;
  readonly origin: Origin;
  readonly captures: readonly Capture[];
}

/** Where a long stretch of code may be cut: the start of a node, `depth` levels below the root. */
export interface Boundary {
  readonly start: number;
  readonly depth: number;
}

/** Part of a text, from `start` to before `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A definition as one pattern saw it. */
export interface FoundDefinition extends Span {
  readonly kind: ChunkKind;
  readonly pattern: number;
  readonly origin: Origin;
  readonly name: Span | null;
  /** Names that go before its own, the outermost first. */
  readonly scopes: readonly Span[];
  readonly params: Capture | null;
  /** Where those of its parameters start that no node holds; a query finds each in a match of its own. */
  readonly looseParams: readonly number[];
  /** Where its body starts, or null. */
  readonly body: number | null;
  /** Of a heading; null for what ends by itself. */
  readonly rank: number | null;
}
