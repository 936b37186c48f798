// Text → the tokens that the text index holds and that a query is made of. Both sides use this one function, so a change
// here needs a new FORMAT in segment.ts.
import { stemmer } from 'stemmer';

const WORD = /[\p{L}\p{M}\p{N}_$]+/gu;
const ASCII_WORD = /[A-Za-z0-9_$]+/g;
/** Where a part of a compound begins: `camelCase`, `HTTPServer`. */
const HUMP = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u;
/** Scripts written without spaces: their words are looked up by pairs of characters. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
/** Longer words are data, such as a hash or base64. */
const LONGEST_WORD = 64;

/** The words of a text as written, in order. */
export function wordsOf(text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what takes the faster way
  return text.match(/^[\x00-\x7f]*$/.test(text) ? ASCII_WORD : WORD) ?? [];
}

/** The parts of a word as a person reads it, in lower case: `getHTTPServer_v2` → `get`, `http`, `server`, `v2`. */
export function partsOf(word: string): string[] {
  return word
    .split(/[_$]+/)
    .flatMap((piece) => piece.split(HUMP))
    .filter((part) => part !== '')
    .map((part) => part.toLowerCase());
}

/** A name without its style, so that `get_signer`, `getSigner` and `GetSigner` are one. */
export function compoundOf(word: string): string {
  return word.replace(/[_$]+/g, '').toLowerCase();
}

/** The last part of a name with owners: `Phoenix.Router` → `Router`. */
export function lastNameOf(name: string): string {
  return name.split(/[.:#]/).at(-1) ?? '';
}

/** Each part stemmed, and the whole where there is more than one part. */
export function tokensOfWord(word: string): string[] {
  if (word.length > LONGEST_WORD) return [];
  if (UNSPACED.test(word)) return pairsOf(word);
  const parts = partsOf(word);
  const tokens = parts.map(stemOf);
  if (parts.length > 1) tokens.push(parts.join(''));
  return tokens;
}

export function stemOf(part: string): string {
  return /^[a-z]{3,}$/.test(part) ? stemmer(part) : part;
}

function pairsOf(word: string): string[] {
  const characters = [...word.toLowerCase()];
  if (characters.length < 2) return characters;
  return characters.slice(1).map((character, index) => characters[index]! + character);
}
