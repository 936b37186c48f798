// What `--files` was given × the paths that are indexed → which files are meant. A literal path comes first, then a
// folder, then a glob; nothing that matches no file is taken for an answer.
import { isAbsolute } from 'node:path';
import { editDistance, nearest } from '../core/nearest.ts';
import { globAsRegex } from '../discover/glob.ts';
import { globsOf, type Reading, readingsOf, type Standing } from './spellings.ts';

/** How one value of `--files` was understood. Keys as they are printed. */
export interface FileChoice {
  readonly typed: string;
  /** Null if it matches no indexed file. */
  readonly taken_as: 'path' | 'glob' | null;
  /** What it was read as, relative to the root; several for a glob with alternatives. */
  readonly patterns: readonly string[];
  /** True for `!value`: these files are left out. */
  readonly excludes: boolean;
  readonly matched_files: number;
  /** An indexed path that may have been meant; null if there is none, or none is needed. */
  readonly nearest: string | null;
}

export interface FileMatch {
  readonly choice: FileChoice;
  /** Regular expressions of the engine over `file_path`; empty if nothing matches. */
  readonly regexes: readonly string[];
}

/** Values may hold several paths, parted by commas; a path with a comma in it is one if it is indexed. */
export function matchFiles(typed: readonly string[], paths: readonly string[], standing: Standing): FileMatch[] {
  const known = paths.map((path) => ({ path, composed: path.normalize() }));
  return typed.flatMap((value) => {
    const whole = matchOne(value, known, standing);
    const parts = whole.choice.taken_as === null ? partsOf(value) : [];
    return parts.length > 1 ? parts.map((part) => matchOne(part, known, standing)) : [whole];
  });
}

/**
 * The one indexed path that is meant by a typed one, from where the user stands or else from the root; null if there is
 * none, or more than one with that end.
 */
export function findPath(typed: string, paths: readonly string[], standing: Standing): string | null {
  const relative = isAbsolute(typed) ? typed : `./${typed}`;
  const readings = [standing, { ...standing, from: standing.root }].flatMap((from) => readingsOf(relative, from));
  for (const key of [(path: string) => path, (path: string) => path.toLowerCase()]) {
    for (const { place } of readings) {
      const found = paths.find((path) => key(path.normalize()) === key(place));
      if (found !== undefined) return found;
    }
  }
  const ends = readingsOf(typed, standing).map(({ place }) => `/${place}`);
  const longer = paths.filter((path) => ends.some((end) => path.normalize().endsWith(end)));
  return longer.length === 1 ? longer[0]! : null;
}

