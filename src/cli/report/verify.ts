// What verify and its repair found and did, for people.
import type { Finding, RepairReport, VerifyReport } from '../../index.ts';
import { count, counted } from '../format.ts';
import type { Command } from '../invocation.ts';
import type { Output } from '../output.ts';
import { visible } from '../visible.ts';

export function printVerification(out: Output, report: VerifyReport, command: Command): void {
  printFindings(out, report);
  if (report.clean && report.complete) out.line(`${out.bold('clean')}: every chunk has its vector, nothing is damaged`);
  else if (report.clean) {
    out.line(`${out.bold('clean, but not complete')}: ${pendingWords(report)}`);
    out.line(`Next: ${out.cyan(visible(command(isExternal(report) ? 'index' : 'resume')))}`);
  } else {
    out.line(out.bold(out.red('damaged')));
    const isOther = report.findings.every(({ code }) => code.startsWith('against-'));
    // What mcp-vector-search doubled or lost is put right when its tables are taken over.
    const words = isExternal(report) ? 'index' : 'verify --repair';
    if (!isOther) out.line(`Next: ${out.cyan(visible(command(words)))}`);
  }
}

export function printRepair(out: Output, { before, actions, after }: RepairReport, command: Command): void {
  printFindings(out, before);
  if (actions.length === 0 && before.clean) {
    out.line('nothing to repair');
    if (!before.complete) out.line(`Next: ${out.cyan(visible(command(isExternal(before) ? 'index' : 'resume')))}`);
    return;
  }
  out.line('Repaired:');
  for (const { action, count: times, examples } of actions) {
    out.line(`  ${count(times)} × ${action}`);
    for (const example of examples) out.line(out.dim(`      ${visible(example)}`));
  }
  if (after.clean) out.line(`Next: ${out.cyan(visible(command('index')))} creates the removed rows again`);
  else {
    out.line('Left:');
    printList(out, after.findings);
    out.line(`${out.bold(out.red('still damaged'))}: move the index directory away and index again`);
  }
}

function printFindings(out: Output, report: VerifyReport): void {
  out.line(`Index in ${out.bold(visible(report.index_dir))}, ${report.depth} check`);
  const { files, chunks, vectors } = report;
  out.line(`  ${counted(files, 'file')}, ${counted(chunks.total, 'chunk')}, ${counted(vectors, 'vector')}`);
  printList(out, report.findings);
}

function printList(out: Output, findings: readonly Finding[]): void {
  for (const { code, place, severity, meaning, count: times, examples } of findings) {
    const word = severity === 'damage' ? out.red('damage') : out.yellow('unfinished');
    out.line(`  ${word} ${place}: ${count(times)} × ${code} (${meaning})`);
    for (const example of examples) out.line(out.dim(`      ${visible(example)}`));
  }
}

function isExternal({ findings }: VerifyReport): boolean {
  return findings.some(({ code }) => code === 'another-program' || code === 'file-of-another');
}

function pendingWords(report: VerifyReport): string {
  const { chunks, findings } = report;
  const { pending = 0, processing = 0, error = 0 } = chunks.by_status;
  const words: string[] = [];
  if (pending + processing > 0) words.push(`${counted(pending + processing, 'chunk')} pending`);
  if (error > 0) words.push(`${counted(error, 'chunk')} in error`);
  if (isExternal(report)) words.push('mcp-vector-search wrote here');
  else if (findings.length > 0) words.push('an interrupted run left something to finish');
  return words.length > 0 ? words.join(', ') : 'phase 1 has not finished';
}
