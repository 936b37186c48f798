// What Phase 1 would make of a file's bytes, without parsing it.
import { createHash } from 'node:crypto';
import { readSource } from '../discover/read-source.ts';
import type { Language } from '../languages/load.ts';
import { withOwn } from '../languages/own.ts';
import { createRegistry } from '../languages/registry.ts';
import { type AdmissionOptions, admit } from './admit.ts';

export type Inspected =
  | { readonly kind: 'taken'; readonly sha256: string; readonly language: string; readonly size: number }
  | { readonly kind: 'left out'; readonly sha256: string; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'vanished' };

/** `realRoot` is the root's real path. The function reads one file, named relative to it; it never throws. */
export function openInspector(
  realRoot: string,
  options: Required<AdmissionOptions>,
  own: readonly Language[],
): (path: string) => Inspected {
  const languages = createRegistry(withOwn(own));
  return (path) => {
    const source = readSource(realRoot, path, options.maxFileBytes);
    if (source.kind === 'vanished') return { kind: 'vanished' };
    if (source.kind === 'failed') return { kind: 'failed', reason: source.reason };
    if (source.kind === 'too-large') return { kind: 'left out', sha256: '', reason: 'too large' };
    const sha256 = createHash('sha256').update(source.bytes).digest('hex');
    const admission = admit(path, source.bytes, languages, options);
    if (admission.kind === 'skipped') return { kind: 'left out', sha256, reason: admission.reason };
    const language = admission.kind === 'empty' ? '' : admission.source.language;
    return { kind: 'taken', sha256, language, size: source.bytes.length };
  };
}
