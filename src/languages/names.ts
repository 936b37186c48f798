// What the language of a file is called that no grammar here parses, so that search can be narrowed to it.
import { readFileSync } from 'node:fs';
import * as v from 'valibot';

const table = v.record(v.string(), v.string());
const namesSchema = v.object({ extensions: table, filenames: table, shebangs: table, aliases: table });

type Names = Readonly<Record<'extensions' | 'filenames' | 'shebangs' | 'aliases', ReadonlyMap<string, string>>>;

let names: Names | null = null;

/** Read when the first such file comes: GitHub Linguist's table, made by tools/linguist.mjs. */
function knownNames(): Names {
  if (names !== null) return names;
  const data = v.parse(namesSchema, JSON.parse(readFileSync(new URL('names.json', import.meta.url), 'utf8')));
  const mapOf = (key: keyof Names) => new Map(Object.entries(data[key]));
  names = {
    extensions: mapOf('extensions'),
    filenames: mapOf('filenames'),
    shebangs: mapOf('shebangs'),
    aliases: mapOf('aliases'),
  };
  return names;
}

/** The id of a language by its file's name, or by the interpreter that its first line asks for; null if unknown. */
export function namedLanguage(filename: string, interpreter: string | null): string | null {
  const { filenames, extensions, shebangs } = knownNames();
  const whole = filenames.get(filename);
  if (whole !== undefined) return whole;
  for (let dot = filename.indexOf('.', 1); dot !== -1; dot = filename.indexOf('.', dot + 1)) {
    const id = extensions.get(filename.slice(dot).toLowerCase());
    if (id !== undefined) return id;
  }
  return (interpreter === null ? undefined : shebangs.get(interpreter)) ?? null;
}

/** The id of a language by any name or extension that is common for it: `terraform`, `tf`; null if unknown. */
export function languageCalled(name: string): string | null {
  const { aliases, extensions } = knownNames();
  return aliases.get(name) ?? extensions.get(name.startsWith('.') ? name : `.${name}`) ?? null;
}
