// Text → the ids that the model reads, at a cost that does not grow with the text.
// Knows how a BERT tokenizer reads text; what is left out here never makes a token of its own.

/** Gives the ids of a text without the model's own start and end marks. */
export type Encode = (text: string) => readonly number[];

export interface TokenLimits {
  /** Ids at most, start and end marks included. */
  readonly maxTokens: number;
  readonly startId: number;
  readonly endId: number;
}

// Only as much of a text is read as fills the cap. A cut inside a word changes the ids near the cut, so this many ids
// before it are not trusted; a word has at most 100 characters, hence at most 100 ids.
const UNTRUSTED_IDS = 128;
const FIRST_WINDOW = 2048;
const WINDOW_GROWTH = 8;

/** The ids of a text: start mark, as many of its own as fit, end mark. Equal to encoding all of it and cutting then. */
export function tokenIds(text: string, encode: Encode, limits: TokenLimits): Int32Array {
  const room = limits.maxTokens - 2;
  const own = firstIds(text, room, encode);
  const ids = new Int32Array(own.length + 2);
  ids[0] = limits.startId;
  ids.set(own, 1);
  ids[ids.length - 1] = limits.endId;
  return ids;
}

function firstIds(text: string, count: number, encode: Encode): readonly number[] {
  for (let window = FIRST_WINDOW; ; window *= WINDOW_GROWTH) {
    const whole = window >= text.length;
    const ids = encode(condense(whole ? text : text.slice(0, window), charactersFor(count + UNTRUSTED_IDS)));
    if (whole || ids.length >= count + UNTRUSTED_IDS) return ids.slice(0, count);
  }
}

// What the tokenizer drops: control, format, private and unpaired characters, marks (accents) and U+FFFD.
const DROPPED = '\\p{Cf}\\p{Co}\\p{Cs}\\p{Mn}\\ufffd\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f';
// What separates words and makes no token.
const SPACE = ' \\t\\n\\r\\p{Zs}\\u2028\\u2029';
// What is a token by itself: punctuation (four signs become ASCII punctuation once their accent is gone), and ideographs,
// which are set apart.
const PUNCTUATION = '\\p{P}!-/:-@\\[-`{-~\\u1fef\\u2260\\u226e\\u226f';
const IDEOGRAPH = '\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff';

const SPACES = new RegExp(`[${SPACE}][${SPACE}${DROPPED}]*`, 'gu');
const DROPPED_RUN = new RegExp(`([${DROPPED}])[${DROPPED}]+`, 'gu');
// A word of more than 100 characters is one unknown token. After DROPPED_RUN at least every second character counts.
const LONGEST_WORD = 256;
const LONG_WORD = new RegExp(
  `([^${SPACE}${PUNCTUATION}${IDEOGRAPH}]{${LONGEST_WORD}})[^${SPACE}${PUNCTUATION}${IDEOGRAPH}]+`,
  'gu',
);

// Regular expressions run out of stack over endless runs of astral characters, so they see this much at a time, beginning
// with what the last run may have left unfinished.
const STRETCH = 65_536;
const OVERLAP = 4 * LONGEST_WORD;

/**
 * A shorter text with the same ids, or that text's first `maxLength` UTF-16 units: runs of blanks, of dropped characters
 * and of endless words are shortened.
 */
export function condense(text: string, maxLength: number): string {
  let condensed = '';
  for (let from = 0; from < text.length && condensed.length < maxLength + OVERLAP; ) {
    const to = wholeCharacter(text, Math.min(from + STRETCH, text.length));
    const settled = wholeCharacter(condensed, Math.max(0, condensed.length - OVERLAP));
    condensed = condensed.slice(0, settled) + shortenRuns(condensed.slice(settled) + text.slice(from, to));
    from = to;
  }
  return condensed.slice(0, maxLength);
}

function shortenRuns(text: string): string {
  return text.replace(SPACES, ' ').replace(DROPPED_RUN, '$1').replace(LONG_WORD, '$1');
}

/** `at`, or one more if it would part the halves of a pair. */
function wholeCharacter(text: string, at: number): number {
  const unit = text.charCodeAt(at - 1);
  return at > 0 && at < text.length && unit >= 0xd800 && unit < 0xdc00 ? at + 1 : at;
}

/** In a condensed text, this many UTF-16 units hold at least `ids` ids: a word, its separator, a dropped character. */
function charactersFor(ids: number): number {
  return (ids + 1) * 2 * (LONGEST_WORD + 4);
}
