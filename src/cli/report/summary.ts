// What a run did, for people: the result of `index` and `resume`.
import { onDevice } from '../../core/device.ts';
import type { Config, RunReport } from '../../index.ts';
import { bytes, count, counted, elapsed, rate } from '../format.ts';
import type { Command } from '../invocation.ts';
import type { Output } from '../output.ts';
import { visible } from '../visible.ts';

const MOST_UNFINISHED = 10;

export interface SummaryOptions {
  /** Lists every unfinished file, not the first ten. */
  readonly verbose: boolean;
  readonly command: Command;
}

export function printSummary(out: Output, report: RunReport, config: Config, options: SummaryOptions): void {
  const { files, phase1, phase2, chunks } = report;
  const row = (name: string, text: string) => out.line(`  ${name.padEnd(9)} ${text}`);

  out.line(`${headline(out, report)} ${visible(config.root)}`);
  if (phase1 !== null) {
    row(
      'files',
      `${count(files.discovered)}${foundBy(files.found_by)}: ${fileChanges(files)}; ${count(files.parsed)} parsed`,
    );
    const skipped = Object.entries(files.skipped).filter(([, times]) => times > 0);
    if (skipped.length > 0)
      row('skipped', skipped.map(([reason, times]) => `${count(times)} ${visible(reason)}`).join(', '));
  }
  printUnfinished(out, files.unfinished, options.verbose ? files.unfinished.length : MOST_UNFINISHED);
  row('chunks', `${count(chunks.total)}: ${count(chunks.complete)} embedded${waiting(chunks)}`);
  if (phase1 !== null) {
    row(
      'phase 1',
      `${speed(files.parsed, phase1.seconds, 'files')}, ${bytes(phase1.bytes)} read, ${counted(phase1.chunks, 'chunk')} made`,
    );
  }
  if (phase2 !== null) {
    const reused = phase2.reused > 0 ? `, ${count(phase2.reused)} taken from the cache` : '';
    row(
      'phase 2',
      `${speed(phase2.embedded, phase2.seconds, 'chunks')} ${onDevice(phase2.device)}${reused}, ${counted(phase2.checkpoints, 'checkpoint')}`,
    );
  }
  printNextStep(out, report, options);
}

/** A run that was asked for Phase 1 alone has done all it was to do. */
function headline(out: Output, { complete, phase1, phase2, files, chunks }: RunReport): string {
  if (complete) return out.bold('Indexed');
  const isParsed = phase1 !== null && phase2 === null && files.unfinished.length === 0 && chunks.error === 0;
  return isParsed && chunks.pending > 0 ? out.bold('Parsed') : out.bold(out.yellow('Not complete:'));
}

/** `resume` found nothing to do: says why that is good, or what is wrong nevertheless. */
export function printNothingToDo(out: Output, report: RunReport): void {
  const { chunks } = report;
  if (report.complete) out.line(`Nothing to do: the index is complete (${counted(chunks.total, 'chunk')}).`);
  else
    out.line(
      `Nothing to resume, but the index is not complete: ${count(chunks.complete)} of ${count(chunks.total)} chunks embedded${waiting(chunks)}.`,
    );
}

/** Which rules counted is worth a word: without git, tracked files that its rules hide are not found. */
export function foundBy(method: RunReport['files']['found_by']): string {
  return method === null ? '' : ` found by ${method === 'git' ? 'asking git' : 'walking the tree'}`;
}

export function fileChanges(files: Pick<RunReport['files'], 'added' | 'changed' | 'removed' | 'unchanged'>): string {
  const changes = [
    [files.added, 'added'],
    [files.changed, 'changed'],
    [files.removed, 'removed'],
    [files.unchanged, 'unchanged'],
  ] as const;
  const told = changes.filter(([times]) => times > 0).map(([times, name]) => `${count(times)} ${name}`);
  return told.length === 0 ? 'nothing changed' : told.join(', ');
}

function waiting(chunks: RunReport['chunks']): string {
  const pending = chunks.pending > 0 ? `, ${count(chunks.pending)} pending` : '';
  return chunks.error > 0 ? `${pending}, ${count(chunks.error)} in error` : pending;
}

function speed(items: number, seconds: number, unit: string): string {
  const perSecond = items > 0 && seconds > 0 ? ` (${rate(items / seconds)} ${unit}/s)` : '';
  return `${count(items)} ${unit} in ${elapsed(seconds)}${perSecond}`;
}

export function printUnfinished(out: Output, files: RunReport['files']['unfinished'], most: number): void {
  if (files.length === 0) return;
  out.line(`  ${out.red('unfinished')} ${counted(files.length, 'file')}; the next run tries again`);
  for (const { path, reason } of files.slice(0, most))
    out.line(`    ${visible(path || 'the root')}: ${visible(reason)}`);
  if (files.length > most) out.line(`    and ${count(files.length - most)} more (-v lists all)`);
}

function printNextStep(out: Output, report: RunReport, { command }: SummaryOptions): void {
  const next = (words: string) => out.cyan(visible(command(words)));
  if (report.complete) out.line(`Complete. Next: ${next('search "…"')}`);
  else if (report.chunks.pending > 0) {
    out.line(`${counted(report.chunks.pending, 'chunk')} still to embed. Next: ${next('resume')}`);
  } else if (report.chunks.error > 0) {
    out.line(`${counted(report.chunks.error, 'chunk')} could not be embedded. See ${next('status')}`);
  } else if (report.files.unfinished.length > 0) {
    const files = counted(report.files.unfinished.length, 'file');
    out.line(`All but ${files} is embedded. Next: ${next('index')}`);
  } else out.line(`Next: ${next('resume')}`);
}
