// What a search is narrowed to, as a condition of the engine, so that the limit counts only what fits.
import { CLASS_KINDS, FUNCTION_KINDS } from '../core/chunk.ts';
import { allOf, anyOf, isIn, matches, not } from '../store/tables/sql.ts';

/** Each that is given must hold; of several values in one, any. `narrow` makes of it what the engine is asked. */
export interface SearchFilter {
  /** Languages as stored (`python`). */
  readonly languages?: readonly string[] | undefined;
  /** Paths, folders or globs, whole or the end of a path; `*` crosses folders; `!` before one leaves out what it matches. */
  readonly files?: readonly string[] | undefined;
  /** Exact name of a function or method. */
  readonly functionName?: string | undefined;
  /** Exact name of a class: its own chunk and its members. */
  readonly className?: string | undefined;
  /** Paths to leave out. */
  readonly except?: readonly string[] | undefined;
}

/** A filter as the engine understands it: languages as they are stored, files as its regular expressions. */
export interface NarrowFilter extends Omit<SearchFilter, 'files'> {
  readonly files?: { readonly only: readonly string[]; readonly not: readonly string[] } | undefined;
}

/**
 * Undefined where nothing is asked for. mcp-vector-search may leave `function_name` empty, so the kind counts too; tables of
 * their earlier releases have no such column (`columns` are those that are there).
 */
export function conditionOf(filter: NarrowFilter, columns: readonly string[]): string | undefined {
  const conditions: string[] = [];
  if (filter.languages?.length) conditions.push(isIn('language', filter.languages));
  const inFiles = (regexes: readonly string[]) => anyOf(regexes.map((regex) => matches('file_path', regex)));
  if (filter.files?.only.length) conditions.push(inFiles(filter.files.only));
  if (filter.files?.not.length) conditions.push(not(inFiles(filter.files.not)));
  const named = (column: string, name: string, kinds: readonly string[]) => {
    const isOfThatName = allOf([isIn('name', [name]), isIn('chunk_type', kinds)]);
    return columns.includes(column) ? anyOf([isIn(column, [name]), isOfThatName]) : isOfThatName;
  };
  if (filter.functionName) conditions.push(named('function_name', filter.functionName, [...FUNCTION_KINDS]));
  if (filter.className) conditions.push(named('class_name', filter.className, [...CLASS_KINDS]));
  if (filter.except?.length) conditions.push(not(isIn('file_path', filter.except)));
  return conditions.length === 0 ? undefined : allOf(conditions);
}

/** What it says of names, as a condition over the chunks. */
export function namesOf({ functionName, className }: NarrowFilter): string | undefined {
  const conditions: string[] = [];
  const isOfThatName = (name: string, kinds: Iterable<string>) =>
    allOf([isIn('name', [name]), isIn('chunk_type', kinds)]);
  if (functionName) conditions.push(isOfThatName(functionName, FUNCTION_KINDS));
  if (className) conditions.push(anyOf([isOfThatName(className, CLASS_KINDS), isIn('parent_name', [className])]));
  return conditions.length === 0 ? undefined : allOf(conditions);
}
