// One segment, read: immutable, from a file or from memory. Nothing but its head is read before it is asked for.
import { crc32 } from 'node:zlib';
import { ByteReader, type ByteSource } from './bytes.ts';
import type { StoredDocument } from './document.ts';
import { FORMAT, hashOf, MAGIC, SECTIONS } from './format.ts';

/** Documents that have a term, ascending, and the impact of the term in each. */
export interface Postings {
  readonly documents: Uint32Array;
  readonly impacts: Uint8Array;
}

export interface FileEntry {
  readonly path: string;
  readonly state: string;
  readonly first: number;
  readonly count: number;
}

export interface Columns {
  readonly file: Uint32Array;
  readonly kind: Uint8Array;
  readonly language: Uint8Array;
  readonly complexity: Uint8Array;
  readonly kinds: readonly string[];
  readonly languages: readonly string[];
}

/** A segment that is not what was written. Its files are read from the tables instead. */
export class SegmentDamaged extends Error {}

/** Documents that are kept once they were read, some 300 bytes each. */
const MOST_KNOWN = 10_000;

const HEAD_BYTES = (4 + SECTIONS.length + 1) * 4;

export class Segment {
  readonly documents: number;
  readonly #source: ByteSource;
  readonly #sections: ReadonlyMap<string, readonly [start: number, end: number]>;
  #sparse: readonly SparseEntry[] | undefined;
  #files: readonly FileEntry[] | undefined;
  #columns: Columns | undefined;
  #lookup: Uint32Array | undefined;
  #offsets: Uint32Array | undefined;
  readonly #known = new Map<number, StoredDocument>();

