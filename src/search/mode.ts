// The ways to search.

/** `hybrid` weighs meaning and words; `semantic` takes vectors alone, `lexical` words alone, `symbol` names alone. */
export const SEARCH_MODES = ['hybrid', 'semantic', 'lexical', 'symbol'] as const;
export type SearchMode = (typeof SEARCH_MODES)[number];
