// Fills the last column of the fault table in docs/reliability.md from what the tests that a row names came to:
//   npm test -- --fault-matrix, or node tools/fault-matrix.mjs <JSON reports of vitest…>
// What follows a semicolon in that column was written by hand, of runs by hand, and stays.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isEntry, root } from './setup.mjs';

const DOCUMENT = join(root, 'docs', 'reliability.md');
const COLUMNS = 5;

/**
 * The rows of the table: line number, cells, and the files that its fourth cell names.
 * @param {string} text @returns {{ line: number, cells: string[], files: string[] }[]}
 */
export function faultRows(text) {
  return text.split('\n').flatMap((content, line) => {
    const cells = content.split('|').map((cell) => cell.trim());
    if (!/^F\d+$/.test(cells[1] ?? '') || cells.length !== COLUMNS + 2) return [];
    const files = [...(cells[4] ?? '').matchAll(/`([\w-]+\/[\w/-]+)`/g)].map((match) => `test/${match[1]}.test.ts`);
    return [{ line, cells: cells.slice(1, -1), files }];
  });
}

/**
 * The text with the column filled. A row of which a file was not run keeps what it had.
 * @param {string} text
 * @param {{ startTime: number, testResults: { name: string, status: string, assertionResults: { status: string }[] }[] }} report
 */
export function withResults(text, { startTime, testResults }) {
  const date = new Date(startTime).toISOString().slice(0, 10);
  const lines = text.split('\n');
  for (const { line, cells, files } of faultRows(text)) {
    const results = files.map((file) =>
      testResults.find(({ name }) => name.replaceAll('\\', '/').endsWith(`/${file}`)),
    );
    if (results.length === 0 || results.includes(undefined)) continue;
    const tests = results.flatMap((result) => result?.assertionResults ?? []);
    const passed = tests.filter(({ status }) => status === 'passed').length;
    const isBroken = results.some((result) => result?.status !== 'passed');
    const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed').length;
    const counts = [
      `${passed} of ${tests.length - skipped} tests passed`,
      ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ].join(', ');
    const [, ...byHand] = (cells[4] ?? '').split(';');
    const result = [`${date}: ${isBroken ? 'FAILED, ' : ''}${counts}`, ...byHand.map((part) => part.trim())].join('; ');
    lines[line] = `| ${[...cells.slice(0, 4), result].join(' | ')} |`;
  }
  return lines.join('\n');
}

/** @param {string[]} reportPaths JSON reports of vitest, later ones first */
export function fillFaultMatrix(reportPaths) {
  const reports = reportPaths.map((path) => JSON.parse(readFileSync(path, 'utf8')));
  const startTime = Math.min(...reports.map((report) => report.startTime));
  const testResults = reports.flatMap((report) => report.testResults);
  writeFileSync(DOCUMENT, withResults(readFileSync(DOCUMENT, 'utf8'), { startTime, testResults }));
}

if (isEntry(import.meta.url)) fillFaultMatrix(process.argv.slice(2));
