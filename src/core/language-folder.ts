/** Where a language of the user's own lies. */
export interface LanguageFolder {
  /** Absolute path of a folder with a language.json. */
  readonly path: string;
  /**
   * False if the project names it. Its grammar must then be one that we ship: loading a wasm file can run any JavaScript
   * that is in it, and a clone must not.
   */
  readonly isTrusted: boolean;
}
