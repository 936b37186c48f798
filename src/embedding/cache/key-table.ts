// Where each known key's vector lies: an open-addressing table in three typed arrays, 12 bytes a slot, because a full
// cache holds more than a million keys and a map of objects would take ten times the space.

/** Bytes of a key: the first half of a SHA-256. */
export const KEY_BYTES = 16;

export interface KeyTable {
  /** The place last set for a key that begins like this one, or -1. Whoever reads there compares the whole key. */
  get(key: Buffer): number;
  set(key: Buffer, place: number): void;
  drop(key: Buffer): void;
}

const FREE = 0;
const DROPPED = 1;
const FIRST_PLACE = 2;

/** Places are whole numbers from 0 to 2³² − 3. Eight bytes of the key are kept. */
export function keyTable(): KeyTable {
  let capacity = 1024;
  let high = new Uint32Array(capacity);
  let low = new Uint32Array(capacity);
  let places = new Uint32Array(capacity);
  let used = 0; // dropped ones too: they lengthen searches until the table grows
  let size = 0;

  /** The slot that holds these eight bytes, or the free one where they would go. */
  function slotOf(first: number, second: number): number {
    let slot = first & (capacity - 1);
    for (;;) {
      const state = places[slot]!;
      if (state === FREE) return slot;
      if (state !== DROPPED && high[slot] === first && low[slot] === second) return slot;
      slot = (slot + 1) & (capacity - 1);
    }
  }

  function grow(): void {
    const [oldHigh, oldLow, oldPlaces] = [high, low, places];
    capacity *= 2;
    high = new Uint32Array(capacity);
    low = new Uint32Array(capacity);
    places = new Uint32Array(capacity);
    used = size;
    for (const [slot, place] of oldPlaces.entries()) {
      if (place < FIRST_PLACE) continue;
      const to = slotOf(oldHigh[slot]!, oldLow[slot]!);
      high[to] = oldHigh[slot]!;
      low[to] = oldLow[slot]!;
      places[to] = place;
    }
  }

  return {
    get: (key) => Math.max(-1, places[slotOf(key.readUInt32LE(0), key.readUInt32LE(4))]! - FIRST_PLACE),
    set(key, place) {
      if (used * 4 >= capacity * 3) grow();
      const [first, second] = [key.readUInt32LE(0), key.readUInt32LE(4)];
      const slot = slotOf(first, second);
      if (places[slot] === FREE) {
        used++;
        size++;
      }
      high[slot] = first;
      low[slot] = second;
      places[slot] = place + FIRST_PLACE;
    },
    drop(key) {
      const slot = slotOf(key.readUInt32LE(0), key.readUInt32LE(4));
      if (places[slot] === FREE) return;
      places[slot] = DROPPED;
      size--;
    },
  };
}
