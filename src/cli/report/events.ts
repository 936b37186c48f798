// Events that are told in lines of their own, whatever draws the progress.
import type { IndexEvent } from '../../core/events.ts';
import { count, counted, duration, elapsed, moment } from '../format.ts';
import type { Output } from '../output.ts';
import { visible } from '../visible.ts';
import { PHASE_NAMES } from './progress.ts';

/** A run over a broken disk could warn once a file; the summary has them all. */
const MOST_WARNINGS = 10;

const REPAIRED = {
  interruption: 'repaired after an interruption',
  'another-program': 'put right in what mcp-vector-search left',
  unknown: 'put right where mcp-vector-search wrote, or a command was cut off',
} as const;

/** Writes notices, warnings, resumption and repairs as they come; true if it wrote something. */
export function eventLines(err: Output, isoNow: () => number = Date.now): (event: IndexEvent) => boolean {
  let warnings = 0;
  return (event) => {
    const lines = linesOf(event, err, isoNow);
    if (event.type === 'warning') {
      warnings += 1;
      if (warnings > MOST_WARNINGS + 1) return false;
      if (warnings > MOST_WARNINGS) lines.splice(0, 1, err.yellow('further warnings are left out'));
    }
    for (const line of lines) err.line(line);
    return lines.length > 0;
  };
}

/** `phase 1 (parse) done in 3.2s`, said when a phase ends. */
export function phaseEnd(event: IndexEvent & { type: 'phase-finished' }): string {
  return `Phase ${event.phase}  ${PHASE_NAMES[event.phase]}  done in ${elapsed(event.seconds)}`;
}

function linesOf(event: IndexEvent, err: Output, isoNow: () => number): string[] {
  switch (event.type) {
    case 'notice':
      return [visible(event.message)];
    case 'warning': {
      const where = event.path === undefined ? '' : `${visible(event.path)}: `;
      return [`${err.yellow('warning')} ${where}${visible(event.message)}`];
    }
    case 'resuming':
      return resumingLines(event, err, isoNow);
    case 'reconciled': {
      const repairs = Object.entries(event.repairs).map(([name, times]) => `${visible(name)} ${count(times)}`);
      return repairs.length === 0 ? [] : [`${REPAIRED[event.cause]}: ${repairs.join(', ')}`];
    }
    default:
      return [];
  }
}

function resumingLines(event: IndexEvent & { type: 'resuming' }, err: Output, isoNow: () => number): string[] {
  const { phase, checkpoint, nextBatchId, chunksRemaining } = event;
  const from = nextBatchId === null ? '' : ` from batch ${count(nextBatchId)}`;
  return [
    err.bold(`Resuming an interrupted run: phase ${phase} (${PHASE_NAMES[phase]}) is incomplete`),
    `  last checkpoint  ${checkpoint === null ? 'none' : checkpointText(checkpoint, isoNow)}`,
    `  continuing       with phase ${phase}${from}, ${counted(chunksRemaining, 'chunk')} remaining`,
  ];
}

function checkpointText(
  checkpoint: { readonly batchId: number; readonly chunksDone: number; readonly savedAt: string },
  isoNow: () => number,
): string {
  const age = (isoNow() - Date.parse(checkpoint.savedAt)) / 1000;
  const ago = age >= 0 ? ` (${duration(age)} ago)` : ''; // NaN and the future fail this too
  return `batch ${count(checkpoint.batchId)}, ${counted(checkpoint.chunksDone, 'chunk')} done, saved ${visible(moment(checkpoint.savedAt))}${ago}`;
}
