// The tools, as agents see them: few, each with a description that says when to use it. Names and schemas are a contract.
import { toJsonSchema } from '@valibot/to-json-schema';
import { IndexerError } from '../core/errors.ts';
import { describeFailure } from '../core/failures.ts';
import { nearest } from '../core/nearest.ts';
import type { Answer, Call } from './answers/answer.ts';
import { index } from './answers/index.ts';
import { outline } from './answers/outline.ts';
import { readChunk } from './answers/read-chunk.ts';
import { search, similar } from './answers/search.ts';
import { status } from './answers/status.ts';
import {
  indexInput,
  outlineInput,
  parseInput,
  readChunkInput,
  searchInput,
  similarInput,
  statusInput,
} from './inputs.ts';

interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly isReadOnly: boolean;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly answer: (call: Call, given: unknown) => Promise<Answer>;
}

function tool<S extends Parameters<typeof parseInput>[1]>(
  name: string,
  title: string,
  input: S,
  answer: (call: Call, input: ReturnType<typeof parseInput<S>>) => Promise<Answer>,
  description: string,
  isReadOnly = true,
): Tool {
  return {
    name,
    title,
    description,
    isReadOnly,
    schema: toJsonSchema(input, { typeMode: 'input' }) as Tool['schema'],
    answer: (call, given) => answer(call, parseInput(name, input, given)),
  };
}

export const TOOLS: readonly Tool[] = [
  tool(
    'search',
    'Search code by meaning and words',
    searchInput,
    search,
    'Find code in this project by meaning and by words together. Use it first, before grep or reading files, for questions such as "where are retries decided", a symbol name, a path, an error message or a code snippet. Each hit is a whole definition with file:line, and says whether its file has changed since it was indexed (stale).',
  ),
  tool(
    'similar',
    'Find similar code',
    similarInput,
    similar,
    'Find code that is like a chunk or a file: duplicates, other implementations of the same thing, or an example to follow before writing something new.',
  ),
  tool(
    'read_chunk',
    'Read one definition',
    readChunkInput,
    readChunk,
    'Read one definition as a whole, with its parent, what it contains and what is beside it. Takes a chunk_id from another answer, or file:line. Cheaper than reading the file.',
  ),
  tool(
    'outline',
    'List definitions',
    outlineInput,
    outline,
    'List what a file or folder defines, with lines and signatures but without bodies. Use it to get an overview before reading.',
  ),
  tool(
    'status',
    'State of the index',
    statusInput,
    status,
    'Say whether the project is indexed, whether the index is complete and up to date, and, for a path, whether it is indexed or which rule leaves it out.',
  ),
  tool(
    'index',
    'Make or update the index',
    indexInput,
    index,
    'Make the index, or bring it up to date with the files. Only call it if the user wants it or another answer says that the index is missing or stale. The first run of a large project takes minutes; later ones only handle what changed. Everything stays on this machine.',
    false,
  ),
];

/** Calls a tool by name. Errors: USAGE for an unknown tool or argument; those of the operation. */
export function callTool(name: string, call: Call, given: unknown): Promise<Answer> {
  const found = TOOLS.find((each) => each.name === name);
  if (found !== undefined) return found.answer(call, given);
  const names = TOOLS.map((each) => each.name);
  const meant = nearest(name, names);
  throw new IndexerError('USAGE', `there is no tool ${name.slice(0, 100)}`, {
    hint: meant === undefined ? `the tools are ${names.join(', ')}` : `did you mean ${meant}?`,
  });
}

/** Anything that was thrown, as an answer: the object that the commands print on stderr with `--json`. */
export function failureAnswer(error: unknown): Answer {
  const { code, what, why, how, exitCode } = describeFailure(error);
  const hint =
    code === 'NO_INDEX'
      ? 'ask the user whether to index this project, then call index; until then search by other means'
      : how;
  return {
    json: { schema: 1, error: code, exit_code: exitCode, what, message: why, hint },
    text: [`${code}: ${why}`, hint].filter(Boolean).join('\n'),
  };
}
