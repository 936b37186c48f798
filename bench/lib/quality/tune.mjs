// Coordinate ascent over the factors: one value after the other is moved as long as the figure gains.
const LEAST_GAIN = 0.001;
const ROUNDS = 2;

/** `figureOf(factors)` is what shall be high. */
export async function tuned(start, figureOf) {
  let factors = start;
  let best = await figureOf(factors);
  for (let round = 0; round < ROUNDS; round++) {
    const before = best;
    for (const path of leavesOf(start)) {
      const value = at(factors, path);
      for (const next of [value * 0.5, value * 0.8, value * 1.25, value * 2]) {
        if (isShare(path) && next > 1) continue;
        const candidate = withValue(factors, path, next);
        const figure = await figureOf(candidate);
        if (figure > best + LEAST_GAIN) [factors, best] = [candidate, figure];
      }
    }
    if (best === before) break;
  }
  return factors;
}

const isShare = ([group, name]) => group === 'penalty' || group === 'denseShare' || name === undefined;
const at = (object, path) => path.reduce((value, key) => value[key], object);

function leavesOf(object, above = []) {
  return Object.entries(object).flatMap(([key, value]) => {
    if (typeof value === 'object') return key === 'cosine' ? [] : leavesOf(value, [...above, key]);
    return key === 'shortWords' ? [] : [[...above, key]];
  });
}

function withValue(object, [key, ...rest], value) {
  return { ...object, [key]: rest.length === 0 ? value : withValue(object[key], rest, value) };
}
