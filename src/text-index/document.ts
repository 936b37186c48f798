// What the text index knows of a chunk.

/** A chunk as it enters the text index. Lines are 1-based and inclusive. */
export interface TextDocument {
  readonly chunkId: string;
  readonly filePath: string;
  readonly language: string;
  readonly kind: string;
  readonly name: string;
  readonly breadcrumb: string;
  readonly content: string;
  readonly docstring: string;
  readonly signature: string;
  readonly startLine: number;
  readonly endLine: number;
  /** Cyclomatic; 0 where it is not known. */
  readonly complexity: number;
}

/** What is stored of it: all but its texts, and how long the content is. */
export interface StoredDocument {
  readonly chunkId: string;
  readonly filePath: string;
  readonly language: string;
  readonly kind: string;
  readonly name: string;
  readonly breadcrumb: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly complexity: number;
  /** A hash of the signature: parts of one definition share it, overloads do not. */
  readonly signature: number;
  /** Words of the content. */
  readonly words: number;
}
