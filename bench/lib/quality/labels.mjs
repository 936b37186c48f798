// Labelled queries, read from any of the forms that are used, as { query, targets: [{ path, start, end, grade }] }.
import { readFileSync } from 'node:fs';

/**
 * A JSON array of `{query, relevant, secondary}` or `{query, graded}`, where a target is a path or
 * `{path, start_line, end_line, grade}`; or text, a line each: `query, file[:line[-line]]`. Equal queries become one.
 */
export function readLabels(path) {
  const text = readFileSync(path, 'utf8');
  const labels = text.trimStart().startsWith('[') ? JSON.parse(text).map(fromJson) : text.split('\n').flatMap(fromLine);
  const byQuery = new Map();
  for (const { query, targets } of labels) byQuery.set(query, [...(byQuery.get(query) ?? []), ...targets]);
  if (byQuery.size === 0) throw new Error(`${path} has no labelled query; a line is: query, file[:line]`);
  return [...byQuery].map(([query, targets]) => ({ query, targets }));
}

function fromJson({ query, relevant = [], secondary = [], graded = [] }) {
  return { query, targets: [...relevant, ...secondary, ...graded].map(targetOf) };
}

function fromLine(line) {
  if (line.trim() === '' || line.startsWith('#')) return [];
  const cut = line.lastIndexOf(',');
  if (cut < 0) throw new Error(`no file in the line: ${line}`);
  return [{ query: line.slice(0, cut).trim(), targets: [targetOf(line.slice(cut + 1).trim())] }];
}

function targetOf(target) {
  if (typeof target === 'object') {
    return { path: target.path, start: target.start_line, end: target.end_line, grade: target.grade ?? 1 };
  }
  const [, path, start, end] = /^(.*?)(?::(\d+)(?:-(\d+))?)?$/.exec(target);
  return { path, start: start && Number(start), end: start && Number(end ?? start), grade: 1 };
}
