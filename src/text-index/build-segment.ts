// Chunks of whole files → the bytes of one segment.
import { crc32 } from 'node:zlib';
import { ByteWriter } from './bytes.ts';
import type { TextDocument } from './document.ts';
import { BLOCK_TERMS, FORMAT, hashOf, MAGIC, nameTerm, SECTIONS } from './format.ts';
import { compoundOf, lastNameOf, tokensOfWord, wordsOf } from './tokens.ts';
import { BM25F, impactOf } from './weights.ts';

/** Words whose tokens are remembered: most of a tree's text is a few thousand of them. */
const MOST_REMEMBERED = 200_000;

export interface SegmentFile {
  readonly path: string;
  readonly state: string;
  readonly documents: readonly TextDocument[];
}

export class SegmentBuilder {
  readonly #terms = new Map<string, number>();
  readonly #remembered = new Map<string, readonly number[]>();
  readonly #documents: { readonly stored: TextDocument; readonly file: number; readonly words: number }[] = [];
  readonly #files: { path: string; state: string; first: number; count: number }[] = [];
  /** Postings in the order of documents; sorted by term at the end. */
  #termOf = new Uint32Array(1 << 16);
  #documentOf = new Uint32Array(1 << 16);
  #impacts = new Uint8Array(1 << 16);
  #postings = 0;
  /** Weighted occurrences in the document at hand, by term; all 0 in between. */
  #weights = new Float64Array(1 << 12);

  get documents(): number {
    return this.#documents.length;
  }

