// A segment with what is no longer true of it left out.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fromFile, fromMemory } from './bytes.ts';
import type { StoredDocument } from './document.ts';
import type { SegmentEntry } from './manifest.ts';
import { type FileEntry, Segment, SegmentDamaged } from './segment.ts';

export class LiveSegment {
  readonly segment: Segment;
  readonly #dead: Set<number>;

  constructor(segment: Segment, dead: Iterable<number>) {
    this.segment = segment;
    this.#dead = new Set(dead);
  }

  static fromBytes(bytes: Buffer): LiveSegment {
    return new LiveSegment(new Segment(fromMemory(bytes)), []);
  }

  /** Throws SegmentDamaged where its length or its head is not what was written; ENOENT where it was replaced meanwhile. */
  static async open(textDir: string, entry: SegmentEntry): Promise<LiveSegment> {
    const path = join(textDir, entry.name);
    const { size } = await stat(path);
    if (size !== entry.bytes) throw new SegmentDamaged(`${path} has ${size} bytes instead of ${entry.bytes}`);
    const source = fromFile(path, size);
    try {
      return new LiveSegment(new Segment(source), entry.dead);
    } catch (error) {
      source.close();
      throw error;
    }
  }

  get hasDead(): boolean {
    return this.#dead.size > 0;
  }

  get dead(): number[] {
    return [...this.#dead].sort((a, b) => a - b);
  }

  /** Its files but for the dead ones, with their places. */
  *files(): Generator<FileEntry & { readonly place: number }> {
    for (const [place, file] of this.segment.files().entries()) if (!this.#dead.has(place)) yield { ...file, place };
  }

  bury(place: number): void {
    this.#dead.add(place);
  }

  isDead(document: number): boolean {
    return this.#dead.size > 0 && this.#dead.has(this.segment.columns().file[document]!);
  }

  /** Its document for a chunk, or −1. */
  find(chunkId: string): number {
    for (const document of this.segment.candidatesFor(chunkId)) {
      if (!this.isDead(document) && this.segment.document(document).chunkId === chunkId) return document;
    }
    return -1;
  }

  document(index: number): StoredDocument {
    return this.segment.document(index);
  }

  close(): void {
    this.segment.close();
  }
}