/** Parts between commas that stand in no braces, without blanks around them. */
function partsOf(value: string): string[] {
  const parts = value.match(/(?:\{[^{}]*\}|[^,])+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

interface KnownPath {
  readonly path: string;
  readonly composed: string;
}

function matchOne(typed: string, known: readonly KnownPath[], standing: Standing): FileMatch {
  const found = find(typed, known, standing);
  if (found !== null || !typed.startsWith('!')) return found ?? unmatched(typed, known, false);
  const rest = typed.slice(1);
  const left = find(rest, known, standing);
  if (left === null) return unmatched(typed, known, true);
  return { ...left, choice: { ...left.choice, typed, excludes: true } };
}

function find(typed: string, known: readonly KnownPath[], standing: Standing): FileMatch | null {
  const readings = readingsOf(typed, standing);
  const asPath = (key: (path: string) => string) => {
    for (const reading of readings) {
      const wanted = { ...reading, place: key(reading.place) };
      const matched = known.filter(({ composed }) => placeWithin(key(composed), wanted) !== null);
      if (matched.length === 0) continue;
      // As they are stored: letters may be composed otherwise, or be capital ones.
      const stored = matched.map(({ path, composed }) =>
        storedPlace(path, composed, placeWithin(key(composed), wanted)!),
      );
      return matchOf(
        typed,
        'path',
        stored,
        matched.length,
        stored.map((place) => pathRegex(place, reading)),
      );
    }
    return null;
  };
  return asPath((path) => path) ?? asGlob(typed, known, standing) ?? asPath((path) => path.toLowerCase());
}

function asGlob(typed: string, known: readonly KnownPath[], standing: Standing): FileMatch | null {
  for (const alternatives of globsOf(typed, standing)) {
    // `packages/*/src` may name folders.
    for (const globs of [alternatives, alternatives.map((each) => ({ ...each, place: `${each.place}/**` }))]) {
      const regexes = globs.flatMap(({ place, isWhole, isFolder }) => {
        const glob = isFolder && !place.endsWith('**') ? `${place}/**` : place;
        return [...new Set([glob, glob.normalize('NFD')])].map((form) => globAsRegex(form, isWhole));
      });
      const tests = regexes.map((regex) => new RegExp(regex.replace('(?s:', '(?:'), 's'));
      const matched = known.filter(({ path }) => tests.some((test) => test.test(path)));
      if (matched.length > 0)
        return matchOf(
          typed,
          'glob',
          globs.map(({ place }) => place),
          matched.length,
          regexes,
        );
    }
  }
  return null;
}

/** Where in a path the place ends that was asked for; null if it is not in it. */
function placeWithin(path: string, { place, isWhole, isFolder }: Reading): { start: number; end: number } | null {
  if (place === '') return { start: 0, end: 0 };
  for (let start = 0; start !== -1; start = isWhole ? -1 : nextStep(path, start)) {
    if (!path.startsWith(place, start)) continue;
    const end = start + place.length;
    if (path[end] === '/' || (end === path.length && !isFolder)) return { start, end };
  }
  return null;
}

function nextStep(path: string, start: number): number {
  const slash = path.indexOf('/', start);
  return slash === -1 ? -1 : slash + 1;
}

/** The same steps of the path in its stored form, which may have other lengths. */
function storedPlace(path: string, composed: string, { start, end }: { start: number; end: number }): string {
  const before = composed.slice(0, start).split('/').length - 1;
  const steps = composed.slice(start, end).split('/').length;
  return end === 0
    ? ''
    : path
        .split('/')
        .slice(before, before + steps)
        .join('/');
}

function pathRegex(place: string, { isWhole }: Reading): string {
  if (place === '') return '.*';
  const literal = globAsRegex(place.replace(/[*?[]/g, '[$&]'), isWhole);
  return `${literal.slice(0, -2)}(/.*)?)$`;
}

function matchOf(
  typed: string,
  taken_as: 'path' | 'glob',
  patterns: readonly string[],
  matched_files: number,
  regexes: readonly string[],
): FileMatch {
  const choice = { typed, taken_as, patterns: [...new Set(patterns)], excludes: false, matched_files, nearest: null };
  return { choice, regexes: [...new Set(regexes)] };
}

function unmatched(typed: string, known: readonly KnownPath[], excludes: boolean): FileMatch {
  const paths = known.map(({ path }) => path);
  const choice = {
    typed,
    taken_as: null,
    patterns: [],
    excludes,
    matched_files: 0,
    nearest: nearestPath(typed, paths),
  };
  return { choice, regexes: [] };
}

/** The indexed path that is most like a typed one: the same name elsewhere, else a name or path with few other letters. */
export function nearestPath(typed: string, paths: readonly string[]): string | null {
  const steps = typed
    .replace(/^!/, '')
    .split(/[/\\]/)
    .filter((step) => step !== '' && step !== '.');
  const wanted = steps.join('/');
  const name = steps.at(-1) ?? '';
  if (name === '' || /^[*?]+$/.test(name)) return null;
  const names = new Map<string, string[]>();
  for (const path of paths) {
    // A folder may have been meant.
    const all = path.split('/');
    for (const [at, step] of all.entries()) {
      const places = names.get(step) ?? [];
      names.set(step, places);
      if (places.length < MOST_PLACES) places.push(all.slice(0, at + 1).join('/'));
    }
  }
  const like =
    [...names.keys()].find((step) => step.toLowerCase() === name.toLowerCase()) ?? nearest(name, names.keys());
  const places = like === undefined ? [] : (names.get(like) ?? []);
  return (
    places.toSorted((a, b) => editDistance(wanted, a) - editDistance(wanted, b))[0] ?? nearest(wanted, paths) ?? null
  );
}

/** Of places with the same name so many are compared. */
const MOST_PLACES = 100;
