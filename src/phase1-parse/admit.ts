// Whether a file's bytes are worth cutting into chunks, and as what. Policy, not failure: what is left out is counted.
import { maskSecrets } from '../discover/secrets.ts';
import type { Language } from '../languages/load.ts';
import { findLanguage, type LanguageRegistry, languageIdOf } from '../languages/registry.ts';
import { notebookText } from './chunk/notebook.ts';
import { decode, isBinary, isGenerated, isMinified, lineTable } from './chunk/source-text.ts';
import type { Source } from './chunk/types.ts';

/** Larger files get no chunks at all. */
const MAX_BYTES = 2 * 1024 * 1024;

export type Admission =
  | { readonly kind: 'skipped'; readonly reason: 'binary' | 'too large' | 'minified' | 'generated' }
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'admitted';
      readonly source: Source;
      /** Null if its name and first line say nothing. */
      readonly language: Language | null;
      /** True if some bytes were no UTF-8. */
      readonly damaged: boolean;
      /** Credentials that were overwritten. */
      readonly masked: number;
    };

export interface AdmissionOptions {
  /** Can only lower the built-in limit of 2 MiB. */
  readonly maxFileBytes?: number;
  /** Leaves credentials as they are. */
  readonly allowSecrets?: boolean;
}

export function admit(
  path: string,
  bytes: Uint8Array,
  languages: LanguageRegistry,
  options: AdmissionOptions = {},
): Admission {
  if (isBinary(bytes)) return { kind: 'skipped', reason: 'binary' };
  if (bytes.length > Math.min(MAX_BYTES, options.maxFileBytes ?? MAX_BYTES))
    return { kind: 'skipped', reason: 'too large' };
  const { text: decoded, damaged } = decode(bytes);
  const language = findLanguage(languages, path, decoded);
  const written = (language?.notebook ? notebookText(decoded) : null) ?? decoded;
  if (!/\S/.test(written)) return { kind: 'empty' };
  const { text, masked } = options.allowSecrets ? { text: written, masked: 0 } : maskSecrets(written);
  const lines = lineTable(text);
  if (isMinified(text, lines, language?.grammar != null && !language.prose))
    return { kind: 'skipped', reason: 'minified' };
  if (isGenerated(text, lines)) return { kind: 'skipped', reason: 'generated' };
  return {
    kind: 'admitted',
    source: { path, text, lines, language: languageIdOf(language, path, text), density: language?.density ?? 1 },
    language,
    damaged,
    masked,
  };
}

/** A reason that also says in what the text differs from the file's bytes, if it does. */
export function withAdmission(reason: string, { damaged, masked }: { damaged: boolean; masked: number }): string {
  return [
    reason,
    damaged ? 'not UTF-8, read with replacements' : '',
    masked > 0 ? `${masked} secret${masked === 1 ? '' : 's'} masked` : '',
  ]
    .filter((part) => part !== '')
    .join('; ');
}
