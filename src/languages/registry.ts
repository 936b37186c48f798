// Which language a file is in: by its name, its extension, or the interpreter its first line asks for.
import type { Language } from './load.ts';

export interface LanguageRegistry {
  readonly languages: readonly Language[];
  readonly byExtension: ReadonlyMap<string, Language>;
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
    byFilename: index((language) => language.filenames),
    byShebang: index((language) => language.shebangs),
  };
}

/** The language of a file, or null. `firstLine` is read only if the name says nothing. */
export function findLanguage(registry: LanguageRegistry, path: string, firstLine: string): Language | null {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return registry.byFilename.get(name) ?? byExtension(registry, name) ?? byInterpreter(registry, firstLine) ?? null;
}

/** The longest extension wins: `.d.ts` before `.ts`. A leading dot begins a hidden name, not an extension. */
function byExtension(registry: LanguageRegistry, name: string): Language | undefined {
  for (let dot = name.indexOf('.', 1); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const language = registry.byExtension.get(name.slice(dot).toLowerCase());
    if (language !== undefined) return language;
  }
  return undefined;
}

/** `#!/usr/bin/env -S python3.12 -u` asks for `python`. */
function byInterpreter(registry: LanguageRegistry, firstLine: string): Language | undefined {
  if (!firstLine.startsWith('#!')) return undefined;
  const words = firstLine.slice(2).trim().split(/\s+/);
  const program = baseName(words[0] ?? '');
  const interpreter =
    program === 'env'
      ? baseName(words.slice(1).find((word) => !word.startsWith('-') && !word.includes('=')) ?? '')
      : program;
  return registry.byShebang.get(interpreter) ?? registry.byShebang.get(interpreter.replace(/[\d.]+$/, ''));
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
