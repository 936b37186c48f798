// Chance that can be had again: everything drawn in a run follows from its seed.

/** @param {number} seed */
export function randomFrom(seed) {
  let state = seed >>> 0;
  /** From 0 up to, but not including, 1. */
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    /** A whole number from `least` to `most`, both included. @param {number} least @param {number} most */
    whole: (least, most) => least + Math.floor(next() * (most - least + 1)),
    /** @param {number} probability */
    chance: (probability) => next() < probability,
    /** @template T @param {readonly T[]} items @returns {T} */
    pick: (items) => /** @type {T} */ (items[Math.floor(next() * items.length)]),
    /** By weight. @template {string} T @param {Record<T, number>} weights @returns {T} */
    weighted(weights) {
      const entries = /** @type {[T, number][]} */ (Object.entries(weights));
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of entries) {
        left -= weight;
        if (left < 0) return name;
      }
      return /** @type {[T, number]} */ (entries.at(-1))[0];
    },
  };
}

/** @typedef {ReturnType<typeof randomFrom>} Random */

/** For a run that was given no seed. */
export function anySeed() {
  return Math.floor(Math.random() * 2 ** 31);
}
