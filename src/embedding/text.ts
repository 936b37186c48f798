// What of a chunk the model reads. Uses nothing but what the chunk's id is made of, so that an equal id needs no new vector.

/** Raise it with every change to `embeddedText`: it is part of the recipe. */
export const textRecipeVersion = 1;

/** The parts of a chunk that may enter its text. */
export interface EmbeddableChunk {
  readonly filePath: string;
  readonly kind: string;
  readonly breadcrumb: string;
  readonly content: string;
}

/** One line saying where the chunk is and what it is, then its content unchanged: `src/a.py Parser.parse method\n…`. */
export function embeddedText(chunk: EmbeddableChunk): string {
  const header = [chunk.filePath, chunk.breadcrumb, chunk.kind].filter((part) => part !== '').join(' ');
  return `${header}\n${chunk.content}`;
}
