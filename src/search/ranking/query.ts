// What a query is: a sentence, a symbol, a path, a piece of code or the trace of an error; and the words to look up.
import { compoundOf, partsOf, tokensOfWord, wordsOf } from '../../text-index/tokens.ts';
import { QUESTION_WORDS } from './question-words.ts';

export type QueryKind = 'sentence' | 'symbol';

export interface Query {
  readonly text: string;
  readonly kind: QueryKind;
  /** Tokens to look up, each once, with how often it counts. */
  readonly tokens: ReadonlyMap<string, number>;
  /** Names that the query consists of or mentions, without style; the owner's where one is given (`Class.method`). */
  readonly names: readonly { readonly name: string; readonly written: string; readonly owner: string }[];
  /** Whether tests, examples or documentation are asked for. */
  readonly wants: { readonly test: boolean; readonly example: boolean; readonly documentation: boolean };
}

/** `name`, `Class.method`, `ns::name`, `obj->field`, `Class#method`, each perhaps called. */
const SYMBOL = /^[@#]?[\p{L}_$][\p{L}\p{N}_$]*(?:(?:\.|::|->|#|\/)[\p{L}_$][\p{L}\p{N}_$]*[!?]?)*(?:\(\))?$/u;
/** Names that hang together. */
const CHAIN = /[\p{L}_$][\p{L}\p{N}_$]*(?:(?:\.|::|->|#)[\p{L}_$][\p{L}\p{N}_$]*)*(?:\(\))?/gu;
/** What only code looks like: a hump, an underscore between letters, a joint or a call. */
const IDENTIFIER = /^(?:.*\p{Ll}\p{N}*\p{Lu}.*|.*[\p{L}\p{N}]_[\p{L}\p{N}].*|.+(?:\.|::|->|#)\p{L}.*|.+\(\))$/u;

/** What is longer is no name. */
const LONGEST_NAME = 200;
/** More of a text that was pasted in does not say more of what is wanted. */
const LONGEST_QUERY = 10_000;
const MOST_TOKENS = 200;
const MOST_NAMES = 20;

export function readQuery(whole: string): Query {
  const text = whole.trim().slice(0, LONGEST_QUERY);
  const isSymbol = text.length <= LONGEST_NAME && SYMBOL.test(text);
  const identifiers = isSymbol ? [text] : (text.match(CHAIN) ?? []).filter(isIdentifier).slice(0, MOST_NAMES);
  const words = wordsOf(text);
  const asked = new Set(words.flatMap(partsOf));
  return {
    text,
    kind: isSymbol ? 'symbol' : 'sentence',
    tokens: tokensOf(words),
    names: identifiers.map(nameOf).filter(({ name }) => name !== ''),
    wants: {
      test: ['test', 'tests', 'testing', 'spec', 'specs', 'tested', 'fixture', 'mock'].some((word) => asked.has(word)),
      example: ['example', 'examples', 'demo', 'sample'].some((word) => asked.has(word)),
      documentation: ['documentation', 'docs', 'readme', 'guide', 'changelog', 'tutorial'].some((word) =>
        asked.has(word),
      ),
    },
  };
}

function isIdentifier(word: string): boolean {
  return word.length <= LONGEST_NAME && IDENTIFIER.test(word);
}

/** Without question words, unless nothing else is left. */
function tokensOf(words: readonly string[]): Map<string, number> {
  const telling = words.filter((word) => !QUESTION_WORDS.has(word.toLowerCase()));
  const tokens = new Map<string, number>();
  for (const word of telling.length > 0 ? telling : words) {
    if (tokens.size >= MOST_TOKENS) break;
    for (const token of tokensOfWord(word)) tokens.set(token, 1);
  }
  return tokens;
}

function nameOf(identifier: string): { name: string; written: string; owner: string } {
  const parts = identifier
    .replace(/\(\)?.*$/, '')
    .split(/\.|::|->|#|\//)
    .filter((part) => part !== '');
  return { name: compoundOf(parts.at(-1) ?? ''), written: parts.at(-1) ?? '', owner: compoundOf(parts.at(-2) ?? '') };
}
