// Drafts → chunks: ids that survive an edit elsewhere in the file, and the links between chunks.
import { hash } from 'node:crypto';
import type { Chunk, ChunkKind } from '../../core/chunk.ts';
import type { Definition } from './hierarchy.ts';

/** What a chunk's identity is made of, and the definition it belongs to. */
export interface Identifiable {
  readonly kind: ChunkKind;
  readonly breadcrumb: string;
  readonly contentHash: string;
  readonly definition: Definition | null;
}

export type Identity = Pick<Chunk, 'chunkId' | 'occurrence' | 'parentChunkId' | 'childOrder'>;

/**
 * 16 hex digits of SHA-256 over the JSON array of path, kind, breadcrumb, content hash and occurrence, in this order. No
 * line numbers and nothing of the machine: an edit above a chunk keeps its id.
 */
function chunkId(
  pathAsJson: string,
  kind: ChunkKind,
  breadcrumb: string,
  contentHash: string,
  occurrence: number,
): string {
  const array = `[${pathAsJson},"${kind}",${JSON.stringify(breadcrumb)},"${contentHash}",${occurrence}]`;
  return sha256(array).slice(0, 16);
}

/** SHA-256 of a text in UTF-8, 64 hex digits. */
export function sha256(text: string): string {
  return hash('sha256', text);
}

/**
 * Gives each entry of a file, in file order, its id, its parent's (the first part of the definition around it) and its
 * place among those with the same parent.
 */
export function identify(path: string, entries: readonly Identifiable[]): Identity[] {
  const occurrences = new Map<string, number>();
  const firstParts = new Map<Definition, string>();
  const pathAsJson = JSON.stringify(path);
  const ids = entries.map(({ kind, breadcrumb, contentHash, definition }) => {
    const key = `${kind}\0${contentHash}\0${breadcrumb}`;
    const occurrence = occurrences.get(key) ?? 0;
    occurrences.set(key, occurrence + 1);
    const id = chunkId(pathAsJson, kind, breadcrumb, contentHash, occurrence);
    if (definition !== null && !firstParts.has(definition)) firstParts.set(definition, id);
    return { id, occurrence };
  });
  const orders = new Map<string | null, number>();
  return entries.map(({ definition }, index) => {
    const parent = definition?.parent ?? null;
    const parentChunkId = parent === null ? null : (firstParts.get(parent) ?? null);
    const childOrder = orders.get(parentChunkId) ?? 0;
    orders.set(parentChunkId, childOrder + 1);
    return { chunkId: ids[index]!.id, occurrence: ids[index]!.occurrence, parentChunkId, childOrder };
  });
}
