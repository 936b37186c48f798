// Results for programs. `schema` is 1, and only additions are made under it.
import type { RunReport, SearchAnswer, SearchHit, StatusReport } from '../../index.ts';

export function runAsJson(report: RunReport): string {
  // `failed` is what earlier versions called the unfinished files.
  const files = { ...report.files, failed: report.files.unfinished };
  return `${JSON.stringify({ schema: 1, ...report, files })}\n`;
}

export function statusAsJson(status: StatusReport): string {
  return `${JSON.stringify(status, null, 2)}\n`;
}

export function answerAsJson(answer: SearchAnswer): string {
  return `${JSON.stringify(answer, null, 2)}\n`;
}

/** A bare array, as mcp-vector-search prints it. */
export function hitsAsJson(hits: readonly SearchHit[]): string {
  return `${JSON.stringify(hits, null, 2)}\n`;
}
