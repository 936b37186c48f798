const NORM_TOLERANCE = 1e-3;

/** Whether a vector is finite and of unit norm, as every vector that is stored must be. */
export function isUnit(vector: Float32Array): boolean {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.abs(Math.sqrt(squares) - 1) < NORM_TOLERANCE; // false for NaN
}
