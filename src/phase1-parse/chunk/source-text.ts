// Bytes → text, its lines, and what can be said of it before any parsing: is it text, is it somebody's own writing.
import { isUtf8 } from 'node:buffer';

/** Line numbers of one text. Lines end with LF (a CR before it belongs to the line), or with CR if there is no LF at all. */
export interface LineTable {
  /** Offsets where lines start, ascending, from 0. */
  readonly starts: readonly number[];
  /** The 1-based line of an offset. */
  lineAt(offset: number): number;
}

const SNIFFED_BYTES = 8192;

/** Git's rule: a NUL near the start. */
export function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, SNIFFED_BYTES).includes(0);
}

/** The text without its byte order mark; bytes that are no UTF-8 become U+FFFD, and `damaged` says so. */
export function decode(bytes: Uint8Array): { text: string; damaged: boolean } {
  return { text: new TextDecoder('utf-8').decode(bytes), damaged: !isUtf8(bytes) };
}

export function lineTable(text: string): LineTable {
  const separator = text.includes('\n') ? '\n' : '\r';
  const starts = [0];
  for (let at = text.indexOf(separator); at !== -1; at = text.indexOf(separator, at + 1)) starts.push(at + 1);
  return {
    starts,
    lineAt(offset) {
      let low = 0;
      let high = starts.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (starts[middle]! <= offset) low = middle + 1;
        else high = middle;
      }
      return low;
    },
  };
}

/** Old Mac line ends: no grammar sees lines in them. */
export function hasOnlyCarriageReturns(text: string): boolean {
  return text.includes('\r') && !text.includes('\n');
}

// No one writes code in lines of 500 characters, but one such table in a file must not lose the rest of it; so it takes
// half of the file. Prose has paragraphs for lines.
const LONG_CODE_LINE = 500;
const LONG_PROSE_LINE = 5_000;
const SMALLEST_MINIFIED = 2_000;

/** True if most of the text stands on lines that are too long to have been written by hand. */
export function isMinified(text: string, lines: LineTable, isCode: boolean): boolean {
  if (text.length < SMALLEST_MINIFIED) return false;
  const limit = isCode ? LONG_CODE_LINE : LONG_PROSE_LINE;
  let onLongLines = 0;
  for (let line = 0; line < lines.starts.length; line++) {
    const length = (lines.starts[line + 1] ?? text.length) - lines.starts[line]!;
    if (length > limit) onLongLines += length;
  }
  return onLongLines * 2 > text.length;
}

const HEADER_LINES = 20;
const COMMENT_LINE = /^\s*(?:\/\/|\/\*|\*|#|--|;|<!--|%|"""|''')/;
const ANY_GENERATED_MARK = /generated|do not (?:edit|modify)/i;
const GENERATED_MARKS = [
  /\bcode generated\b.*\bdo not edit\b/i,
  /(?:^|\s)@generated(?![\w-])/,
  /\b(?:auto-?generated|generated (?:by|from|with)\b).*\b(?:do not (?:edit|modify)|changes will be lost)\b/i,
  /\bdo not (?:edit|modify)\b.*\b(?:auto-?generated|generated (?:by|from|with|code|file))\b/i,
];

/** True if a comment near the top says that a program wrote this file. */
export function isGenerated(text: string, lines: LineTable): boolean {
  const header = text.slice(0, Math.min(lines.starts[HEADER_LINES] ?? text.length, 4_000));
  if (!ANY_GENERATED_MARK.test(header)) return false;
  return header.split('\n').some((line) => COMMENT_LINE.test(line) && GENERATED_MARKS.some((mark) => mark.test(line)));
}

/** With every run of blanks as one space, and no longer than `limit`. */
export function oneLine(text: string, limit: number): string {
  return capped((/[^\S ]| {2}/.test(text) ? text.replace(/\s+/g, ' ') : text).trim(), limit);
}

/** At most `limit` UTF-16 units, the last an ellipsis if some were cut; never half of a surrogate pair. */
export function capped(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const isPair = /[\uD800-\uDBFF]/.test(text[limit - 2]!);
  return `${text.slice(0, isPair ? limit - 2 : limit - 1)}…`;
}
