// What `.gitattributes` files say of generated and vendored files, in the words of GitHub's linguist. Read by ourselves,
// so that it is the same whether git lists the files or we do.
import ignore from 'ignore';
import { messageOf } from '../core/errors.ts';
import { parentOf } from './folders.ts';
import { readRuleFile } from './ignore-rules.ts';

export type Mark = 'generated' | 'vendored';

export interface LinguistMarks {
  /** The mark that leaves a file out, and the line that says so (`file:line: pattern`); null if there is none. */
  of(path: string): { readonly mark: Mark; readonly rule: string } | null;
}

interface Line {
  readonly matches: (pathInFolder: string) => boolean;
  readonly marks: Readonly<Partial<Record<Mark, boolean>>>;
  readonly rule: string;
}

const FILE_NAME = '.gitattributes';

/** `paths` are all files of the tree, relative to the root. `failed` gets attributes files that cannot be read. */
export function readLinguistMarks(
  root: string,
  paths: readonly string[],
  failed: { path: string; reason: string }[],
): LinguistMarks {
  const byFolder = new Map<string, readonly Line[]>();
  for (const path of paths) {
    if (path !== FILE_NAME && !path.endsWith(`/${FILE_NAME}`)) continue;
    try {
      const lines = parseAttributes(path, readRuleFile(`${root}/${path}`) ?? '');
      if (lines.length > 0) byFolder.set(parentOf(path), lines);
    } catch (error) {
      failed.push({ path, reason: messageOf(error) });
    }
  }
  if (byFolder.size === 0) return { of: () => null };
  return { of: (path) => markOf(path, byFolder) };
}

/** The deepest folder's file decides, in it the last line; each mark for itself. */
function markOf(path: string, byFolder: ReadonlyMap<string, readonly Line[]>): ReturnType<LinguistMarks['of']> {
  for (const mark of ['generated', 'vendored'] as const) {
    let folder = path;
    do {
      folder = parentOf(folder);
      const inFolder = folder === '' ? path : path.slice(folder.length + 1);
      const line = byFolder
        .get(folder)
        ?.findLast(({ marks, matches }) => marks[mark] !== undefined && matches(inFolder));
      if (line === undefined) continue;
      if (line.marks[mark]) return { mark, rule: line.rule };
      break;
    } while (folder !== '');
  }
  return null;
}

function parseAttributes(file: string, text: string): Line[] {
  return text.split('\n').flatMap((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || !line.includes('linguist-')) return [];
    const [, quoted, plain, attributes = ''] = /^(?:"((?:[^"\\]|\\.)*)"|(\S+))\s+(.*)$/.exec(line) ?? [];
    const pattern = quoted?.replace(/\\(["\\])/g, '$1') ?? plain;
    // Git forbids negation here, and a pattern for folders matches no file.
    if (pattern === undefined || pattern.startsWith('!') || pattern.endsWith('/')) return [];
    const marks = { ...markIn(attributes, 'generated'), ...markIn(attributes, 'vendored') };
    if (Object.keys(marks).length === 0) return [];
    return [{ matches: matcherOf(pattern), marks, rule: `${file}:${index + 1}: ${pattern}` }];
  });
}

function markIn(attributes: string, mark: Mark): Partial<Record<Mark, boolean>> {
  let found: boolean | undefined;
  for (const word of attributes.split(/\s+/)) {
    const name = `linguist-${mark}`;
    if (word === name || word === `${name}=true`) found = true;
    else if (word === `-${name}` || word === `${name}=false`) found = false;
    else if (word === `!${name}`) found = false;
  }
  return found === undefined ? {} : { [mark]: found };
}

/** Unlike an ignore rule, a pattern that matches a folder says nothing of what lies in it. */
function matcherOf(pattern: string): (path: string) => boolean {
  const body = pattern.replace(/^(\*\*\/)+(?=[^/]+$)/, '');
  if (!body.includes('/')) {
    const matches = nameMatcher(body);
    return (path) => matches(path.slice(path.lastIndexOf('/') + 1));
  }
  const parts = body.replace(/^\//, '').split('/');
  const segments = parts.map((part) => (part === '**' ? ANY_FOLDERS : nameMatcher(part)));
  return (path) => matchesWhole(segments, path.split('/'));
}

type Segment = typeof ANY_FOLDERS | ((name: string) => boolean);

/** As many folders as there are, also none; at the end of a pattern whatever lies inside. */
const ANY_FOLDERS = '**';

/** From the last segment to the first: which ends of the path the rest of the pattern matches. Each pair is tried once. */
function matchesWhole(segments: readonly Segment[], names: readonly string[]): boolean {
  let rest = names.map(() => false).concat(true);
  for (const [index, segment] of [...segments.entries()].reverse()) {
    const isLast = index === segments.length - 1;
    const from = rest.map(() => false);
    for (let at = names.length; at >= 0; at--) {
      const isInside = at < names.length;
      if (segment !== ANY_FOLDERS) from[at] = isInside && segment(names[at]!) && rest[at + 1]!;
      else from[at] = isLast ? isInside : rest[at]! || (isInside && from[at + 1]!);
    }
    rest = from;
  }
  return rest[0]!;
}

function nameMatcher(pattern: string): (name: string) => boolean {
  const rules = ignore({ ignorecase: false }).add(pattern.replace(/^[#!]/, '\\$&'));
  return (name) => rules.ignores(name);
}
