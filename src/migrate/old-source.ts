// An index of an old layout as a migration reads it.
import type { TextColumn } from '../store/lance/columns.ts';
import type { OldBatch } from './old-batch.ts';
import type { VectorColumn } from './old-columns.ts';

export interface OldSource extends Disposable {
  /** Whether the tables have columns that those of today lack. */
  readonly hasLeftover: boolean;
  /** Rows in the table's order, in batches as the engine gives them. `doubled` are ids that stand in several rows. */
  rows(options: { limit?: number | undefined; doubled: ReadonlyMap<string, number> }): AsyncGenerator<OldBatch, void>;
  /** Id, path, stored hash and soundness of every row, in the same order. */
  facts(): AsyncGenerator<OldFacts, void>;
  /** Id and text, in the same order. */
  texts(limit?: number): AsyncGenerator<{ readonly id: readonly string[]; readonly content: TextColumn }, void>;
  /** Id and vector, in any order; of an id that comes again the last one counts. */
  vectors(limit?: number): AsyncGenerator<{ readonly id: readonly string[]; readonly vectors: VectorColumn }, void>;
  /** Rows that have a vector; one that cannot be searched counts here. */
  countVectors(): Promise<number>;
  /** Names of models that rows were signed with. */
  models(): Promise<string[]>;
  /** Changes when somebody writes the tables. */
  version(): Promise<string>;
}

export interface OldFacts {
  readonly id: readonly string[];
  readonly path: readonly string[];
  readonly fileHash: readonly string[];
  /** False where the lines of a row cannot be those of a file. */
  readonly isSound: readonly boolean[];
}
