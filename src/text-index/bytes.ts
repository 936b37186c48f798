// Bytes written one after the other, and read from memory or a file.
import { closeSync, openSync, readSync } from 'node:fs';

/** Grows as it is written to. Integers are little-endian. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(1 << 16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#length++] = value;
  }

  u32(value: number): void {
    this.#room(4);
    this.#length = this.#buffer.writeUInt32LE(value >>> 0, this.#length);
  }

  varint(value: number): void {
    this.#room(5);
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#length++] = rest;
  }

  /** Its length in bytes, then the text. */
  text(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.varint(bytes);
    this.#room(bytes);
    this.#length += this.#buffer.write(value, this.#length);
  }

  /** A view of what was written from `start` on. */
  since(start: number): Buffer {
    return this.#buffer.subarray(start, this.#length);
  }
}

/** Reads what `ByteWriter` wrote. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  u32(): number {
    const value = this.#bytes.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || shift > 28) throw new RangeError('a number was not written whole');
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  text(): string {
    const bytes = this.varint();
    if (this.#at + bytes > this.#bytes.length) throw new RangeError('a text was not written whole');
    const value = this.#bytes.toString('utf8', this.#at, this.#at + bytes);
    this.#at += bytes;
    return value;
  }
}

export interface ByteSource {
  readonly size: number;
  /** Exactly so many bytes. Throws RangeError where there are fewer. */
  read(offset: number, length: number): Buffer;
  close(): void;
}

export function fromMemory(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    read(offset, length) {
      if (offset + length > bytes.length) throw new RangeError('read past the end');
      return bytes.subarray(offset, offset + length);
    },
    close: () => undefined,
  };
}

/** Small reads one by one: what a query needs is a few hundred pieces of a large file. */
export function fromFile(path: string, size: number): ByteSource {
  const file = openSync(path, 'r');
  return {
    size,
    read(offset, length) {
      const bytes = Buffer.allocUnsafe(length);
      for (let done = 0; done < length; ) {
        const count = readSync(file, bytes, done, length - done, offset + done);
        if (count === 0) throw new RangeError(`${path} ends early`);
        done += count;
      }
      return bytes;
    },
    close: () => closeSync(file),
  };
}
