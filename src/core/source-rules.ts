// What the settings of mcp-vector-search say about the files to take, as data.

/** Beside our own rules; a file has to pass both. */
export interface SourceRules {
  /** Extensions with their dot, the only ones taken; null takes all. */
  readonly extensions: readonly string[] | null;
  /** Leaves out what has a part of its path that begins with a dot (`.github`, `.gitlab-ci` and `.circleci` excepted). */
  readonly skipDotfiles: boolean;
  readonly respectGitignore: boolean;
  /** Taken in whatever ignores them or lies above them. */
  readonly forceIncludePatterns: readonly string[];
  /** Files and folders taken in whatever a `.gitignore` says. Relative, `/`-separated. */
  readonly forceIncludePaths: readonly string[];
  readonly excludePatterns: readonly string[];
}

/**
 * Extensions mcp-vector-search takes unless told otherwise, since 2.2. It writes the whole list into every config.json, so only
 * a list that lacks some of these says what a user wants.
 */
export const PEER_EXTENSIONS =
  '.py .pyw .pyi .js .jsx .mjs .cjs .ts .tsx .mts .cts .html .htm .css .scss .sass .less .json .yaml .yml .toml .xml .md .markdown .rst .txt .sh .bash .zsh .fish .java .kt .scala .groovy .c .cpp .cc .cxx .h .hpp .hxx .cs .go .rs .rb .rake .gemspec .php .phtml .swift .dart .r .R .sql .lua .pl .pm .ex .exs .clj .cljs .cljc .hs .ml .mli .vim .el'.split(
    ' ',
  );
