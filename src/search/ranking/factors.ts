// Everything that ranking weighs, as data: the name of each factor, how much it counts, and why. The values were found on
// the labelled sets of docs/decisions/0017, which also says what each of them is worth.

export const FACTORS = {
  /** The share of the vectors in the base; the words of the query have the rest. */
  denseShare: { sentence: 0.7, symbol: 0.2 },
  /** Cosines of the model: unrelated code is about at the floor, a close paraphrase at the ceiling. */
  cosine: { floor: 0.1, ceiling: 0.7 },

  /** Added to the base, each times a number from 0 to 1. */
  bonus: {
    /** The chunk defines the symbol that the query consists of. */
    symbol: 0.25,
    /** The chunk defines an identifier that the query mentions. */
    mention: 0.25,
    /** How much of the file's name the query says, and how telling those words are. */
    stem: 0.2,
    /** The query says the whole of the file's name. */
    wholeStem: 0.07,
    /** How much of the folder's name the query says, and how telling those words are. */
    folder: 0.3,
    /** How much of the definition's name the query says, and how telling those words are. */
    name: 0.12,
    /** What the other parts of a long definition have to do with the query. */
    definition: 0.2,
    /** What the rest of the file has to do with the query. */
    file: 0.06,
  },

  /** Multiplied, unless the query asks for such code. */
  penalty: { test: 0.7, example: 0.7, documentation: 0.6, nameless: 0.65, short: 0.75 },
  /** A content of fewer words is short. */
  shortWords: 20,
  /** For each better result of the same file. */
  sameFile: 0.85,
};

export type Factors = Widened<typeof FACTORS>;
type Widened<T> = { readonly [K in keyof T]: T[K] extends number ? number : Widened<T[K]> };
