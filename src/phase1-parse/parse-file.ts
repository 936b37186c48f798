// One file's bytes → chunks. Parsing never fails: what a grammar cannot read is cut into lines, and the reason is kept.
// Nothing here depends on any other file, on the disk or on the clock.

import type { Chunk } from '../core/chunk.ts';
import type { Language } from '../languages/load.ts';
import { type AdmissionOptions, admit, withAdmission } from './admit.ts';
import { assembleChunks } from './chunk/assemble.ts';
import { draftChunks } from './chunk/chunk.ts';
import { docstringsOf, inheritedBy, signatureOf } from './chunk/details.ts';
import { blocksOf } from './chunk/fallback.ts';
import { buildHierarchy, type Definition, ownedSpans } from './chunk/hierarchy.ts';
import { measureDefinitions } from './chunk/metrics.ts';
import { hasOnlyCarriageReturns } from './chunk/source-text.ts';
import type { Draft, ParsedContent, Source } from './chunk/types.ts';
import { type Findings, readMatches } from './syntax/captures.ts';
import type { Syntax, SyntaxReading } from './syntax/syntax.ts';
import { measureUnreadable } from './syntax/unreadable.ts';

/** Above this a file gets no syntax tree: the parser's memory grows a hundredfold and never shrinks. */
const MAX_TREE_BYTES = 1024 * 1024;

/**
 * Cuts one file into chunks, in file order, each parent before its children. `path` is stored as it is.
 * Policy decides `skipped`, with the reason `binary`, `too large`, `minified` or `generated`; `fallback` means blocks of
 * lines, `parsed-with-errors` a tree with holes. Rejects for GRAMMAR_DAMAGED, for the bad query of a user's own language,
 * for SYSTEM_FAILED where a grammar could not be loaded, and when the wasm module is lost.
 */
export async function parseFile(
  path: string,
  bytes: Uint8Array,
  syntax: Syntax,
  options: AdmissionOptions = {},
): Promise<ParsedContent> {
  const admission = admit(path, bytes, syntax.languages, options);
  if (admission.kind === 'skipped') return { status: 'skipped', reason: admission.reason, chunks: [] };
  if (admission.kind === 'empty') return { status: 'parsed', reason: '', chunks: [] };
  const { source, language } = admission;
  const content = await parseText(source, language, bytes.length, syntax);
  return { ...content, reason: withAdmission(content.reason, admission) };
}

async function parseText(
  source: Source,
  language: Language | null,
  byteLength: number,
  syntax: Syntax,
): Promise<ParsedContent> {
  if (language === null || language.grammar === null) return asBlocks(source, 'no grammar');
  if (byteLength > MAX_TREE_BYTES) return asBlocks(source, 'too large for a syntax tree');
  if (hasOnlyCarriageReturns(source.text)) return asBlocks(source, 'lines end with CR only');
  const content = await syntax.read(language, source.text, (reading) => asTree(source, reading));
  return content ?? asBlocks(source, 'too many steps to parse');
}

function asTree(source: Source, reading: SyntaxReading): ParsedContent {
  const findings = readMatches(reading.matches);
  const { count, characters } = measureUnreadable(reading.errors, findings.definitions);
  if (characters * 2 > source.text.trim().length) return asBlocks(source, 'mostly syntax errors');
  const chunks = chunksOf(source, reading, findings);
  if (count === 0) return { status: 'parsed', reason: '', chunks };
  return { status: 'parsed-with-errors', reason: `${count} syntax error${count === 1 ? '' : 's'}`, chunks };
}

function asBlocks(source: Source, reason: string): ParsedContent {
  return { status: 'fallback', reason, chunks: blocksOf(source) };
}

function chunksOf(source: Source, reading: SyntaxReading, findings: Findings): Chunk[] {
  const { text, lines } = source;
  const { marks } = findings;
  const { definitions, signatures, drafts } = draftFile(source, reading, findings);
  const owned = ownedSpans(definitions, text.length);
  return assembleChunks(source, drafts, {
    marks,
    signatures,
    docstrings: docstringsOf(text, definitions, owned, marks),
    inherited: inheritedBy(text, definitions, owned, marks),
    metrics: measureDefinitions(definitions, owned, marks, lines),
  });
}

/** The cut without the chunks: which stretches of a file belong to which. */
export function draftFile(
  source: Source,
  reading: SyntaxReading,
  findings: Findings,
): { definitions: Definition[]; signatures: string[]; drafts: Draft[] } {
  const { text } = source;
  const definitions = buildHierarchy(text, findings);
  const signatures = definitions.map((definition) => signatureOf(text, definition, findings.marks.comments));
  const drafts = draftChunks(source, definitions, signatures, findings.marks.aparts, reading.boundariesIn);
  return { definitions, signatures, drafts };
}
