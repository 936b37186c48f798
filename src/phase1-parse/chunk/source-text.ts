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

/** Git's rule, a NUL near the start; but UTF-16 that says so by its first two bytes is text. */
export function isBinary(bytes: Uint8Array): boolean {
  if (!bytes.subarray(0, SNIFFED_BYTES).includes(0)) return false;
  const encoding = encodingByMark(bytes);
  return encoding === null || new TextDecoder(encoding).decode(bytes.subarray(0, SNIFFED_BYTES)).includes('\0');
}

/**
 * The text without its byte order mark: UTF-16 by that mark, UTF-8, else what its first lines declare. Bytes that are
 * none of these become U+FFFD, and `damaged` says so.
 */
export function decode(bytes: Uint8Array): { text: string; damaged: boolean } {
  const encoding = encodingByMark(bytes) ?? (isUtf8(bytes) ? 'utf-8' : declaredEncoding(bytes));
  return { text: new TextDecoder(encoding ?? 'utf-8').decode(bytes), damaged: encoding === null };
}

function encodingByMark([first, second]: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : null;
}

/** PEP 263, which Ruby and editors know too, and XML's declaration. */
const DECLARED_ENCODING = /^(?:.*\n)?.*?(?:coding[:=][ \t]*|<\?xml\b[^>]*\bencoding=["'])([-\w.]+)/;

/** Null if none is declared that we know. */
function declaredEncoding(bytes: Uint8Array): string | null {
  const label = DECLARED_ENCODING.exec(new TextDecoder('latin1').decode(bytes.subarray(0, 400)))?.[1];
  if (label === undefined || /^utf-?8$/i.test(label)) return null;
  try {
    return new TextDecoder(label.replace(/^latin-(?=\d)/i, 'latin')).encoding;
  } catch {
    return null;
  }
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
// half of the file. What stands in quotation marks (a path of a drawing, a schema) may be as long as it is. Prose has
// paragraphs for lines.
const LONG_CODE_LINE = 500;
const LONG_PROSE_LINE = 5_000;
const SMALLEST_MINIFIED = 2_000;
const LITERAL = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g;

/** True if most of the text, literals aside, stands on lines that are too long to have been written by hand. */
export function isMinified(text: string, lines: LineTable, isCode: boolean): boolean {
  if (text.length < SMALLEST_MINIFIED) return false;
  const limit = isCode ? LONG_CODE_LINE : LONG_PROSE_LINE;
  let whole = text.length;
  let onLongLines = 0;
  for (let line = 0; line < lines.starts.length; line++) {
    const start = lines.starts[line]!;
    const end = lines.starts[line + 1] ?? text.length;
    if (end - start <= limit) continue;
    const length = isCode ? text.slice(start, end).replace(LITERAL, '').length : end - start;
    whole -= end - start - length;
    if (length > limit) onLongLines += length;
  }
  return onLongLines * 2 > whole;
}

const HEADER_LINES = 20;
const COMMENT_LINE = /^\s*(?:\/\/|\/\*|\*|#|--|;|<!--|%|"""|''')[\s/*#;%!<-]*(.*)/;
const ANY_GENERATED_MARK = /generated|do not (?:edit|modify)/i;
/** As statements of their own: a comment may also speak of such marks. */
const GENERATED_MARKS = [
  /^code generated\b.*\bdo not edit\b/i,
  /^@generated(?![\w-])/,
  /^auto-?generated>/i,
  /^(?:(?:this|the) (?:\w+ ){1,3}?(?:is|was|has been) |warning:? |note:? )?(?:automatically |auto-?)?generated\b.*\b(?:do not (?:edit|modify)|changes will be lost)\b/i,
  /^(?:warning:? |please )?do not (?:edit|modify)\b.*\b(?:auto-?generated|generated (?:by|from|with|code|file))\b/i,
];

/** True if a comment near the top says that a program wrote this file. */
export function isGenerated(text: string, lines: LineTable): boolean {
  const header = text.slice(0, Math.min(lines.starts[HEADER_LINES] ?? text.length, 4_000));
  if (!ANY_GENERATED_MARK.test(header)) return false;
  return header.split('\n').some((line) => {
    const said = COMMENT_LINE.exec(line)?.[1];
    return said !== undefined && GENERATED_MARKS.some((mark) => mark.test(said));
  });
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
