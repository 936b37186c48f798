// Which language a file is in: by its name, its extension, or the interpreter its first line asks for.
import type { Language } from './load.ts';
import { namedLanguage } from './names.ts';

export interface LanguageRegistry {
  readonly languages: readonly Language[];
  readonly byExtension: ReadonlyMap<string, Language>;
  readonly byText: ReadonlyMap<string, readonly { readonly language: Language; readonly unless: RegExp }[]>;
  readonly byFilename: ReadonlyMap<string, Language>;
  readonly byShebang: ReadonlyMap<string, Language>;
}

/** Where two languages claim the same word, the later one has it: a user's own come last. */
export function createRegistry(languages: readonly Language[]): LanguageRegistry {
  const index = (words: (language: Language) => readonly string[]) =>
    new Map(languages.flatMap((language) => words(language).map((word) => [word, language] as const)));
  return {
    languages,
    byExtension: index((language) => language.extensions),
    byText: sharedBy(languages),
    byFilename: index((language) => language.filenames),
    byShebang: index((language) => language.shebangs),
  };
}

function sharedBy(languages: readonly Language[]): LanguageRegistry['byText'] {
  const shared = new Map<string, { language: Language; unless: RegExp }[]>();
  for (const language of languages) {
    for (const { extension, unless } of language.sharedExtensions) {
      const claim = { language, unless: new RegExp(unless, 'm') };
      shared.set(extension, [claim, ...(shared.get(extension) ?? [])]);
    }
  }
  return shared;
}

/** So much of a text tells which of two languages it is in. */
const TELLING = 50_000;

/** The language of a file, or null. `text` is looked at if its extension is shared, or if the name says nothing. */
export function findLanguage(registry: LanguageRegistry, path: string, text: string): Language | null {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return registry.byFilename.get(name) ?? byExtension(registry, name, text) ?? byInterpreter(registry, text) ?? null;
}

/** The longest extension wins: `.d.ts` before `.ts`. A leading dot begins a hidden name, not an extension. */
function byExtension(registry: LanguageRegistry, name: string, text: string): Language | undefined {
  for (let dot = name.indexOf('.', 1); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const extension = name.slice(dot).toLowerCase();
    const claims = registry.byText.get(extension);
    const claim = claims?.find(({ unless }) => !unless.test(text.slice(0, TELLING)));
    const language = claim?.language ?? registry.byExtension.get(extension);
    if (language !== undefined) return language;
  }
  return undefined;
}

/** What its language is called: as `findLanguage` says, else by a name that no grammar here stands for, else `text`. */
export function languageIdOf(language: Language | null, path: string, text: string): string {
  return language?.id ?? namedLanguage(baseName(path), interpreterOf(text)?.replace(/[\d.]+$/, '') ?? null) ?? 'text';
}

function byInterpreter(registry: LanguageRegistry, text: string): Language | undefined {
  const interpreter = interpreterOf(text);
  if (interpreter === null) return undefined;
  return registry.byShebang.get(interpreter) ?? registry.byShebang.get(interpreter.replace(/[\d.]+$/, ''));
}

/** `#!/usr/bin/env -S python3.12 -u` asks for `python3.12`; null where nothing is asked for. */
function interpreterOf(text: string): string | null {
  if (!text.startsWith('#!')) return null;
  const firstLine = text.slice(0, 200).split('\n', 1)[0]!;
  const words = firstLine.slice(2).trim().split(/\s+/);
  const program = baseName(words[0] ?? '');
  if (program !== 'env') return program;
  return baseName(words.slice(1).find((word) => !word.startsWith('-') && !word.includes('=')) ?? '');
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
