// Files of settings: JSON with comments, as people write it by hand.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import { errnoOf, IndexerError, messageOf } from '../core/errors.ts';

const PROJECT_FILES = ['.tandem.json', '.tandem.jsonc'] as const;
const PACKAGE_KEY = 'tandem';
const MOST_FILE_BYTES = 1024 * 1024;

export interface ProjectFile {
  /** The file as a message names it, with the key inside where it is one of package.json. */
  readonly path: string;
  /** Not yet checked. */
  readonly settings: unknown;
}

/**
 * What a project says of itself: `.tandem.json` or `.tandem.jsonc`, else the key `tandem` of its package.json; `{}` where
 * there is none of them. Errors: CONFIG_INVALID, also where both files are there.
 */
export function findProjectFile(root: string, warnings: string[]): ProjectFile {
  const [first, second] = PROJECT_FILES.map((name) => join(root, name)).flatMap((path) => {
    const settings = readJsonFile(path);
    return settings === undefined ? [] : [{ path, settings }];
  });
  if (first !== undefined && second !== undefined) {
    throw invalid(first.path, `and ${second.path} both hold settings`, 'remove one of them');
  }
  return (
    first ??
    packageSettings(join(root, 'package.json'), warnings) ?? { path: join(root, PROJECT_FILES[0]), settings: {} }
  );
}

/** A package.json is written for others; what is wrong with it is no reason to stop. */
function packageSettings(path: string, warnings: string[]): ProjectFile | undefined {
  try {
    const manifest = readJsonFile(path);
    const isObject = typeof manifest === 'object' && manifest !== null && Object.hasOwn(manifest, PACKAGE_KEY);
    return isObject
      ? { path: `${path} (${PACKAGE_KEY})`, settings: (manifest as Record<string, unknown>)[PACKAGE_KEY] }
      : undefined;
  } catch (error) {
    warnings.push(`settings in package.json, if there are any, are not used: ${messageOf(error)}`);
    return undefined;
  }
}

/** Undefined where there is no file. Comments and trailing commas are allowed. Errors: CONFIG_INVALID. */
export function readJsonFile(path: string): unknown {
  let text: string;
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    if (!stats.isFile() || stats.size > MOST_FILE_BYTES) {
      throw invalid(path, 'is not a small regular file', 'make it a JSON file of settings, or remove it');
    }
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if (error instanceof IndexerError) throw error;
    if (errnoOf(error) === 'ENOTDIR') return undefined;
    throw invalid(path, `cannot be read: ${messageOf(error)}`, 'correct it, or remove it to use the defaults', error);
  }
  const mistakes: ParseError[] = [];
  const value: unknown = parse(text, mistakes, { allowTrailingComma: true });
  const [mistake] = mistakes;
  if (mistake === undefined) return value;
  const before = text.slice(0, mistake.offset).split('\n');
  const place = `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
  throw invalid(path, `is no JSON: ${inWords(mistake)} at ${place}`, 'correct it, or remove it to use the defaults');
}

/** `ColonExpected` → `colon expected`. */
function inWords({ error }: ParseError): string {
  return printParseErrorCode(error)
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .trim();
}

export function invalid(source: string, message: string, hint: string, cause?: unknown): IndexerError {
  return new IndexerError('CONFIG_INVALID', `${source} ${message}`, { hint, cause });
}
