// A rank's sum as a number that means the same for every query.

/** Fitted on the labelled sets: at this sum every second result is a right one, and how fast that changes. */
const EVEN = 0.9;
const SLOPE = 4;

/** From 0 to 1: how likely a result with this sum is one that a person would call right. Ascending. */
export function confidenceOf(score: number): number {
  return 1 / (1 + Math.exp(-SLOPE * (score - EVEN)));
}
