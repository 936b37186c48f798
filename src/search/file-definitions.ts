// Chunks of a file → its definitions: the parts of one that was too long are one again, and text between them is left out.
import type { FileChunk } from '../store/tables/file-chunks.ts';

/** What is shown of a chunk that is not the answer itself. Keys as they are printed. */
export interface ChunkReference {
  readonly chunk_id: string;
  readonly file_path: string;
  readonly start_line: number;
  readonly end_line: number;
  /** `file:start-end`, as indexed. */
  readonly location: string;
  readonly chunk_type: string;
  readonly name: string;
  readonly breadcrumb: string;
  readonly signature: string;
}

/** A definition with all its parts, in file order. */
export interface Definition {
  readonly first: FileChunk;
  readonly parts: readonly FileChunk[];
}

/** In file order, each before what it contains. Chunks without a name are each one alone. */
export function definitionsOf(chunks: readonly FileChunk[]): Definition[] {
  const definitions: { first: FileChunk; parts: FileChunk[] }[] = [];
  const open = new Map<string, { first: FileChunk; parts: FileChunk[] }>();
  for (const chunk of chunks) {
    const key = `${chunk.filePath}\0${chunk.kind}\0${chunk.breadcrumb}`;
    const known = chunk.partIndex > 0 && chunk.name !== '' ? open.get(key) : undefined;
    if (known !== undefined && known.parts.at(-1)!.partIndex === chunk.partIndex - 1) {
      known.parts.push(chunk);
      continue;
    }
    const definition = { first: chunk, parts: [chunk] };
    definitions.push(definition);
    open.set(key, definition);
  }
  return definitions;
}

export function referenceTo({ first, parts }: Definition): ChunkReference {
  const { chunkId, filePath, startLine, kind, name, breadcrumb, signature } = first;
  const endLine = Math.max(...parts.map((part) => part.endLine));
  return {
    chunk_id: chunkId,
    file_path: filePath,
    start_line: startLine,
    end_line: endLine,
    location: `${filePath}:${startLine}-${endLine}`,
    chunk_type: kind,
    name,
    breadcrumb,
    signature,
  };
}
