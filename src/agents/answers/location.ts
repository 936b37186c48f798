// `file:line` and `file:start-end`, as answers give them and agents write them back.

/** `line` is 1-based; null where only a file is named. Of a range the first line counts. */
export function parseLocation(typed: string): { readonly file: string; readonly line: number | null } {
  const found = /^(.+?):(\d{1,9})(?:[-:]\d{1,9})?$/s.exec(typed);
  if (found === null) return { file: typed, line: null };
  return { file: found[1]!, line: Number(found[2]) };
}
