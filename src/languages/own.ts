// A user's own languages: the same folders as the built-in ones, named by the configuration.
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { IndexerError } from '../core/errors.ts';
import type { LanguageFolder } from '../core/language-folder.ts';
import { type Language, loadBuiltInLanguages, loadLanguage } from './load.ts';

/**
 * The languages in these folders, in order. Throws CONFIG_INVALID for a folder that is not there or holds no valid
 * language, and for one that is not trusted and brings a grammar, or reads a query outside of itself.
 */
export function loadOwnLanguages(folders: readonly LanguageFolder[]): Language[] {
  return folders.map((folder) => {
    if (!statSync(folder.path, { throwIfNoEntry: false })?.isDirectory()) {
      throw invalid(`there is no folder ${folder.path}, which is named as a language's`, 'correct "languages"');
    }
    const confined = folder.isTrusted ? null : (file: URL) => refuseOutside(folder.path, file);
    const language = loadLanguage(pathToFileURL(join(folder.path, '/')), { confined });
    const { grammar } = language;
    if (grammar === null || grammar.sha256 !== null) return language;
    if (!folder.isTrusted) {
      throw invalid(
        `${folder.path} brings a grammar of its own, and loading one can run any code`,
        'if you trust it, name the folder in your own settings instead of the project’s',
      );
    }
    const sha256 = createHash('sha256').update(readFileSync(grammar.path)).digest('hex');
    return { ...language, grammar: { ...grammar, sha256 } };
  });
}

/** The built-in languages without those that an own one of the same id replaces, then the own ones. */
export function withOwn(own: readonly Language[]): Language[] {
  const replaced = new Set(own.map((language) => language.id));
  return [...loadBuiltInLanguages().filter((language) => !replaced.has(language.id)), ...own];
}

/** Changes with anything that chunks depend on; '' if there are none. */
export function fingerprintOf(own: readonly Language[]): string {
  if (own.length === 0) return '';
  const plain = (_: string, value: unknown) =>
    value instanceof Set ? [...value] : value instanceof RegExp ? value.source : value;
  const withoutPlace = own.map(({ grammar, ...language }) => ({ ...language, grammar: grammar?.sha256 }));
  return createHash('sha256').update(JSON.stringify(withoutPlace, plain)).digest('hex').slice(0, 12);
}

function refuseOutside(folder: string, file: URL): void {
  const path = fileURLToPath(file);
  const place = relative(realpathSync(folder), realpathSync(path));
  if (place !== '..' && !place.startsWith(`..${sep}`) && !isAbsolute(place)) return;
  throw invalid(
    `${folder} reads ${path}, which is outside of it`,
    'copy the file into it, or name the folder in your own settings',
  );
}

function invalid(message: string, hint: string): IndexerError {
  return new IndexerError('CONFIG_INVALID', message, { hint });
}
