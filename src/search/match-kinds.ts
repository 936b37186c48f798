// What `--language` and `--kind` were given × what the index has.
import { IndexerError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';

/** How one value of `--language` was understood. Keys as they are printed. */
export interface LanguageChoice {
  readonly typed: string;
  /** As it is stored; null if no indexed file is in it. */
  readonly language: string | null;
  /** A language of the index that may have been meant. */
  readonly nearest: string | null;
}

/** How one value of `--kind` was understood. Keys as they are printed. */
export interface KindChoice {
  readonly typed: string;
  /** As it is stored; null if no chunk of the index is one. */
  readonly kind: string | null;
  /** A kind of the index that may have been meant. */
  readonly nearest: string | null;
}

/** `calledOtherwise` gives the id of a language by another name of it, such as its extension. */
export function matchLanguage(
  typed: string,
  known: readonly string[],
  calledOtherwise: (name: string) => string | undefined,
): LanguageChoice {
  const language = findKnown(typed, known) ?? calledOtherwise(typed.toLowerCase());
  const isKnown = language !== undefined && known.includes(language);
  return { typed, language: isKnown ? language : null, nearest: isKnown ? null : (nearest(typed, known) ?? null) };
}

export function matchKind(typed: string, known: readonly string[]): KindChoice {
  const kind = findKnown(typed, known) ?? null;
  return { typed, kind, nearest: kind === null ? (nearest(typed.toLowerCase(), known) ?? null) : null };
}

function findKnown(typed: string, known: readonly string[]): string | undefined {
  const lower = typed.toLowerCase();
  return known.find((each) => each === typed) ?? known.find((each) => each.toLowerCase() === lower);
}

/** Errors: NOTHING_MATCHES where none of several values is known. `what` is such as `no indexed file is in`. */
export function refuseUnknown(
  choices: readonly { readonly typed: string; readonly found: string | null; readonly nearest: string | null }[],
  known: readonly string[],
  what: string,
): void {
  if (choices.length === 0 || choices.some(({ found }) => found !== null)) return;
  const names = choices.map(({ typed }) => JSON.stringify(typed)).join(', ');
  const meant = choices.find((choice) => choice.nearest !== null)?.nearest;
  const list = known.length === 0 ? 'the index has no chunk yet' : `the index has: ${known.join(', ')}`;
  throw new IndexerError('NOTHING_MATCHES', `${what} ${names}`, {
    hint: meant ? `did you mean ${meant}? ${list}` : list,
  });
}
