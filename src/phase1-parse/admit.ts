// Whether a file's bytes are worth cutting into chunks, and as what. Policy, not failure: what is left out is counted.
import type { Language } from '../languages/load.ts';
import { findLanguage, type LanguageRegistry } from '../languages/registry.ts';
import type { Source } from './assemble.ts';
import { decode, isBinary, isGenerated, isMinified, lineTable } from './source-text.ts';

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
    };

/** `maxFileBytes` can only lower the built-in limit of 2 MiB. */
export function admit(
  path: string,
  bytes: Uint8Array,
  languages: LanguageRegistry,
  maxFileBytes: number = MAX_BYTES,
): Admission {
  if (isBinary(bytes)) return { kind: 'skipped', reason: 'binary' };
  if (bytes.length > Math.min(MAX_BYTES, maxFileBytes)) return { kind: 'skipped', reason: 'too large' };
  const { text, damaged } = decode(bytes);
  if (text.trim() === '') return { kind: 'empty' };
  const lines = lineTable(text);
  const language = findLanguage(languages, path, text.slice(0, Math.min(lines.starts[1] ?? text.length, 200)));
  if (isMinified(text, lines, language?.grammar != null)) return { kind: 'skipped', reason: 'minified' };
  if (isGenerated(text, lines)) return { kind: 'skipped', reason: 'generated' };
  return { kind: 'admitted', source: { path, text, lines, language: language?.id ?? 'text' }, language, damaged };
}

/** A reason that also says, where it is so, that the text is not what the bytes were. */
export function withDamage(reason: string, damaged: boolean): string {
  if (!damaged) return reason;
  return [reason, 'not UTF-8, read with replacements'].filter((part) => part !== '').join('; ');
}
