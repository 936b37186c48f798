// A rank's sum as a number that means the same for every query.

/** A logistic fit over the results of the labelled sets: every second result with this sum is right, and how fast that changes. */
const EVEN = 1.2;
const SLOPE = 1.8;

/** From 0 to 1: how likely a result with this sum is one that a person would call right. Ascending. */
export function confidenceOf(score: number): number {
  return 1 / (1 + Math.exp(-SLOPE * (score - EVEN)));
}
