// Reads protocol buffers by the names of their fields; https://protobuf.dev/programming-guides/encoding describes the
// format. Fields without a name here are passed over.

/** A message's fields that are read, and their numbers. */
export type Schema = Readonly<Record<string, number>>;

export interface Message<Names extends Schema> {
  has(name: keyof Names): boolean;
  /** The last value; 0 if absent. */
  integer(name: keyof Names): bigint;
  /** As `integer`, where the value is known to be small. */
  number(name: keyof Names): number;
  bytes(name: keyof Names): Buffer;
  text(name: keyof Names): string;
  message<Inner extends Schema>(name: keyof Names, schema: Inner): Message<Inner>;
  messages<Inner extends Schema>(name: keyof Names, schema: Inner): Message<Inner>[];
}

/** Throws RangeError where the bytes end too early or are no such message, also from the methods. */
export function decodeMessage<Names extends Schema>(bytes: Buffer, schema: Names): Message<Names> {
  const values = readFields(bytes);
  const of = (name: keyof Names) => values.get(schema[name]!) ?? [];
  const integer = (name: keyof Names) => asInteger(of(name).at(-1) ?? 0n);
  const bytesOf = (name: keyof Names) => asBytes(of(name)[0] ?? NOTHING);
  return {
    has: (name) => of(name).length > 0,
    integer,
    number: (name) => Number(integer(name)),
    bytes: bytesOf,
    text: (name) => bytesOf(name).toString('utf8'),
    message: (name, inner) => decodeMessage(bytesOf(name), inner),
    messages: (name, inner) => of(name).map((value) => decodeMessage(asBytes(value), inner)),
  };
}

const NOTHING = Buffer.alloc(0);

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** Varints and byte strings by field number, in order. */
function readFields(bytes: Buffer): Map<number, (bigint | Buffer)[]> {
  const fields = new Map<number, (bigint | Buffer)[]>();
  let at = 0;
  const varint = (): bigint => {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('cut short');
      result |= BigInt(byte & 127) << shift;
      if (byte < 128) return result;
    }
    throw new RangeError('no number');
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('cut short');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const add = (field: number, value: bigint | Buffer) => {
    const known = fields.get(field);
    if (known) known.push(value);
    else fields.set(field, [value]);
  };
  while (at < bytes.length) {
    const key = varint();
    const field = Number(key >> 3n);
    const wireType = Number(key & 7n);
    if (wireType === VARINT) add(field, varint());
    else if (wireType === LENGTH_DELIMITED) add(field, take(Number(varint())));
    else if (wireType === FIXED_64) take(8);
    else if (wireType === FIXED_32) take(4);
    else throw new RangeError('unknown wire type');
  }
  return fields;
}

function asInteger(value: bigint | Buffer): bigint {
  if (typeof value !== 'bigint') throw new RangeError('a number was expected');
  return value;
}

function asBytes(value: bigint | Buffer): Buffer {
  if (typeof value === 'bigint') throw new RangeError('bytes were expected');
  return value;
}
