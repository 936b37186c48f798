// What Phase 2 and search know of a model.

/** What two vectors must share to be comparable. A difference is refused (MODEL_CHANGED). */
export interface ModelIdentity {
  /** Normalised model name, as stored in `model_version`: `sentence-transformers/all-MiniLM-L6-v2`. */
  readonly modelId: string;
  readonly dimension: number;
  readonly pooling: 'mean' | 'cls';
  readonly normalized: boolean;
  /** SHA-256 of tokenizer.json, 64 hex digits. */
  readonly tokenizerSha256: string;
}

/** The result of one `embed` call, aligned with its input. */
export interface EmbeddedTexts {
  /** `texts.length × dimension` floats, row-major; each row has unit norm, except the rows listed in `failures`. */
  readonly vectors: Float32Array;
  /** Texts that could not be embedded, with the reason; their rows hold zeros and must not be stored. */
  readonly failures: readonly { readonly index: number; readonly reason: string }[];
  /** Texts that an abort left without a vector, ascending; their rows hold zeros. Empty unless the signal is aborted. */
  readonly unfinished: readonly number[];
  /** Word pieces that went through the model, duplicates counted once. */
  readonly tokens: number;
  /** Texts whose vector an earlier run had made and kept; never more than a cache gives. */
  readonly reused: number;
}

export interface Embedder {
  readonly identity: ModelIdentity;
  /** 8 hex digits over (text recipe, token cap, ONNX SHA-256, runtime major, architecture or device): how the vectors came to be. */
  readonly recipe: string;
  /**
   * Embeds texts in any number; a text's vector does not depend on the others, on their order or on the number of
   * workers. An abort does not reject: the promise resolves at once with what is embedded, for vectors are dear.
   * `onProgress` gets the number of texts that were done since it was called last. Rejects only if the engine as a whole
   * cannot go on.
   */
  embed(
    texts: readonly string[],
    signal?: AbortSignal | undefined,
    onProgress?: ((texts: number) => void) | undefined,
  ): Promise<EmbeddedTexts>;
  close(): Promise<void>;
}
