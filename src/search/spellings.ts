// How people write the path of a file: as it was printed, as a shell completes it, with escapes, from where they stand.
import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

/** Where a typed path may start. Both absolute. */
export interface Standing {
  readonly root: string;
  /** The folder in which the command was given. */
  readonly from: string;
}

/** One way to read what was typed. */
export interface Reading {
  /** Relative to the root, `/`-separated, in Unicode's composed form; '' is the root. */
  readonly place: string;
  /** True if it names one place; else any leading part of the path may be missing. */
  readonly isWhole: boolean;
  /** True if only a folder can be meant. */
  readonly isFolder: boolean;
}

/** The ways to read a path, the most literal first. Empty if it lies outside of the root. */
export function readingsOf(typed: string, standing: Standing): Reading[] {
  const forms = [typed, typed.replace(/\\(.)/gs, '$1'), typed.replaceAll('\\', '/')];
  const readings = [...new Set(forms)].flatMap((form) => readingsOfForm(form, standing));
  return readings.filter(({ place }, at) => readings.findIndex((other) => other.place === place) === at);
}

/**
 * The same for a glob, each with its alternatives (`*.{ts,tsx}`): with brackets that mean themselves, as in
 * `app/[slug]/*`, then with backslashes that escape, then as it is.
 */
export function globsOf(typed: string, standing: Standing): Reading[][] {
  const asText = (_: string, sign: string) => ('*?['.includes(sign) ? `[${sign}]` : sign);
  const forms = [typed.replaceAll('[', '[[]'), typed.replace(/\\(.)/gs, asText), typed, typed.replaceAll('\\', '/')];
  return [...new Set(forms)].map((form) => bracesOf(form).flatMap((each) => readingsOfForm(each, standing)));
}

function readingsOfForm(form: string, { root, from }: Standing): Reading[] {
  const isFolder = /[/\\]$/.test(form) || /(^|\/)\.{1,2}$/.test(form);
  const isWhole = isAbsolute(form) || /^\.(\/|$)|(^|\/)\.\.(\/|$)/.test(form);
  if (!isWhole) {
    const steps = form.split('/').filter((step) => step !== '' && step !== '.');
    return steps.length === 0 ? [] : [{ place: steps.join('/').normalize(), isWhole, isFolder }];
  }
  return placesIn(root, resolve(from, form)).map((place) => ({ place: place.normalize(), isWhole, isFolder }));
}

/** Empty outside of the root. Either may be named by way of a link; what does not exist is taken as it is written. */
function placesIn(root: string, absolute: string): string[] {
  const ways = [relative(root, absolute), relative(realPath(root), realPath(absolute))];
  const isInside = (way: string) => way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  return [...new Set(ways)].filter(isInside).map((way) => way.split(sep).join('/'));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}

const MOST_ALTERNATIVES = 100;

/** `*.{ts,tsx}` → `*.ts`, `*.tsx`. */
function bracesOf(glob: string): string[] {
  let globs = [glob];
  for (;;) {
    const next = globs.flatMap((each) => {
      const found = /^(.*?)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(each);
      return found === null ? [each] : found[2]!.split(',').map((part) => found[1] + part + found[3]);
    });
    if (next.length === globs.length || next.length > MOST_ALTERNATIVES) return globs;
    globs = next;
  }
}
