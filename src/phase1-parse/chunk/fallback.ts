// Text without a grammar, or with one that cannot read it → blocks of lines that overlap a little.
import type { Chunk } from '../../core/chunk.ts';
import { loadBuiltInLanguages } from '../../languages/load.ts';
import { createRegistry, type LanguageRegistry } from '../../languages/registry.ts';
import { type AdmissionOptions, admit, withAdmission } from '../admit.ts';
import { assembleChunks } from './assemble.ts';
import { contentOf } from './chunk.ts';
import { type LineTable, lineTable } from './source-text.ts';
import { type Atom, BUDGET, budgetsIn, cutSegments, fits, groupAtoms, type Segment, sizeOf } from './split.ts';
import type { Draft, ParsedContent, Source } from './types.ts';

/** A block repeats the last lines of the one before it, up to a tenth; the repeated lines are nobody's own text twice. */
const OVERLAP = 1 / 10;

const RANK_PARAGRAPH = 0;
const RANK_AFTER_BLANK = 1;
const RANK_OUTERMOST = 2;
const RANK_LINE = 3;

/**
 * A file as blocks of lines without asking any grammar: for one whose parser was lost. The policy is parseFile's.
 * `reason` is recorded.
 */
export function parseAsLines(
  path: string,
  bytes: Uint8Array,
  reason: string,
  options: AdmissionOptions = {},
  languages: LanguageRegistry = createRegistry(loadBuiltInLanguages()),
): ParsedContent {
  const admission = admit(path, bytes, languages, options);
  if (admission.kind === 'skipped') return { status: 'skipped', reason: admission.reason, chunks: [] };
  if (admission.kind === 'empty') return { status: 'parsed', reason: '', chunks: [] };
  return {
    status: 'fallback',
    reason: withAdmission(reason, admission),
    chunks: blocksOf(admission.source),
  };
}

/** The chunks of a text that has no tree. */
export function blocksOf(source: Source): Chunk[] {
  return assembleChunks(source, draftBlocks(source.text, source.lines, budgetsIn(source)('')), null);
}

/** Cuts where a paragraph starts, if one does in the second half of a block. */
export function draftBlocks(text: string, lines: LineTable = lineTable(text), budget = BUDGET): Draft[] {
  const overlap = budget * OVERLAP;
  const atoms = lineAtoms(text, lines, budget - overlap);
  const drafts: Draft[] = [];
  let before = 0; // atoms in the blocks so far
  for (const block of groupAtoms(atoms, budget - overlap)) {
    const start = block[0]!.start;
    const end = block.at(-1)!.end;
    if (text.slice(start, end).trim() !== '') {
      const repeated = overlapStart(text, atoms, before, overlap);
      const segments: Segment[] = [{ start, end, derived: null }];
      if (repeated < start) segments.unshift({ start: repeated, end: start, derived: text.slice(repeated, start) });
      const content = contentOf(text, segments);
      drafts.push({ kind: 'text', definition: null, segments, content, partIndex: 0, start: repeated, end });
    }
    before += block.length;
  }
  return drafts;
}

function lineAtoms(text: string, { starts }: LineTable, block: number): Atom[] {
  let afterBlank = true;
  return starts.flatMap((start, line) => {
    const end = starts[line + 1] ?? text.length;
    const written = text.slice(start, end);
    const isBlank = written.trim() === '';
    const isOutermost = !isBlank && written.trimStart() === written;
    const rank =
      afterBlank && !isBlank
        ? isOutermost
          ? RANK_PARAGRAPH
          : RANK_AFTER_BLANK
        : isOutermost
          ? RANK_OUTERMOST
          : RANK_LINE;
    afterBlank = isBlank;
    const whole: Segment[] = [{ start, end, derived: null }];
    const pieces = fits(text, whole, block) ? whole : cutSegments(text, whole, [], block).flat();
    return pieces.map((piece, index) => ({
      ...piece,
      size: sizeOf(text, piece.start, piece.end),
      rank: index === 0 ? rank : RANK_LINE + 1,
    }));
  });
}

/** Where the text starts that the block from `first` on repeats: the lines before it that hold at most `most`. */
function overlapStart(text: string, atoms: readonly Atom[], first: number, most: number): number {
  let repeated = atoms[first]!.start;
  let size = 0;
  for (let at = first - 1; at >= 0; at--) {
    const { start, end, size: own } = atoms[at]!;
    size += own;
    if (size > most) break;
    if (text.slice(start, end).trim() !== '') repeated = start;
  }
  return repeated;
}
