// What a syntax tree is asked for.
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
