// What the user chose of a tree, on top of what the tree's own rules hide.
import { type IgnoreRules, NO_RULES } from './ignore-rules.ts';

/** Patterns as in `.gitignore`, relative to the root. */
export interface Selection {
  /** If there are any, only files are taken that match. Narrows, and never brings back what something else leaves out. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Whether files that hold secrets by their name are taken. */
  readonly allowSecrets: boolean;
}

export const EVERYTHING: Selection = { include: [], exclude: [], allowSecrets: false };

export interface SelectionRules {
  /** The pattern that excludes a path, as `exclude:line: pattern`; a folder's path ends in `/`. */
  excludedBy(path: string): string | null;
  /** The pattern that includes a file, likewise; null if it is not included, '' if there are no patterns. */
  includedBy(path: string): string | null;
}

export function compileSelection({ include, exclude }: Selection): SelectionRules {
  const compile = (name: string, patterns: readonly string[]): IgnoreRules =>
    patterns.length === 0 ? NO_RULES : NO_RULES.with('', name, patterns.join('\n'));
  const excluding = compile('exclude', exclude);
  const including = compile('include', include);
  return {
    excludedBy: (path) => excluding.hiddenBy(path),
    includedBy: (path) => (include.length === 0 ? '' : including.hiddenBy(path)),
  };
}