  add(file: SegmentFile): void {
    this.#files.push({
      path: file.path,
      state: file.state,
      first: this.#documents.length,
      count: file.documents.length,
    });
    const place = this.#tokensOfPath(file.path);
    for (const document of file.documents) this.#addDocument(document, place);
  }

  #addDocument(document: TextDocument, place: readonly (readonly [number, number])[]): void {
    const { fields, b, usualWords } = BM25F;
    const touched: number[] = [];
    const count = (term: number, weight: number) => {
      if (term >= this.#weights.length) this.#weights = grown(this.#weights, Float64Array, term + 1);
      if (this.#weights[term] === 0) touched.push(term);
      this.#weights[term]! += weight;
    };
    const countText = (text: string, weight: number) => {
      const words = wordsOf(text);
      const share = weight / (1 - b + (b * words.length) / usualWords);
      for (const word of words) for (const term of this.#tokens(word)) count(term, share);
      return words.length;
    };
    const words = countText(document.content, fields.content);
    if (document.docstring !== '') countText(document.docstring, fields.docstring);
    for (const word of wordsOf(document.name)) for (const term of this.#tokens(word)) count(term, fields.name);
    for (const [term, weight] of place) count(term, weight);
    if (document.name !== '') count(this.#term(nameTerm(compoundOf(lastNameOf(document.name)))), 1);

    const index = this.#documents.length;
    this.#documents.push({ stored: document, file: this.#files.length - 1, words });
    for (const term of touched) {
      this.#post(term, index, impactOf(this.#weights[term]!));
      this.#weights[term] = 0;
    }
  }

  #tokensOfPath(path: string): [number, number][] {
    const folders = path.split('/');
    const stem = (folders.pop() ?? '').replace(/\.[^.]*$/, '');
    const weighted = (text: string, weight: number) =>
      wordsOf(text).flatMap((word) => this.#tokens(word).map((term): [number, number] => [term, weight]));
    return [
      ...weighted(stem, BM25F.fields.fileStem),
      ...folders.slice(-BM25F.folders).flatMap((folder) => weighted(folder, BM25F.fields.folders)),
    ];
  }

  #tokens(word: string): readonly number[] {
    const known = this.#remembered.get(word);
    if (known !== undefined) return known;
    const terms = tokensOfWord(word).map((token) => this.#term(token));
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(word, terms);
    return terms;
  }

  #term(token: string): number {
    const known = this.#terms.get(token);
    if (known !== undefined) return known;
    this.#terms.set(token, this.#terms.size);
    return this.#terms.size - 1;
  }

  #post(term: number, document: number, impact: number): void {
    if (this.#postings === this.#termOf.length) {
      this.#termOf = grown(this.#termOf, Uint32Array, this.#postings + 1);
      this.#documentOf = grown(this.#documentOf, Uint32Array, this.#postings + 1);
      this.#impacts = grown(this.#impacts, Uint8Array, this.#postings + 1);
    }
    this.#termOf[this.#postings] = term;
    this.#documentOf[this.#postings] = document;
    this.#impacts[this.#postings++] = impact;
  }

  /** The whole segment. Equal files in equal order give equal bytes. */
  finish(): Buffer {
    const out = new ByteWriter();
    const starts: number[] = [];
    for (let word = 0; word < 4 + SECTIONS.length + 1; word++) out.u32(0);
    const blocks = new ByteWriter();
    const sparse = new ByteWriter();
    const begin = () => void starts.push(out.length);

    begin();
    this.#writePostings(out, blocks, sparse);
    begin();
    append(out, blocks);
    begin();
    append(out, sparse);
    out.u32(crc32(sparse.since(0)));
    begin();
    const offsets = this.#writeRecords(out);
    begin();
    for (const offset of offsets) out.u32(offset);
    begin();
    this.#writeColumns(out);
    begin();
    this.#writeLookup(out);
    begin();
    this.#writeFiles(out);

    const bytes = out.since(0);
    const head = [MAGIC, FORMAT, this.#documents.length, this.#files.length, ...starts];
    for (const [index, value] of head.entries()) bytes.writeUInt32LE(value >>> 0, index * 4);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, head.length * 4)), head.length * 4);
    return bytes;
  }

  #writePostings(out: ByteWriter, blocks: ByteWriter, sparse: ByteWriter): void {
    const starts = new Uint32Array(this.#terms.size + 1);
    for (let at = 0; at < this.#postings; at++) starts[this.#termOf[at]! + 1]!++;
    for (let term = 0; term < this.#terms.size; term++) starts[term + 1]! += starts[term]!;
    const order = new Uint32Array(this.#postings);
    const next = starts.slice();
    for (let at = 0; at < this.#postings; at++) order[next[this.#termOf[at]!]!++] = at;

    const base = out.length;
    const sorted = [...this.#terms].sort(([a], [z]) => (a < z ? -1 : 1));
    let blockStart = 0;
    for (const [index, [token, term]] of sorted.entries()) {
      if (index % BLOCK_TERMS === 0) {
        if (index > 0) sparse.u32(crc32(blocks.since(blockStart)));
        blockStart = blocks.length;
        sparse.text(token);
        sparse.varint(blockStart);
        sparse.varint(out.length - base);
      }
      const listStart = out.length;
      let previous = 0;
      for (let at = starts[term]!; at < starts[term + 1]!; at++) {
        const posting = order[at]!;
        out.varint(this.#documentOf[posting]! - previous);
        previous = this.#documentOf[posting]!;
        out.byte(this.#impacts[posting]!);
      }
      blocks.text(token);
      blocks.varint(starts[term + 1]! - starts[term]!);
      blocks.varint(out.length - listStart);
      blocks.u32(crc32(out.since(listStart)));
    }
    if (sorted.length > 0) sparse.u32(crc32(blocks.since(blockStart)));
  }

  #writeRecords(out: ByteWriter): number[] {
    const start = out.length;
    const offsets = this.#documents.map(({ stored, words }) => {
      const offset = out.length - start;
      out.text(stored.chunkId);
      out.text(stored.name);
      out.text(stored.breadcrumb);
      out.varint(stored.startLine);
      out.varint(stored.endLine);
      out.varint(words);
      out.u32(hashOf(stored.signature));
      return offset;
    });
    return [...offsets, out.length - start];
  }

  /** By column, for filters: file (4 bytes), then kind, language and complexity (1 byte each), then the names of the two. */
  #writeColumns(out: ByteWriter): void {
    const kinds = new Map<string, number>();
    const languages = new Map<string, number>();
    const number = (numbers: Map<string, number>, name: string) => {
      const known = numbers.get(name) ?? numbers.size;
      numbers.set(name, known);
      return Math.min(known, 255);
    };
    for (const { file } of this.#documents) out.u32(file);
    for (const { stored } of this.#documents) out.byte(number(kinds, stored.kind));
    for (const { stored } of this.#documents) out.byte(number(languages, stored.language));
    for (const { stored } of this.#documents) out.byte(Math.min(255, Math.max(0, stored.complexity)));
    for (const names of [kinds, languages]) {
      out.varint(names.size);
      for (const name of names.keys()) out.text(name);
    }
  }

  /** Chunk ids by hash, so that a vector's row is found. */
  #writeLookup(out: ByteWriter): void {
    const hashes = this.#documents.map(({ stored }, index) => [hashOf(stored.chunkId), index] as const);
    hashes.sort(([a, i], [z, k]) => a - z || i - k);
    for (const [hash] of hashes) out.u32(hash);
    for (const [, index] of hashes) out.u32(index);
  }

  #writeFiles(out: ByteWriter): void {
    for (const { path, state, first, count } of this.#files) {
      out.text(path);
      out.text(state);
      out.varint(first);
      out.varint(count);
    }
  }
}

function append(out: ByteWriter, part: ByteWriter): void {
  for (const byte of part.since(0)) out.byte(byte);
}

function grown<T extends Float64Array | Uint32Array | Uint8Array>(
  array: T,
  type: new (length: number) => T,
  least: number,
): T {
  const larger = new type(Math.max(array.length * 2, least));
  larger.set(array);
  return larger;
}
