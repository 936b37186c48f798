// Ranked chunks → results: a definition once, whatever parts and nested pieces of it were found, in at most 100 lines.
import type { StoredDocument } from '../../text-index/document.ts';
import { FACTORS, type Factors } from './factors.ts';
import { definitionOf, type Ranked } from './rank.ts';

export const MOST_LINES = 100;

export interface Result {
  /** The part that matched best. */
  readonly best: Ranked;
  /** Chunks of the definition, in file order. */
  readonly parts: readonly StoredDocument[];
  /** 1-based, inclusive, at most 100 lines. */
  readonly startLine: number;
  readonly endLine: number;
  /** Whether all parts are shown; else the best one alone. */
  readonly isWhole: boolean;
  readonly score: number;
}

/** The best `limit` results, best first: each further one of a file counts for less. */
export function toResults(ranked: readonly Ranked[], limit: number, factors: Factors = FACTORS): Result[] {
  const results: Result[] = [];
  const perFile = new Map<string, number>();
  const waiting = [...ranked];
  while (results.length < limit) {
    let bestIndex = -1;
    let bestScore = -1;
    for (let index = 0; index < waiting.length; index++) {
      const each = waiting[index]!;
      if (each.score <= bestScore) break; // the rest scores less, and nothing raises a score
      const score = each.score * factors.sameFile ** (perFile.get(each.candidate.document.filePath) ?? 0);
      if (score > bestScore) [bestIndex, bestScore] = [index, score];
    }
    const [best] = bestIndex < 0 ? [] : waiting.splice(bestIndex, 1);
    if (best === undefined) break;
    const result = resultOf(best, bestScore);
    if (results.some((earlier) => isCovered(result, earlier))) continue;
    const path = best.candidate.document.filePath;
    perFile.set(path, (perFile.get(path) ?? 0) + 1);
    results.push(result);
  }
  return results;
}

function resultOf(best: Ranked, score: number): Result {
  const { document } = best.candidate;
  const parts =
    document.breadcrumb === ''
      ? [document]
      : best.candidate.siblings().filter((each) => definitionOf(each) === definitionOf(document));
  const first = Math.min(...parts.map((part) => part.startLine));
  const last = Math.max(...parts.map((part) => part.endLine));
  const isWhole = last - first < MOST_LINES;
  const [startLine, endLine] = isWhole ? [first, last] : [document.startLine, document.endLine];
  return { best, parts, startLine, endLine: Math.min(endLine, startLine + MOST_LINES - 1), isWhole, score };
}

/** Another part of a definition that is there already, or lines that are. */
function isCovered(result: Result, earlier: Result): boolean {
  const [a, b] = [result.best.candidate.document, earlier.best.candidate.document];
  if (a.filePath !== b.filePath) return false;
  if (definitionOf(a) === definitionOf(b)) return true;
  const contains = (outer: Result, inner: Result) =>
    outer.startLine <= inner.startLine && inner.endLine <= outer.endLine;
  return contains(earlier, result) || contains(result, earlier);
}
