// What of a chunk the model reads. Uses nothing but what the chunk's id is made of, so that an equal id needs no new vector.

/** Raise it with every change to `embeddedText`: it is part of the recipe. */
export const textRecipeVersion = 2;

/** The parts of a chunk that may enter its text. */
export interface EmbeddableChunk {
  readonly filePath: string;
  readonly kind: string;
  readonly breadcrumb: string;
  readonly content: string;
}

/**
 * One line saying what the chunk is and in which file, then its content unchanged: `a.py Parser.parse method\n…`. The
 * folders are left out: without them search ranks better (docs/decisions/0010), and a copy elsewhere has the same text.
 */
export function embeddedText(chunk: EmbeddableChunk): string {
  const fileName = chunk.filePath.slice(chunk.filePath.lastIndexOf('/') + 1);
  const header = [fileName, chunk.breadcrumb, chunk.kind].filter((part) => part !== '').join(' ');
  return `${header}\n${chunk.content}`;
}
