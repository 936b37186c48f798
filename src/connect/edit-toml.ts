// One table in a TOML file: its lines are replaced or added as text, so that comments stay, and a parser checks that
// nothing else has changed.
import { parse, stringify, type TomlTable } from 'smol-toml';
import { IndexerError, messageOf } from '../core/errors.ts';

type Entry = Readonly<Record<string, unknown>>;

/**
 * The text with the table `[path]` in it; keys and sub-tables that the user added to a table of ours stay. Errors:
 * CONFIG_INVALID if it is no TOML, or if the table is written in a way that cannot be edited.
 */
export function withTomlEntry(text: string, path: readonly string[], entry: Entry, file: string): string {
  const known = valueAt(parsed(text, file), path);
  const merged = { ...known, ...entry };
  if (isSame(known, merged)) return text;
  const { subTables, own } = split(merged);
  const table = `[${path.map(quotedKey).join('.')}]\n${stringify(own)}`;
  const lines = text.split('\n');
  const range = known === undefined ? null : tableRange(lines, path);
  const next =
    range === null
      ? `${text.trimEnd()}${text.trim() === '' ? '' : '\n\n'}${table}`
      : [...lines.slice(0, range.start), ...table.trimEnd().split('\n'), '', ...lines.slice(range.end)].join('\n');
  const wanted = { ...own, ...subTables };
  return checked(text, next, path, wanted, file);
}

/** The text without the table and what is below it. Errors: as above. */
export function withoutTomlEntry(text: string, path: readonly string[], file: string): string {
  if (valueAt(parsed(text, file), path) === undefined) return text;
  let lines = text.split('\n');
  while (valueAt(parsed(lines.join('\n'), file), path) !== undefined) {
    const range = tableRange(lines, path, true);
    if (range === null) break;
    lines = [...lines.slice(0, range.start), ...lines.slice(range.end)];
  }
  const rest = lines.join('\n').trimEnd();
  return checked(text, rest === '' ? '' : `${rest}\n`, path, undefined, file);
}

/** From a header to the next one, comments and blank lines above that one left out. */
function tableRange(
  lines: readonly string[],
  path: readonly string[],
  orBelow = false,
): { start: number; end: number } | null {
  // From the end: a text of several lines further up may have one that looks like it.
  const start = lines.findLastIndex((line) => {
    const header = headerOf(line);
    const isBelow = orBelow && header !== null && header.length > path.length;
    return header !== null && (header.length === path.length || isBelow) && path.every((key, at) => header[at] === key);
  });
  if (start === -1) return null;
  const after = lines.findIndex((line, at) => at > start && /^\s*\[/.test(line) && headerOf(line) !== null);
  let end = after === -1 ? lines.length : after;
  while (end > start + 1 && after !== -1 && /^\s*(#.*)?$/.test(lines[end - 1]!)) end--;
  return { start, end };
}

/** The keys of `[a."b".c]`; null for any other line. */
function headerOf(line: string): string[] | null {
  if (!/^\s*\[[^[]/.test(line)) return null;
  try {
    let at: unknown = parse(line);
    const keys: string[] = [];
    while (typeof at === 'object' && at !== null && Object.keys(at).length === 1) {
      const [key] = Object.keys(at);
      keys.push(key!);
      at = (at as Record<string, unknown>)[key!];
    }
    return keys;
  } catch {
    return null;
  }
}

function split(entry: Entry): { own: Record<string, unknown>; subTables: Record<string, unknown> } {
  const isTable = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  const of = (wanted: boolean) =>
    Object.fromEntries(Object.entries(entry).filter(([, value]) => isTable(value) === wanted));
  return { own: of(false), subTables: of(true) };
}

/** The new text, if it differs from the old one in this one table alone. */
function checked(
  before: string,
  after: string,
  path: readonly string[],
  wanted: Entry | undefined,
  file: string,
): string {
  const now = parsed(after, file);
  const isWanted = isSame(valueAt(now, path), wanted);
  const isRestSame = isSame(without(now, path), without(parsed(before, file), path));
  if (isWanted && isRestSame) return after;
  throw invalid(file, `has ${path.join('.')} in a form that is not edited here`);
}

function parsed(text: string, file: string): TomlTable {
  try {
    return parse(text);
  } catch (error) {
    throw invalid(file, `is not valid TOML (${messageOf(error).split('\n')[0]})`);
  }
}

function valueAt(table: TomlTable, path: readonly string[]): Record<string, unknown> | undefined {
  let at: unknown = table;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return typeof at === 'object' && at !== null ? (at as Record<string, unknown>) : undefined;
}

/** Everything but the value there; a table that is empty then counts as none. */
function without(table: TomlTable, path: readonly string[]): unknown {
  const [key, ...rest] = path;
  const { [key!]: value, ...others } = table;
  if (rest.length === 0 || typeof value !== 'object' || value === null) return others;
  const left = without(value as TomlTable, rest) as Record<string, unknown>;
  return Object.keys(left).length === 0 ? others : { ...others, [key!]: left };
}

/** Whatever the order of keys. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([x], [y]) => (x < y ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

function quotedKey(key: string): string {
  return /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
}

function invalid(file: string, message: string): IndexerError {
  return new IndexerError('CONFIG_INVALID', `${file} ${message}`, {
    hint: 'nothing was changed; correct it, or add the entry by hand: `tandem mcp install --print`',
  });
}
