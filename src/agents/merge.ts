// Hits that share lines, or are parts of one definition → one hit: an agent pays for every line that it is shown.
import type { SearchHit } from '../index.ts';

/** A hit that stands for others too: `also` has their locations. */
export type MergedHit = SearchHit & { readonly also?: readonly string[] };

/** In the order of the better of two. Where one does not contain the other, the lines of both are joined. */
export function mergeOverlapping(hits: readonly SearchHit[]): MergedHit[] {
  const merged: MergedHit[] = [];
  for (const hit of hits) {
    const at = merged.findIndex((each) => overlap(each, hit) || isSameDefinition(each, hit));
    if (at === -1) merged.push(hit);
    else merged[at] = join(merged[at]!, hit);
  }
  return merged.map((hit, index) => ({ ...hit, rank: index + 1 }));
}

function overlap(a: SearchHit, b: SearchHit): boolean {
  return a.file_path === b.file_path && a.start_line <= b.end_line && b.start_line <= a.end_line;
}

function isSameDefinition(a: SearchHit, b: SearchHit): boolean {
  return (
    a.breadcrumb !== '' && a.file_path === b.file_path && a.chunk_type === b.chunk_type && a.breadcrumb === b.breadcrumb
  );
}

function join(better: MergedHit, other: SearchHit): MergedHit {
  const also = [...(better.also ?? []), other.location];
  const [upper, lower] = better.start_line <= other.start_line ? [better, other] : [other, better];
  const isNested = lower.end_line <= upper.end_line;
  const isApart = upper.end_line < lower.start_line;
  if (isNested || isApart || !isLiteral(upper) || !isLiteral(lower)) return { ...better, also };
  const fromLower = lower.content.split('\n').slice(upper.end_line + 1 - lower.start_line);
  return {
    ...better,
    content: [upper.content, ...fromLower].join('\n'),
    start_line: upper.start_line,
    end_line: lower.end_line,
    location: `${better.file_path}:${upper.start_line}-${lower.end_line}`,
    line_count: lower.end_line - upper.start_line + 1,
    also,
  };
}

/** Whether the content is the file's lines as they are, and not a summary of them. */
function isLiteral({ content, start_line, end_line }: SearchHit): boolean {
  return content.split('\n').length === end_line - start_line + 1;
}
