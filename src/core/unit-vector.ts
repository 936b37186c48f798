// Whether a vector is of length one, as every vector that is stored or searched must be.

/** How far the norm may be from 1: float32 sums over a few hundred numbers stay far below it. */
const NORM_TOLERANCE = 1e-3;

/** NaN if a number is not finite. */
export function normOf(vector: Iterable<number>): number {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.sqrt(squares);
}

/** False also where a number is not finite. */
export function isUnitNorm(norm: number): boolean {
  return Math.abs(norm - 1) < NORM_TOLERANCE;
}
