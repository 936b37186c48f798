// Search results for people.
import type { SearchAnswer, SearchHit } from '../../index.ts';
import { count } from '../format.ts';
import type { Output } from '../output.ts';
import { visible, visibleLines } from '../visible.ts';

const MOST_LINES = 4;
const MOST_COLUMNS = 160;
const INDENT = '    ';

/** Each hit: place, kind, breadcrumb, score; under it the chunk's first line and those that share words with the query. */
export function printHits(
  out: Output,
  query: string,
  { hits, how, index: { chunks } }: SearchAnswer,
  showsContext = false,
): void {
  if (hits.length === 0) {
    const isPartial = chunks.embedded < chunks.total && (how.mode === 'semantic' || how.mode === 'similar');
    const part = isPartial ? ` among ${count(chunks.embedded)} of ${count(chunks.total)} chunks` : '';
    out.line(`No results for ${visible(query)}${part}`);
  }
  const columns = Math.min(out.columns() ?? MOST_COLUMNS, MOST_COLUMNS) - INDENT.length;
  hits.forEach((hit, index) => {
    if (index > 0) out.line();
    const name = hit.breadcrumb || hit.function_name || hit.class_name || '';
    const kind = [hit.chunk_type, name]
      .filter((part) => part !== '')
      .map(visible)
      .join(' ');
    const doubt = doubtOf(hit);
    out.line(
      `${hit.rank}. ${out.bold(visible(hit.location))}  ${out.cyan(kind)}  ${out.dim(hit.similarity_score.toFixed(3))}${doubt === '' ? '' : `  ${out.yellow(doubt)}`}`,
    );
    if (hit.why) out.line(INDENT + out.dim(describeWhy(hit.why)));
    const highlights = new Set(hit.highlights.flatMap(visibleLines).map((line) => line.trim()));
    const around = (lines: readonly string[]) => {
      for (const line of lines.flatMap(visibleLines)) out.line(INDENT + out.dim(line.slice(0, columns)));
    };
    if (showsContext) around(hit.context_before);
    const lines = showsContext ? visibleLines(hit.content) : excerpt(hit.content, highlights);
    for (const line of lines) {
      const shown = line.slice(0, columns);
      out.line(INDENT + (highlights.has(line.trim()) ? out.bold(shown) : shown));
    }
    if (showsContext) around(hit.context_after);
  });
}

/** Why the text that is shown may not be what the file says. */
function doubtOf({ stale, text_found }: SearchHit): string {
  if (stale === 'gone') return '(the file is gone)';
  if (stale === 'unknown') return '(could not be compared with the file)';
  if (!stale) return '';
  return text_found ? '(the file has changed, this text has not)' : '(the file has changed: this text is not in it)';
}

/** What was added, greatest first, then by what the sum was multiplied. */
function describeWhy(why: Readonly<Record<string, number>>): string {
  const entries = Object.entries(why);
  const added = entries.filter(([name, value]) => !name.startsWith('×') && value >= 0.005);
  const factors = entries.filter(([name]) => name.startsWith('×'));
  return [
    added
      .sort(([, a], [, b]) => b - a)
      .map(([name, value]) => `${name} ${value.toFixed(2)}`)
      .join(' + '),
    ...factors.map(([name, value]) => `× ${value} (${name.slice(1)})`),
  ].join(' ');
}

function excerpt(content: string, highlights: ReadonlySet<string>): string[] {
  const lines = visibleLines(content).filter((line) => line.trim() !== '');
  const chosen = lines.filter((line, index) => index === 0 || highlights.size === 0 || highlights.has(line.trim()));
  return chosen.slice(0, MOST_LINES);
}
