// What a search is narrowed to, as a condition of the engine, so that the limit counts only what fits.
import { globAsRegex } from '../core/glob.ts';
import { allOf, anyOf, isIn, matches, not } from '../store/sql.ts';

/** Each that is given must hold; of several values in one, any. */
export interface SearchFilter {
  /** Languages as stored (`python`). */
  readonly languages?: readonly string[] | undefined;
  /** Globs over the path or the end of it; `*` crosses folders. */
  readonly files?: readonly string[] | undefined;
  /** Exact name of a function or method. */
  readonly functionName?: string | undefined;
  /** Exact name of a class: its own chunk and its members. */
  readonly className?: string | undefined;
  /** Paths to leave out. */
  readonly except?: readonly string[] | undefined;
}

const FUNCTIONS = ['function', 'method', 'constructor', 'macro'];
const CLASSES = ['class', 'interface', 'struct', 'enum', 'trait', 'impl', 'type'];

/**
 * Undefined where nothing is asked for. Other programs may leave `function_name` empty, so the kind counts too; tables of
 * their earlier releases have no such column (`columns` are those that are there).
 */
export function conditionOf(filter: SearchFilter, columns: readonly string[]): string | undefined {
  const conditions: string[] = [];
  if (filter.languages?.length) conditions.push(isIn('language', filter.languages));
  if (filter.files?.length) {
    conditions.push(anyOf(filter.files.map((glob) => matches('file_path', globAsRegex(glob)))));
  }
  const named = (column: string, name: string, kinds: readonly string[]) => {
    const isOfThatName = allOf([isIn('name', [name]), isIn('chunk_type', kinds)]);
    return columns.includes(column) ? anyOf([isIn(column, [name]), isOfThatName]) : isOfThatName;
  };
  if (filter.functionName) conditions.push(named('function_name', filter.functionName, FUNCTIONS));
  if (filter.className) conditions.push(named('class_name', filter.className, CLASSES));
  if (filter.except?.length) conditions.push(not(isIn('file_path', filter.except)));
  return conditions.length === 0 ? undefined : allOf(conditions);
}
