// Text from files and names, made harmless for a terminal and for a CI log. JSON output does not pass here.

// C0, DEL and C1 controls; marks that change the direction of text or have no width; separators that break lines.
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]|\p{Cs}/gu;

/** One line of foreign text with every control, bidi mark and lone surrogate as an escape: `\x1b`, `\u{202e}`. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Lines of code: as `visible`, with tabs as spaces and both kinds of line end understood. */
export function visibleLines(code: string): string[] {
  return code.split(/\r?\n/).map((line) => visible(line.replaceAll('\t', '    ')));
}

/** GitHub's runner takes `::` at the start of a line, and `##[` anywhere, for a command of its own. */
export function defused(line: string): string {
  return line.replace(/^(\s*):(?=:)/, '$1\\x3a').replaceAll('##[', '#\\x23[');
}
