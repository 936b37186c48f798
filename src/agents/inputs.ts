// What the tools take: one schema each, from which the JSON Schema that clients see is made too.
import * as v from 'valibot';
import { IndexerError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { DEFAULT_TOKENS, LEAST_TOKENS, MOST_TOKENS } from './tokens.ts';

const MOST_QUERY = 20_000;
const MOST_LIMIT = 50;
const MOST_PATH = 4_096;

const text = (most: number) => v.pipe(v.string(), v.nonEmpty('it is empty'), v.maxLength(most));
const whole = (least: number, most: number) => v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
const path = text(MOST_PATH);
const chunkId = v.pipe(v.string(), v.regex(/^[\w:.-]{1,128}$/, 'it is no chunk_id'));

const project = v.optional(
  v.pipe(path, v.description('Which open project, by folder or name; only needed if several are open')),
);
const maxTokens = v.optional(
  v.pipe(
    whole(LEAST_TOKENS, MOST_TOKENS),
    v.description(`Upper bound for the size of the answer, in tokens (default ${DEFAULT_TOKENS})`),
  ),
  DEFAULT_TOKENS,
);
const limit = v.optional(v.pipe(whole(1, MOST_LIMIT), v.description('How many hits at most (default 10)')), 10);
const languages = v.optional(
  v.pipe(v.array(text(100)), v.maxLength(50), v.description('Only these languages, such as ["python", "go"]')),
);
const files = v.optional(
  v.pipe(
    v.array(path),
    v.maxLength(50),
    v.description('Only these files, folders or globs, relative to the project root; "!path" leaves files out'),
  ),
);
const threshold = v.optional(
  v.pipe(v.number(), v.minValue(0), v.maxValue(1), v.description('Only hits of at least this score')),
);

export const searchInput = v.strictObject({
  query: v.pipe(
    text(MOST_QUERY),
    v.description(
      'A question in words, a symbol, a path, an error message or a piece of code, such as "where are retries decided"',
    ),
  ),
  limit,
  max_tokens: maxTokens,
  languages,
  files,
  function: v.optional(v.pipe(text(500), v.description('Only the function or method with exactly this name'))),
  class: v.optional(v.pipe(text(500), v.description('Only the class with exactly this name and its members'))),
  threshold,
  mode: v.optional(
    v.pipe(
      v.picklist(['hybrid', 'semantic', 'lexical', 'symbol']),
      v.description('hybrid (default): words and meaning; symbol: definitions by their name'),
    ),
    'hybrid',
  ),
  project,
});

export const similarInput = v.strictObject({
  chunk_id: v.optional(v.pipe(chunkId, v.description('A chunk_id from another answer'))),
  file: v.optional(v.pipe(path, v.description('A file of the index, as a whole; or "file:line" for the chunk there'))),
  limit,
  max_tokens: maxTokens,
  languages,
  files,
  threshold,
  project,
});

export const readChunkInput = v.strictObject({
  chunk_id: v.optional(v.pipe(chunkId, v.description('From search, similar or outline'))),
  location: v.optional(v.pipe(path, v.description('Instead of chunk_id: "file:line", relative to the project root'))),
  max_tokens: maxTokens,
  project,
});

export const outlineInput = v.strictObject({
  path: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(MOST_PATH),
      v.description('A file or folder, relative to the project root (default: all)'),
    ),
    '',
  ),
  max_tokens: maxTokens,
  project,
});

export const statusInput = v.strictObject({
  path: v.optional(
    v.pipe(path, v.description('Also say whether this file or folder is indexed, and if not, which rule decides')),
  ),
  project,
});

export const indexInput = v.strictObject({
  force: v.optional(
    v.pipe(v.boolean(), v.description('Parse every file again; unchanged chunks keep their vectors')),
    false,
  ),
  wait_seconds: v.optional(
    v.pipe(
      whole(0, 3_600),
      v.description('Answer after so many seconds even if the run is not done; it goes on meanwhile (default 45)'),
    ),
    45,
  ),
  project,
});

/** Checks the arguments of a call. Errors: USAGE with the argument's name and what it must be. */
export function parseInput<S extends v.ObjectSchema<v.ObjectEntries, undefined> | AnyStrict>(
  tool: string,
  schema: S,
  given: unknown,
): v.InferOutput<S> {
  const names = Object.keys(schema.entries);
  const unknown = Object.keys(given ?? {}).find((key) => !names.includes(key));
  if (unknown !== undefined) {
    const meant = nearest(unknown, names);
    throw new IndexerError('USAGE', `${tool} has no argument ${unknown.slice(0, 100)}`, {
      hint: meant === undefined ? `its arguments are ${names.join(', ')}` : `did you mean ${meant}?`,
    });
  }
  const parsed = v.safeParse(schema, given ?? {});
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const size =
    typeof issue.input === 'string' && issue.type === 'max_length' ? ` (${issue.input.length} characters)` : '';
  throw new IndexerError('USAGE', `${tool}: ${v.getDotPath(issue) ?? 'arguments'}${size}: ${issue.message}`, {
    hint: issue.type === 'max_length' ? 'give less: only the words or lines that matter' : 'correct it and call again',
  });
}

type AnyStrict = v.StrictObjectSchema<v.ObjectEntries, undefined>;
