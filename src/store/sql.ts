// The one place where values become filter text. No other file may build a filter from a value.

/** A string literal: quotes doubled, which is all the engine's grammar needs (control characters and NUL included). */
function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** `column IN (…)` over strings or integers. `values` must not be empty. */
export function isIn(column: string, values: Iterable<string | number>): string {
  const list = Array.from(values, (value) => (typeof value === 'number' ? String(Math.trunc(value)) : quoted(value)));
  if (list.length === 0) throw new Error(`an empty list for ${column}`);
  return `${column} IN (${list.join(', ')})`;
}

/** Splits values so that one filter stays short enough to parse quickly (a 10,000-value list takes 0.16 s). */
export function* inSlices<T>(values: Iterable<T>, size = 5_000): Generator<T[]> {
  let slice: T[] = [];
  for (const value of values) {
    slice.push(value);
    if (slice.length === size) {
      yield slice;
      slice = [];
    }
  }
  if (slice.length > 0) yield slice;
}
