// What the passes over the tables gather, for one to be checked against the other.
import { type IdIndex, idIndex, stringPool } from './ids.ts';
import type { TextBytes } from './read-table.ts';

/** What the rows of an index say, by the numbers of their chunk ids: an array has nothing where its table has no row. */
export interface Facts {
  readonly ids: IdIndex;
  /** One string for equal paths, from whatever table, so that comparing them costs nothing. */
  readonly pathOf: (column: TextBytes, row: number) => string;
  readonly structure: {
    readonly path: string[];
    /** The parent's number; −1 for none. */
    readonly parent: number[];
    readonly depth: number[];
    /** This and the next only in a full pass. */
    readonly occurrence: number[];
    readonly contentHash: string[];
  };
  readonly chunks: {
    readonly path: string[];
    readonly status: string[];
    readonly startLine: number[];
    readonly endLine: number[];
    /** This and the next two only in a full pass. */
    readonly kind: string[];
    readonly breadcrumb: string[];
    readonly contentHash: string[];
  };
  readonly vectors: true[];
  /** Paths of files that mcp-vector-search indexed since: what is beside the tables speaks of them as they were before. */
  readonly rewritten: Set<string>;
}

export function noFacts(): Facts {
  return {
    ids: idIndex(),
    pathOf: stringPool(),
    structure: { path: [], parent: [], depth: [], occurrence: [], contentHash: [] },
    chunks: { path: [], status: [], startLine: [], endLine: [], kind: [], breadcrumb: [], contentHash: [] },
    vectors: [],
    rewritten: new Set(),
  };
}
