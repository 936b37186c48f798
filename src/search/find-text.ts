// Where a chunk's text stands in its file now. Texts are compared line by line: line ends and trailing blanks do not
// count, and an asterisk stands for any character, since credentials are stored as asterisks.

/** 1-based and inclusive. */
export interface LineRange {
  readonly startLine: number;
  readonly endLine: number;
}

/** Lines end with LF, with or without CR; with CR alone only where there is no LF. */
export function linesOf(text: string): string[] {
  return text.includes('\n') ? text.split('\n').map((line) => line.replace(/\r$/, '')) : text.split('\r');
}

/**
 * The lines at which the text of a chunk stands, nearest to where it stood when it was indexed; null if it is not there.
 * A chunk may repeat lines above its range, or leave out the bodies of its children: then its range is as long as it was.
 */
export function findText(lines: readonly string[], content: string, indexed: LineRange): LineRange | null {
  const wanted = trimmed(linesOf(content));
  if (wanted.length === 0) return null;
  const height = indexed.endLine - indexed.startLine;
  const ends = (at: number) => at + wanted.length;
  const whole = nearest(lines.length - wanted.length + 1, ends, indexed.endLine, (at) => isBlockAt(lines, wanted, at));
  if (whole !== null) return { startLine: Math.max(whole + 1, ends(whole) - height), endLine: ends(whole) };
  if (wanted.length > height) return null;
  const begins = { isFirst: true, isLast: false };
  const outline = nearest(
    lines.length - height,
    (at) => at + 1,
    indexed.startLine,
    (at) => isPart(lines[at]!, wanted[0]!, begins) && isOutlineOf(lines.slice(at, at + height + 1), wanted),
  );
  return outline === null ? null : { startLine: outline + 1, endLine: outline + 1 + height };
}

/** The offset below `count` for which `holds`, whose line is nearest to `line`; the upper one of two. */
function nearest(
  count: number,
  lineOf: (at: number) => number,
  line: number,
  holds: (at: number) => boolean,
): number | null {
  const middle = line - lineOf(0);
  const reach = Math.max(Math.abs(middle), Math.abs(count - 1 - middle));
  for (let away = 0; away <= reach; away++) {
    for (const at of away === 0 ? [middle] : [middle - away, middle + away]) {
      if (at >= 0 && at < count && holds(at)) return at;
    }
  }
  return null;
}

function isBlockAt(lines: readonly string[], wanted: readonly string[], at: number): boolean {
  return wanted.every((text, index) => {
    const line = lines[at + index]!;
    const [isFirst, isLast] = [index === 0, index === wanted.length - 1];
    return isFirst || isLast ? isPart(line, text, { isFirst, isLast }) : isSame(line, text);
  });
}

/** All wanted lines are there in their order, the last of them as the last; the first has been seen to be the first. */
function isOutlineOf(lines: readonly string[], wanted: readonly string[]): boolean {
  let found = 1;
  for (const line of lines.slice(1, -1)) if (found < wanted.length - 1 && isSame(line, wanted[found]!)) found += 1;
  return found === wanted.length - 1 && isPart(lines.at(-1)!, wanted.at(-1)!, { isFirst: false, isLast: true });
}

/** A chunk may begin and end within a line. */
function isPart(line: string, text: string, { isFirst, isLast }: { isFirst: boolean; isLast: boolean }): boolean {
  if (isSame(line, text)) return true;
  if (isFirst && isLast) return line.includes(text);
  if (isFirst) return isSame(line.trimEnd().slice(-text.trimEnd().length), text);
  return isLast && isSame(line.slice(0, text.length), text);
}

function isSame(line: string, text: string): boolean {
  const [a, b] = [line.trimEnd(), text.trimEnd()];
  if (a === b) return true;
  return (
    a.length === b.length &&
    b.includes('*') &&
    [...b].every((character, at) => character === '*' || character === a[at])
  );
}

/** Without blank lines before and after. */
function trimmed(lines: readonly string[]): readonly string[] {
  const isText = (line: string) => line.trim() !== '';
  const first = lines.findIndex(isText);
  return first === -1 ? [] : lines.slice(first, lines.findLastIndex(isText) + 1);
}
