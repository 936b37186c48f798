// Chunk ids as small numbers. An index holds half a million ids three times over; as strings in maps they cost seconds,
// as numbers in typed arrays a tenth of one. Ids are 16 hex digits, which are read straight from the column's bytes; what
// is not (damage, or mcp-vector-search's) goes through a map of its own.
import type { TextBytes } from './read-table.ts';

export interface IdIndex {
  /**
   * A reader of one column of ids: gives the number of a row's id, 0, 1, 2 … in the order in which ids are first seen, in
   * whatever table. It looks first where it found the row before: most tables hold the ids in the same order, and
   * neighbours have the same parent.
   */
  reader(): (column: TextBytes, row: number) => number;
  /** The number of an id that was seen, or undefined. */
  find(id: string): number | undefined;
  textOf(number: number): string;
}

const NOT_HEX = 255;
const DIGITS = new Uint8Array(256).fill(NOT_HEX);
for (let digit = 0; digit < 16; digit++) DIGITS['0123456789abcdef'.charCodeAt(digit)] = digit;
const ID_LENGTH = 16;
const FIRST_SLOTS = 1 << 12;

export function idIndex(): IdIndex {
  // Open addressing over a power of two; a slot holds a number + 1. `halves` holds both halves of each id by number.
  let slots = new Int32Array(FIRST_SLOTS);
  let halves = new Uint32Array(FIRST_SLOTS);
  let size = 0;
  const odd = new Map<string, number>();
  const oddTexts = new Map<number, string>();

  const half = (bytes: Uint8Array, from: number): number => {
    let value = 0;
    let worst = 0;
    for (let at = from; at < from + 8; at++) {
      const digit = DIGITS[bytes[at]!]!;
      worst |= digit;
      value = (value << 4) | digit;
    }
    return worst > 15 ? -1 : value >>> 0;
  };

  /** Where an id stands, or the free slot where it would. The digits are those of a hash, so they need no other. */
  const slotOf = (high: number, low: number): number => {
    const mask = slots.length - 1;
    let slot = (high ^ low) & mask;
    for (let held = slots[slot]!; held !== 0; held = slots[slot]!) {
      const at = (held - 1) * 2;
      if (halves[at] === high && halves[at + 1] === low) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  };

  /** To be asked only of an id that is not 0: those that are not hex have 0 in both halves. */
  const isAt = (number: number, high: number, low: number): boolean =>
    number < size && halves[number * 2] === high && halves[number * 2 + 1] === low;

  const grow = () => {
    const wider = new Uint32Array(halves.length * 2);
    wider.set(halves);
    halves = wider;
    const old = slots;
    slots = new Int32Array(old.length * 2);
    for (const held of old) {
      if (held !== 0) slots[slotOf(halves[(held - 1) * 2]!, halves[(held - 1) * 2 + 1]!)] = held;
    }
  };

  const numberOfOdd = (text: string): number => {
    const known = odd.get(text);
    if (known !== undefined) return known;
    if (size * 2 >= halves.length) grow();
    odd.set(text, size);
    oddTexts.set(size, text);
    return size++;
  };

  const numberOf = (high: number, low: number): number => {
    const slot = slotOf(high, low);
    if (slots[slot] !== 0) return slots[slot]! - 1;
    halves[size * 2] = high;
    halves[size * 2 + 1] = low;
    slots[slot] = ++size;
    if (size * 2 >= halves.length || size * 2 >= slots.length) grow();
    return size - 1;
  };

  return {
    reader() {
      let last = 0;
      return ({ bytes, offsets }, row) => {
        const start = offsets[row]!;
        const end = offsets[row + 1]!;
        if (end - start !== ID_LENGTH) return numberOfOdd(decode(bytes, start, end));
        const high = half(bytes, start);
        const low = half(bytes, start + 8);
        if (high < 0 || low < 0) return numberOfOdd(decode(bytes, start, end));
        if ((high | low) === 0) return numberOf(high, low);
        if (isAt(last + 1, high, low)) last++;
        else if (!isAt(last, high, low)) last = numberOf(high, low);
        return last;
      };
    },
    find(id) {
      if (!/^[0-9a-f]{16}$/.test(id)) return odd.get(id);
      const held = slots[slotOf(Number.parseInt(id.slice(0, 8), 16), Number.parseInt(id.slice(8), 16))]!;
      return held === 0 ? undefined : held - 1;
    },
    textOf(number) {
      const hex = (value: number) => value.toString(16).padStart(8, '0');
      return oddTexts.get(number) ?? hex(halves[number * 2]!) + hex(halves[number * 2 + 1]!);
    },
  };
}

/** Turns columns of few different values, equal ones mostly side by side, into one string per value. */
export function stringPool(): (column: TextBytes, row: number) => string {
  const pool = new Map<string, string>();
  let last: Place & { readonly text: string } = { bytes: new Uint8Array(), start: 0, end: 0, text: '' };
  return ({ bytes, offsets }, row) => {
    const start = offsets[row]!;
    const end = offsets[row + 1]!;
    if (isSame(bytes, start, end, last)) return last.text;
    const decoded = decode(bytes, start, end);
    const text = pool.get(decoded) ?? decoded;
    pool.set(text, text);
    last = { bytes, start, end, text };
    return text;
  };
}

interface Place {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

function isSame(bytes: Uint8Array, start: number, end: number, other: Place): boolean {
  const length = end - start;
  if (length !== other.end - other.start) return false;
  for (let at = length - 1; at >= 0; at--) if (bytes[start + at] !== other.bytes[other.start + at]) return false;
  return true;
}

export function decode(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}
