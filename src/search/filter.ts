// What a search is narrowed to, as a condition of the engine, so that the limit counts only what fits.
import { CLASS_KINDS, FUNCTION_KINDS } from '../core/chunk.ts';
import { allOf, anyOf, isBetween, isIn, matches, not, present } from '../store/tables/sql.ts';
import { TEST_REGEXES } from './ranking/place.ts';

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
  /** What the definition is, as stored: `function`, `method`, `class`, `section` …; `text` for what is none. */
  readonly kinds?: readonly string[] | undefined;
  /** Exact name of a definition of any kind. */
  readonly symbol?: string | undefined;
  /** Cyclomatic, inclusive; it is 0 where it is not known. */
  readonly minComplexity?: number | undefined;
  readonly maxComplexity?: number | undefined;
  /** Tests by their path or name: only these, or none of them. */
  readonly tests?: 'only' | 'none' | undefined;
  /** A revision of git: only files that differ from it, or are new. */
  readonly changedSince?: string | undefined;
  /** Paths to leave out. */
  readonly except?: readonly string[] | undefined;
}

/** A filter as the engine understands it: languages as they are stored, files as its regular expressions. */
export interface NarrowFilter extends Omit<SearchFilter, 'files' | 'changedSince'> {
  readonly files?: { readonly only: readonly string[]; readonly not: readonly string[] } | undefined;
  /** Whole paths, of which it must be one. */
  readonly paths?: readonly string[] | undefined;
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
  if (filter.paths) conditions.push(filter.paths.length === 0 ? 'false' : isIn('file_path', filter.paths));
  if (filter.kinds?.length) conditions.push(isIn('chunk_type', filter.kinds));
  if (filter.symbol) conditions.push(isIn('name', [filter.symbol]));
  if (boundsComplexity(filter) && columns.includes('complexity')) {
    conditions.push(isBetween('complexity', ...complexityOf(filter)));
  }
  if (filter.tests !== undefined) {
    const byName = present('hierarchy_path', matches('hierarchy_path', TEST_REGEXES.breadcrumb));
    const byPath = matches('file_path', TEST_REGEXES.path);
    const isTest = columns.includes('hierarchy_path') ? anyOf([byPath, byName]) : byPath;
    conditions.push(filter.tests === 'only' ? isTest : not(isTest));
  }
  if (filter.except?.length) conditions.push(not(isIn('file_path', filter.except)));
  return conditions.length === 0 ? undefined : allOf(conditions);
}

/** Only the chunks have a column of it, and not the vectors. */
export function boundsComplexity({ minComplexity, maxComplexity }: NarrowFilter): boolean {
  return minComplexity !== undefined || maxComplexity !== undefined;
}

const MOST_COMPLEX = 2 ** 31 - 1;

export function complexityOf({ minComplexity, maxComplexity }: NarrowFilter): [least: number, most: number] {
  return [minComplexity ?? 0, maxComplexity ?? MOST_COMPLEX];
}

/** What it says of names, as a condition over the chunks. */
export function namesOf({ functionName, className, symbol }: NarrowFilter): string | undefined {
  const conditions: string[] = [];
  const isOfThatName = (name: string, kinds: Iterable<string>) =>
    allOf([isIn('name', [name]), isIn('chunk_type', kinds)]);
  if (functionName) conditions.push(isOfThatName(functionName, FUNCTION_KINDS));
  if (symbol) conditions.push(isIn('name', [symbol]));
  if (className) conditions.push(anyOf([isOfThatName(className, CLASS_KINDS), isIn('parent_name', [className])]));
  return conditions.length === 0 ? undefined : allOf(conditions);
}