  /** Throws SegmentDamaged. */
  constructor(source: ByteSource) {
    const head = guarded(() => source.read(0, HEAD_BYTES));
    const word = (index: number) => head.readUInt32LE(index * 4);
    if (crc32(head.subarray(0, HEAD_BYTES - 4)) !== word(HEAD_BYTES / 4 - 1) || word(0) !== MAGIC) {
      throw new SegmentDamaged('the head is not whole');
    }
    if (word(1) !== FORMAT) throw new SegmentDamaged(`format ${word(1)} instead of ${FORMAT}`);
    this.documents = word(2);
    this.#source = source;
    this.#sections = new Map(
      SECTIONS.map((name, index) => {
        const end = index + 1 < SECTIONS.length ? word(5 + index) : source.size;
        return [name, [word(4 + index), end] as const] as const;
      }),
    );
  }

  close(): void {
    this.#source.close();
  }

  /** Null where no document has it. */
  postings(term: string): Postings | null {
    const entry = this.#find(term);
    if (entry === null) return null;
    const bytes = this.#read('postings', entry.offset, entry.bytes);
    if (crc32(bytes) !== entry.checksum) throw new SegmentDamaged(`the postings of ${term} are not whole`);
    const documents = new Uint32Array(entry.count);
    const impacts = new Uint8Array(entry.count);
    let document = 0;
    let at = 0;
    for (let index = 0; index < entry.count; index++) {
      let byte = bytes[at++]!;
      let delta = byte & 0x7f;
      for (let shift = 7; byte > 0x7f; shift += 7) {
        byte = bytes[at++]!;
        delta |= (byte & 0x7f) << shift;
      }
      document += delta;
      documents[index] = document;
      impacts[index] = bytes[at++]!;
    }
    return { documents, impacts };
  }

  document(index: number): StoredDocument {
    const known = this.#known.get(index);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    const document = this.#readDocument(index);
    this.#known.set(index, document);
    return document;
  }

  #readDocument(index: number): StoredDocument {
    this.#offsets ??= words(this.#section('offsets'));
    const start = this.#offsets[index]!;
    const record = new ByteReader(this.#read('records', start, this.#offsets[index + 1]! - start));
    const columns = this.columns();
    return guarded(() => ({
      chunkId: record.text(),
      name: record.text(),
      breadcrumb: record.text(),
      startLine: record.varint(),
      endLine: record.varint(),
      words: record.varint(),
      signature: record.u32(),
      filePath: this.files()[columns.file[index]!]!.path,
      kind: columns.kinds[columns.kind[index]!] ?? '',
      language: columns.languages[columns.language[index]!] ?? '',
      complexity: columns.complexity[index]!,
    }));
  }

  /** Documents that may be this chunk: those whose ids have its hash. */
  candidatesFor(chunkId: string): number[] {
    this.#lookup ??= words(this.#section('lookup'));
    const hash = hashOf(chunkId);
    let low = 0;
    let high = this.documents;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#lookup[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    const found: number[] = [];
    for (; low < this.documents && this.#lookup[low] === hash; low++) found.push(this.#lookup[this.documents + low]!);
    return found;
  }

  files(): readonly FileEntry[] {
    if (this.#files !== undefined) return this.#files;
    const reader = new ByteReader(this.#section('files'));
    const files: FileEntry[] = [];
    guarded(() => {
      while (!reader.atEnd) {
        files.push({ path: reader.text(), state: reader.text(), first: reader.varint(), count: reader.varint() });
      }
    });
    this.#files = files;
    return files;
  }

  columns(): Columns {
    if (this.#columns !== undefined) return this.#columns;
    const bytes = this.#section('columns');
    const rows = this.documents;
    const names = new ByteReader(bytes.subarray(rows * 7));
    const list = () => Array.from({ length: names.varint() }, () => names.text());
    this.#columns = guarded(() => ({
      file: words(bytes.subarray(0, rows * 4)),
      kind: bytes.subarray(rows * 4, rows * 5),
      language: bytes.subarray(rows * 5, rows * 6),
      complexity: bytes.subarray(rows * 6, rows * 7),
      kinds: list(),
      languages: list(),
    }));
    return this.#columns;
  }

  #find(term: string): { count: number; offset: number; bytes: number; checksum: number } | null {
    this.#sparse ??= this.#readSparse();
    let low = 0;
    let high = this.#sparse.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sparse[middle]!.first <= term) low = middle + 1;
      else high = middle;
    }
    const entry = this.#sparse[low - 1];
    if (entry === undefined) return null;
    const [start, end] = this.#sections.get('blocks')!;
    const stop = this.#sparse[low]?.block ?? end - start;
    const bytes = this.#read('blocks', entry.block, stop - entry.block);
    if (crc32(bytes) !== entry.checksum) throw new SegmentDamaged('a block of terms is not whole');
    const block = new ByteReader(bytes);
    let offset = entry.postings;
    while (!block.atEnd) {
      const [found, count, size, checksum] = [block.text(), block.varint(), block.varint(), block.u32()];
      if (found === term) return { count, offset, bytes: size, checksum };
      offset += size;
    }
    return null;
  }

  #readSparse(): SparseEntry[] {
    const section = this.#section('sparse');
    const bytes = section.subarray(0, -4);
    if (guarded(() => section.readUInt32LE(bytes.length)) !== crc32(bytes)) {
      throw new SegmentDamaged('the list of blocks is not whole');
    }
    const reader = new ByteReader(bytes);
    const entries: SparseEntry[] = [];
    guarded(() => {
      while (!reader.atEnd) {
        entries.push({
          first: reader.text(),
          block: reader.varint(),
          postings: reader.varint(),
          checksum: reader.u32(),
        });
      }
    });
    return entries;
  }

  #section(name: (typeof SECTIONS)[number]): Buffer {
    const [start, end] = this.#sections.get(name)!;
    return this.#read(name, 0, end - start);
  }

  #read(section: (typeof SECTIONS)[number], offset: number, length: number): Buffer {
    const [start] = this.#sections.get(section)!;
    return guarded(() => this.#source.read(start + offset, length));
  }
}

interface SparseEntry {
  readonly first: string;
  readonly block: number;
  readonly postings: number;
  readonly checksum: number;
}

/** The machine's own order of bytes is little-endian wherever this program runs. */
function words(bytes: Buffer): Uint32Array {
  return new Uint32Array(Uint8Array.from(bytes).buffer);
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw new SegmentDamaged(error.message);
    throw error;
  }
}
