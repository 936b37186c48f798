// From events to what a progress line says. Pure but for the clock that is passed in.
import type { IndexEvent, Phase } from '../../core/events.ts';
import { count, duration, rate } from '../format.ts';

const RATE_WINDOW_MS = 30_000;
const SAMPLE_EVERY_MS = 250;
const ETA_AFTER_MS = 5_000;

export const PHASE_NAMES: Readonly<Record<Phase, string>> = { 1: 'parse', 2: 'embed' };

export interface Progress {
  observe(event: IndexEvent): void;
  /** One line, without colour: `Phase 2  embed  41%  236,544/576,000 chunks  412/s  ETA 13m 44s  checkpoint 12s ago`. */
  describe(): string;
  /** Share of the current phase that is done, 0 to 1; 0 between phases. */
  fraction(): number;
}

interface PhaseState {
  readonly phase: Phase;
  readonly unit: string;
  readonly startedAt: number;
  total: number;
  done: number;
  tokens: number;
  /** Oldest first; the first is the last one that left the window. */
  readonly samples: { readonly at: number; readonly done: number; readonly tokens: number }[];
}

/** `now` gives monotonic milliseconds; `tellTokens` adds the tokens a second where the phase knows them. */
export function createProgress(now: () => number, tellTokens = false): Progress {
  let stage = 'opening the index';
  let current: PhaseState | undefined;
  let checkpointAt: number | undefined;

  return {
    observe: (event) => {
      if (event.type === 'phase-started') {
        const at = now();
        const { phase, unit, total } = event;
        current = { phase, unit, total, startedAt: at, done: 0, tokens: 0, samples: [{ at, done: 0, tokens: 0 }] };
        checkpointAt = undefined;
      } else if (event.type === 'progress' && current?.phase === event.phase) {
        current.total = event.total;
        current.done = event.done;
        current.tokens = event.tokens ?? 0;
        addSample(current, now());
      } else if (event.type === 'checkpoint-saved') {
        checkpointAt = now();
      } else if (event.type === 'phase-finished') {
        current = undefined;
        stage = `finishing after phase ${event.phase}`;
      }
    },
    fraction: () => (current === undefined || current.total === 0 ? 0 : Math.min(1, current.done / current.total)),
    describe: () => {
      if (current === undefined) return `${stage}…`;
      const { phase, unit, total, done } = current;
      const percent = total === 0 ? 100 : Math.floor((100 * Math.min(done, total)) / total);
      const perSecond = rateOf(current, now(), 'done');
      const parts = [`Phase ${phase}  ${PHASE_NAMES[phase]}`, `${percent}%`, `${count(done)}/${count(total)} ${unit}`];
      if (perSecond > 0) parts.push(`${rate(perSecond)}/s`);
      const tokensPerSecond = tellTokens ? rateOf(current, now(), 'tokens') : 0;
      if (tokensPerSecond > 0) parts.push(`${rate(tokensPerSecond)} tokens/s`);
      if (perSecond > 0 && now() - current.startedAt >= ETA_AFTER_MS)
        parts.push(`ETA ${duration((total - done) / perSecond)}`);
      if (checkpointAt !== undefined) parts.push(`checkpoint ${duration((now() - checkpointAt) / 1000)} ago`);
      return parts.join('  ');
    },
  };
}

/** Keeps what lies in the window and the newest before it: the rate is measured from there. */
function addSample(state: PhaseState, at: number): void {
  const { samples, done, tokens } = state;
  if (at - (samples.at(-1)?.at ?? 0) < SAMPLE_EVERY_MS) return;
  samples.push({ at, done, tokens });
  while (samples.length > 1 && (samples[1]?.at ?? at) <= at - RATE_WINDOW_MS) samples.shift();
}

function rateOf(state: PhaseState, at: number, what: 'done' | 'tokens'): number {
  const [oldest] = state.samples;
  if (oldest === undefined || at <= oldest.at) return 0;
  return (1000 * (state[what] - oldest[what])) / (at - oldest.at);
}
