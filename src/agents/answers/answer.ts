// What every tool gives: one JSON object, the same as text for clients that show text, and what it may be asked with.
import type { IndexEvent } from '../../index.ts';
import type { Engine } from '../engine.ts';
import type { Places } from '../places.ts';

export interface Answer {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** One call of a tool. */
export interface Call {
  readonly engine: Engine;
  readonly places: Places;
  readonly signal: AbortSignal;
  /** Told what a run does, where the tool starts one. */
  readonly observe: (event: IndexEvent) => void;
}

/** A block of code as Markdown has it, with a fence that is not in it. */
export function fenced(content: string, language: string): string {
  const longest = Math.max(2, ...(content.match(/`{3,}/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${content}\n${fence}`;
}

export function nextSteps(next: readonly string[]): string[] {
  return next.length === 0 ? [] : [['Next:', ...next.map((step) => `- ${step}`)].join('\n')];
}

/** One line about what cannot be trusted; '' where all is well. */
export function doubtOf(stale: unknown, textFound: boolean | null | undefined): string {
  if (stale === 'gone') return 'STALE: the file is gone';
  if (stale === 'unknown') return 'could not be compared with the file';
  if (stale !== true) return '';
  return textFound === true
    ? 'STALE: the file has changed, this text has not'
    : 'STALE: the file has changed, and this text is not in it';
}
