// A model's vectors of single tokens → one vector of unit norm a text, for models whose graph does not do it.

/** `hidden` holds `rows × length × dimension` floats; no row is padded. */
export function pool(hidden: Float32Array, rows: number, dimension: number, pooling: 'mean' | 'cls'): Float32Array {
  const length = hidden.length / rows / dimension;
  const pooled = new Float32Array(rows * dimension);
  const sums = new Float64Array(dimension);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    const tokens = pooling === 'cls' ? 1 : length;
    for (let token = 0; token < tokens; token++) {
      const from = (row * length + token) * dimension;
      for (let at = 0; at < dimension; at++) sums[at]! += hidden[from + at]!;
    }
    let squares = 0;
    for (const sum of sums) squares += sum * sum;
    const norm = Math.sqrt(squares);
    for (let at = 0; at < dimension; at++) pooled[row * dimension + at] = sums[at]! / norm;
  }
  return pooled;
}
