// Hits → as much of them as a token budget holds: first every place, then the lines that matched, then whole definitions,
// best hits first.
import type { MergedHit } from './merge.ts';

type Detail = 'place' | 'excerpt' | 'whole';

/** A hit as an agent gets it: the keys and values of `search --envelope`, without what says nothing. */
export type ShownHit = Partial<MergedHit> & {
  readonly location: string;
  readonly rank: number;
  /** True where `content` is not all of it; `read_chunk` gives the whole. */
  readonly content_cut?: boolean;
};

export interface Fitted {
  readonly hits: readonly ShownHit[];
  /** Hits whose content is cut, or missing. */
  readonly shortened: number;
  /** Hits that are not shown at all. */
  readonly left_out: number;
}

/** `cost` is what an answer with these hits takes; hits are shown as long as it is not more than `budget`. */
export function fitHits(
  hits: readonly MergedHit[],
  budget: number,
  cost: (fitted: Fitted) => number,
  leastDetail: Detail = 'place',
): Fitted {
  const details: Detail[] = [];
  const shown = (): Fitted => {
    const list = details.map((detail, at) => showHit(hits[at]!, detail));
    return {
      hits: list,
      shortened: list.filter((hit) => hit.content_cut).length,
      left_out: hits.length - list.length,
    };
  };
  const fits = () => cost(shown()) <= budget;
  for (let at = 0; at < hits.length; at++) {
    details.push(leastDetail);
    if (fits()) continue;
    details.pop();
    break;
  }
  for (const detail of ['excerpt', 'whole'] as const) {
    for (let at = 0; at < details.length; at++) {
      const before = details[at]!;
      details[at] = detail;
      if (!fits()) details[at] = before;
    }
  }
  return shown();
}

const EXCERPT_LINES = 12;

function showHit(hit: MergedHit, detail: Detail): ShownHit {
  const { content, matched } = hit;
  const lines = content.split('\n');
  const isShort = lines.length <= EXCERPT_LINES;
  const shown =
    detail === 'whole' || (detail === 'excerpt' && isShort) ? lines : detail === 'place' ? [] : excerpt(hit);
  const isCut = shown.length < lines.length && content !== '';
  return {
    rank: hit.rank,
    location: hit.location,
    chunk_id: hit.chunk_id,
    file_path: hit.file_path,
    start_line: hit.start_line,
    end_line: hit.end_line,
    language: hit.language,
    chunk_type: hit.chunk_type,
    ...(hit.breadcrumb === '' ? {} : { breadcrumb: hit.breadcrumb }),
    similarity_score: Math.round(hit.similarity_score * 1000) / 1000,
    stale: hit.stale,
    text_found: hit.text_found,
    ...(isCut && hit.signature ? { signature: hit.signature } : {}),
    ...(matched === undefined ? {} : { matched }),
    ...(hit.also === undefined ? {} : { also: hit.also }),
    ...(hit.why === undefined ? {} : { why: hit.why }),
    ...(shown.length === 0 ? {} : { content: shown.join('\n') }),
    ...(isCut ? { content_cut: true } : {}),
  };
}

/** The first line, and those around the part or the lines that matched. */
function excerpt({ content, matched, start_line, highlights }: MergedHit): string[] {
  const lines = content.split('\n');
  const wanted = new Set(highlights.map((line) => line.trim()));
  const found = lines.findIndex((line) => wanted.has(line.trim()));
  const middle = matched !== undefined ? matched.start_line - start_line : Math.max(0, found);
  const first = Math.max(0, Math.min(middle - 2, lines.length - EXCERPT_LINES));
  return lines.slice(first, first + EXCERPT_LINES);
}
