// The form of a language.json, built in or a user's own.
import * as v from 'valibot';

function expression(flags: string) {
  return v.pipe(
    v.string(),
    v.check((text) => {
      try {
        return new RegExp(text, flags) !== null;
      } catch {
        return false;
      }
    }, 'no regular expression'),
  );
}

const words = v.array(v.pipe(v.string(), v.nonEmpty()));

export const languageSchema = v.strictObject({
  /** Stored with every chunk; lower case. */
  id: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_+#-]*$/)),
  /** With their dot, lower case: `.py`. */
  extensions: v.optional(v.array(v.pipe(v.string(), v.regex(/^\.[^/A-Z]+$/))), []),
  /** Extensions of another language that are this one's too, unless the start of the text matches (flag `m`): `.h`. */
  sharedExtensions: v.optional(
    v.array(v.strictObject({ extension: v.pipe(v.string(), v.regex(/^\.[^/A-Z]+$/)), unless: expression('m') })),
    [],
  ),
  /** Whole file names that say the language: `Rakefile`. */
  filenames: v.optional(words, []),
  /** Interpreters of a `#!` line, without path and version number: `python`. */
  shebangs: v.optional(words, []),
  /** A wasm file, beside the language.json or else among the built-in grammars. Without it, files are cut into blocks of lines. */
  grammar: v.optional(v.pipe(v.string(), v.endsWith('.wasm'))),
  /** Query files, relative to the language.json and read as one text; patterns that come first win. */
  queries: v.optional(words, ['query.scm']),
  /** Between the names of a breadcrumb. */
  separator: v.optional(v.string(), '.'),
  /** Node types of comments: those right above a definition belong to it and document it. */
  comments: v.optional(words, []),
  /**
   * What the grammar cannot read and may not see (flag `gm`), or of it the first group, if there is one: it is overwritten
   * by blanks for parsing, and stays in the text.
   */
  blanks: v.optional(v.array(expression('gm')), []),
  /** What is left out of names (flag `gu`): quotation marks, brackets, template arguments. */
  notInNames: v.optional(expression('gu')),
  /** Kinds whose own functions are called methods. */
  methodsIn: v.optional(words, []),
  /** Kinds whose small definitions stay in the text around them instead of becoming chunks (keys of a JSON file). */
  textWhenSmall: v.optional(words, []),
  /** Kinds of which neighbours of one name are one definition: the equations of a function, and its type above them. */
  joins: v.optional(words, []),
  /** True where a paragraph may be one long line: such a text is not taken for minified code. */
  prose: v.optional(v.boolean(), false),
  /** True if its files are Jupyter notebooks: their cells are read as Markdown, with code in fences. */
  notebook: v.optional(v.boolean(), false),
  /** How many word pieces its texts have for each that `sizeOf` estimates, where that is clearly more than one. */
  density: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(2)), 1),
  /** True where a comment right below a definition, and apart from the next, is that definition's. */
  commentsBelow: v.optional(v.boolean(), false),
});

const grammarSchema = v.object({
  grammar: v.string(),
  file: v.string(),
  package: v.string(),
  version: v.string(),
  /** Where in the package it lies, or lies the folder with the C source that we compile. */
  source: v.string(),
  abi: v.number(),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  licence: v.string(),
});

export const grammarManifestSchema = v.object({ schema: v.literal(1), grammars: v.array(grammarSchema) });

/** One shipped wasm file and where it came from. */
export type GrammarRecord = v.InferOutput<typeof grammarSchema>;
