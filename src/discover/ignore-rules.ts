// Rules in gitignore syntax, over `ignore`. A set of rules is immutable; going into a folder that has rules of its own
// makes a longer set. Nested rules are rewritten relative to the root ("*.o" in src/ becomes "/src/**/*.o"), because
// only one list read from its end gives git's answer where a deeper file takes back what a higher one said.
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import ignore, { type Ignore } from 'ignore';
import { errnoOf } from '../core/errors.ts';

/** Above this a rule file is not one: git would read it, we say so instead of spending minutes on it. */
const MAX_RULE_FILE_BYTES = 1024 * 1024;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is all of ASCII
const NON_ASCII = /[^\x00-\x7f]/;

export interface IgnoreRules {
  /**
   * The rule that hides a path, as `file:line: pattern`, or null. Paths are relative to the root and never begin with
   * `./`; a folder's ends in `/`. The folders above it are taken to be visible unless a rule of the set hides them.
   */
  hiddenBy(path: string): string | null;
  /** These rules and those of a file's text, which holds for `folder` ('' for the root) and below. */
  with(folder: string, file: string, text: string): IgnoreRules;
}

/** No rules yet. `ignoreCase` is git's `core.ignorecase`. */
export function noRules(ignoreCase: boolean): IgnoreRules {
  return { hiddenBy: () => null, with: (folder, file, text) => extend({ ignoreCase, folder, file, text }) };
}

export const NO_RULES: IgnoreRules = noRules(process.platform === 'win32' || process.platform === 'darwin');

interface RuleFile {
  readonly ignoreCase: boolean;
  readonly folder: string;
  readonly file: string;
  readonly text: string;
}

function extend(
  { ignoreCase, folder, file, text }: RuleFile,
  above: { readonly rules: Ignore; readonly widest: Wildcards } | null = null,
): IgnoreRules {
  const rules = ignore({ ignorecase: ignoreCase });
  if (above !== null) rules.add(above.rules);
  const patterns = parseRules(folder, file, text);
  rules.add(patterns);
  const widest = patterns.map(wildcardsOf).reduce(wider, above?.widest ?? NONE);
  return {
    hiddenBy(path) {
      refuseCostly(widest, path);
      const result = rules.test(asBytes(path));
      return result.ignored ? (result.rule?.mark ?? file) : null;
    },
    with: (deeper, deeperFile, deeperText) =>
      extend({ ignoreCase, folder: deeper, file: deeperFile, text: deeperText }, { rules, widest }),
  };
}

/** How many `**` the pattern with most of them has: where that is two or more, each multiplies the time a deep path takes. */
interface Wildcards {
  readonly count: number;
  readonly mark: string;
}

const NONE: Wildcards = { count: 0, mark: '' };
/** About 20 ms. */
const MOST_STEPS = 3_000_000;

function wildcardsOf({ pattern, mark }: { pattern: string; mark: string }): Wildcards {
  return { count: pattern.split('**/').length - 1, mark };
}

function wider(a: Wildcards, b: Wildcards): Wildcards {
  return b.count > a.count ? b : a;
}

/** A pattern that would take minutes was not written to hide a file. */
function refuseCostly({ count, mark }: Wildcards, path: string): void {
  if (count < 2) return;
  const depth = path.split('/').length;
  let steps = 1; // ways to share out the folders among the wildcards
  for (let taken = 1; taken <= count; taken++) steps *= (depth + taken) / taken;
  if (steps > MOST_STEPS) throw new Error(`${mark} takes too long for a path of ${depth} folders`);
}

function parseRules(folder: string, file: string, text: string): { pattern: string; mark: string }[] {
  const withoutMark = text.startsWith('\ufeff') ? text.slice(1) : text;
  return withoutMark.split('\n').flatMap((raw, index) => {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (line === '' || line.startsWith('#')) return [];
    const pattern = folder === '' ? line : rebase(folder, line);
    return pattern === null ? [] : [{ pattern: asBytes(pattern), mark: `${file}:${index + 1}: ${line}` }];
  });
}

/** One character per byte, for that is what git's `?` and `[!a]` take one of: they do not match an `é`, which is two. */
function asBytes(text: string): string {
  return NON_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

/** Rewrites a folder's pattern for the root; null for one that matches nothing. */
function rebase(folder: string, line: string): string | null {
  const negated = line.startsWith('!');
  const body = negated ? line.slice(1) : line;
  const bare = body.replace(/ +$/, ''); // for the question below only: an escaped space is never a slash
  if (bare === '' || bare === '/') return null;
  const slash = bare.indexOf('/');
  const isAnchored = slash !== -1 && slash !== bare.length - 1;
  const prefix = `/${folder.replace(/[\\*?[\]]/g, '\\$&')}/`;
  const rest = isAnchored ? body.replace(/^\//, '') : `**/${body}`;
  return `${negated ? '!' : ''}${prefix}${rest}`;
}

/**
 * The text of a rule file, or null where there is none to obey: absent, a link (git does not follow those either), or
 * no regular file. Other failures are thrown: rules that cannot be read must not count as "nothing is hidden".
 */
export function readRuleFile(path: string): string | null {
  // Most folders have none, and to be thrown an ENOENT costs ten times this question.
  if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return null;
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(errnoOf(error))) return null; // replaced since
    throw error;
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return null;
    if (stats.size > MAX_RULE_FILE_BYTES) throw new Error(`${path} has ${stats.size} bytes, too many for ignore rules`);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}
