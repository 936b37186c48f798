// One entry in a file of settings that may have comments: the rest of the text stays as it is, byte for byte.
import { applyEdits, type Edit, modify, type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import { IndexerError } from '../core/errors.ts';

type Entry = Readonly<Record<string, unknown>>;

/**
 * The text with the entry in it; keys that the user added to an entry of ours stay. Errors: CONFIG_INVALID if it is no JSON
 * object, or if something else has the place of the entries.
 */
export function withJsonEntry(text: string, path: readonly string[], entry: Entry, file: string): string {
  const known = entryIn(text, path, file);
  const merged = { ...(isObject(known) ? known : {}), ...entry };
  if (JSON.stringify(known) === JSON.stringify(merged)) return text;
  return edit(text, path, merged);
}

/** The text without it. Errors: as above. */
export function withoutJsonEntry(text: string, path: readonly string[], file: string): string {
  return entryIn(text, path, file) === undefined ? text : edit(text, path, undefined);
}

function edit(text: string, path: readonly string[], value: unknown): string {
  const start = text.trim() === '' ? '{}\n' : text;
  // Without its formatting, which would reach into the lines of the neighbours too.
  const edits = modify(start, [...path], value, {}).map((each) => ({ ...each, content: laidOut(start, each) }));
  return applyEdits(
    start,
    edits.flatMap((each) => afterComment(start, each)),
  );
}

/** What follows another property goes below the comment on that one's line, which stays when it goes again. */
function afterComment(text: string, edit: Edit): Edit[] {
  const rest = /^(,?)[ \t]*\/\/[^\r\n]*/.exec(text.slice(edit.offset));
  if (rest === null) return [edit];
  const [line, comma = ''] = rest;
  if (edit.content === '' && edit.length > line.length) {
    const [from, to] = [edit.offset + line.length, edit.offset + edit.length];
    if (text[to] === ',') return [{ offset: from, length: to + 1 - from, content: '' }];
    return [
      { offset: edit.offset, length: comma.length, content: '' },
      { offset: from, length: to - from, content: '' },
    ];
  }
  if (edit.length > 0 || !edit.content.startsWith(',')) return [edit];
  const below = { offset: edit.offset + line.length, length: 0, content: `${edit.content.slice(1)}${comma}` };
  return comma === '' ? [{ ...edit, content: ',' }, below] : [below];
}

/** What is put in, on lines of its own and indented as the file is; `content` is a value, or properties without braces. */
function laidOut(text: string, { offset, content, length }: Edit): string {
  if (content === '') return content;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const unit = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  const base = /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', offset - 1) + 1))?.[0] ?? '';
  const lines = (value: unknown) => JSON.stringify(value, null, unit).split('\n');
  if (length > 0) return lines(JSON.parse(content)).join(eol + base);
  const isAfterOther = content.startsWith(',');
  const inner = lines(JSON.parse(`{${content.replace(/^,/, '')}}`)).slice(1, -1);
  // Properties are indented by one unit already.
  if (isAfterOther) return `,${inner.map((line) => eol + base + line.slice(unit.length)).join('')}`;
  const isEmpty = /^[ \t]*\}/.test(text.slice(offset));
  return inner.map((line) => eol + base + line).join('') + (isEmpty ? eol + base : '');
}

function entryIn(text: string, path: readonly string[], file: string): unknown {
  const errors: ParseError[] = [];
  let at: unknown = text.trim() === '' ? {} : parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined) {
    const line = text.slice(0, first.offset).split('\n').length;
    throw invalid(file, `is not valid JSON (line ${line}: ${printParseErrorCode(first.error)})`);
  }
  if (!isObject(at)) throw invalid(file, 'holds no JSON object');
  for (const [depth, key] of path.entries()) {
    if (!isObject(at)) throw invalid(file, `has something else than an object at ${path.slice(0, depth).join('.')}`);
    if (!Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  return at;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(file: string, message: string): IndexerError {
  return new IndexerError('CONFIG_INVALID', `${file} ${message}`, {
    hint: 'nothing was changed; correct it, or add the entry by hand: `tandem mcp install --print`',
  });
}
