import { describe, expect, it, vi } from 'vitest';
import { liveReporter } from '../../../src/cli/report/live.ts';
import { plainReporter } from '../../../src/cli/report/plain.ts';
import { createProgress } from '../../../src/cli/report/progress.ts';
import { createReporter } from '../../../src/cli/report/reporter.ts';
import type { IndexEvent } from '../../../src/core/events.ts';
import { capture } from '../captured.ts';

function progressAt(done: number, total = 1000): IndexEvent {
  return { type: 'progress', phase: 2, done, total };
}

const START: IndexEvent = { type: 'phase-started', phase: 2, total: 1000, unit: 'chunks' };
const END: IndexEvent = { type: 'phase-finished', phase: 2, seconds: 81.3 };

describe('the progress of a phase', () => {
  function watched() {
    let at = 0;
    const progress = createProgress(() => at);
    return {
      progress,
      wait: (seconds: number) => {
        at += seconds * 1000;
      },
    };
  }

  it('says what is done, how fast, how long it takes and when it was last saved', () => {
    const { progress, wait } = watched();
    progress.observe(START);
    wait(10);
    progress.observe(progressAt(400));
    progress.observe({ type: 'checkpoint-saved', batchId: 1, chunksDone: 400, chunksRemaining: 600 });
    wait(2);
    expect(progress.describe()).toBe('Phase 2  embed  40%  400/1,000 chunks  33.3/s  ETA 18s  checkpoint 2s ago');
  });

  it('says how many tokens a second where it is asked to', () => {
    let at = 0;
    const progress = createProgress(() => at, true);
    progress.observe(START);
    at = 2000;
    progress.observe({ type: 'progress', phase: 2, done: 100, total: 1000, tokens: 12_000 });
    expect(progress.describe()).toBe('Phase 2  embed  10%  100/1,000 chunks  50/s  6,000 tokens/s');
  });

  it('gives no estimate in the first five seconds', () => {
    const { progress, wait } = watched();
    progress.observe(START);
    wait(4);
    progress.observe(progressAt(100));
    expect(progress.describe()).toBe('Phase 2  embed  10%  100/1,000 chunks  25/s');
  });

  it('measures the rate over the last half minute only', () => {
    const { progress, wait } = watched();
    progress.observe(START);
    for (let second = 1; second <= 100; second++) {
      wait(1);
      progress.observe(progressAt(second <= 50 ? second * 10 : 500 + (second - 50)));
    }
    expect(progress.describe()).toContain('  1/s  ');
  });

  it('does not reach 100 % before the end, and goes on from zero in the next phase', () => {
    const { progress, wait } = watched();
    progress.observe({ type: 'phase-started', phase: 1, total: 1000, unit: 'files' });
    wait(1);
    progress.observe({ type: 'progress', phase: 1, done: 999, total: 1000 });
    expect(progress.describe()).toContain('99%');
    progress.observe({ type: 'phase-finished', phase: 1, seconds: 1 });
    expect(progress.describe()).toBe('finishing after phase 1…');
    progress.observe(START);
    expect(progress.describe()).toBe('Phase 2  embed  0%  0/1,000 chunks');
  });

  it('has no rate and no division by zero for an empty phase', () => {
    const { progress } = watched();
    progress.observe({ type: 'phase-started', phase: 2, total: 0, unit: 'chunks' });
    expect(progress.describe()).toBe('Phase 2  embed  100%  0/0 chunks');
  });
});

describe('plain progress', () => {
  /** Runs for so many seconds, one progress event a second, with the timers of the test. */
  function run(seconds: number, totalSeconds: number) {
    vi.useFakeTimers();
    try {
      const err = capture();
      const writes: number[] = [];
      const output = { ...err.output, raw: note(err.output.raw), line: note(err.output.line) };
      function note<T extends unknown[]>(write: (...args: T) => void) {
        return (...args: T) => {
          writes.push(performance.now());
          write(...args);
        };
      }
      const reporter = plainReporter(output, { progress: true });
      reporter.observe(START);
      for (let second = 1; second <= seconds; second++) {
        vi.advanceTimersByTime(1000);
        reporter.observe(progressAt((second / totalSeconds) * 1000));
      }
      reporter.close();
      return { lines: err.lines(), writes };
    } finally {
      vi.useRealTimers();
    }
  }

  it('is a line every fifteen seconds at the beginning', () => {
    const { lines } = run(60, 600);
    expect(lines).toEqual([
      'Phase 2  embed  1,000 chunks',
      expect.stringMatching(/^Phase 2 {2}embed {2}2% {2}23\/1,000 chunks {2}1\.56\/s {2}ETA 10m 28s$/),
      expect.stringContaining('  4%  48/1,000 chunks'),
      expect.stringContaining('  7%  73/1,000 chunks'),
      expect.stringContaining('  9%  98/1,000 chunks'),
    ]);
  });

  it('is never silent for more than fifteen seconds and stays under sixty lines, in a run of five hours', () => {
    const { lines, writes } = run(18_000, 18_000);
    const silences = writes.slice(1).map((at, index) => at - writes[index]!);
    expect(Math.max(...silences)).toBeLessThanOrEqual(15_000);
    expect(lines.length).toBeLessThanOrEqual(60);
    expect(lines.length).toBeGreaterThan(30);
  });

  it('says when a phase begins and ends, and nothing after it was closed', () => {
    vi.useFakeTimers();
    try {
      const err = capture();
      const reporter = plainReporter(err.output, { progress: true });
      reporter.observe(START);
      reporter.observe(END);
      reporter.close();
      reporter.close();
      vi.advanceTimersByTime(60_000);
      expect(err.lines()).toEqual(['Phase 2  embed  1,000 chunks', 'Phase 2  embed  done in 1m 21s']);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('without progress tells only what happened', () => {
    const err = capture();
    const reporter = plainReporter(err.output, { progress: false });
    for (const event of [START, progressAt(10), END]) reporter.observe(event);
    reporter.observe({ type: 'notice', message: 'found by walking' });
    reporter.close();
    expect(err.lines()).toEqual(['found by walking']);
  });
});

describe('what happens during a run', () => {
  it('names the phase, the checkpoint, the next batch and the rest when an interrupted run goes on', () => {
    const err = capture();
    const reporter = plainReporter(err.output, { progress: false });
    const savedAt = new Date(Date.now() - 180_500).toISOString();
    reporter.observe({
      type: 'resuming',
      phase: 2,
      checkpoint: { batchId: 40, chunksDone: 20480, savedAt },
      nextBatchId: 41,
      chunksRemaining: 555_520,
    });
    expect(err.lines()).toEqual([
      'Resuming an interrupted run: phase 2 (embed) is incomplete',
      `  last checkpoint  batch 40, 20,480 chunks done, saved ${savedAt.slice(0, 10)} ${savedAt.slice(11, 19)} UTC (3m 01s ago)`,
      '  continuing       with phase 2 from batch 41, 555,520 chunks remaining',
    ]);
  });

  it('names no checkpoint where there was none', () => {
    const err = capture();
    const reporter = plainReporter(err.output, { progress: false });
    reporter.observe({ type: 'resuming', phase: 1, checkpoint: null, nextBatchId: null, chunksRemaining: 1 });
    expect(err.lines().slice(1)).toEqual([
      '  last checkpoint  none',
      '  continuing       with phase 1, 1 chunk remaining',
    ]);
  });

  it('is warned of ten times, with the names made harmless', () => {
    const err = capture();
    const reporter = plainReporter(err.output, { progress: false });
    for (let index = 0; index < 50; index++)
      reporter.observe({ type: 'warning', message: 'unreadable', path: `\u001b${index}` });
    expect(err.lines()).toHaveLength(11);
    expect(err.lines()[0]).toBe('warning \\x1b0: unreadable');
    expect(err.lines()[10]).toBe('further warnings are left out');
  });

  it('is told where something was repaired', () => {
    const err = capture();
    const reporter = plainReporter(err.output, { progress: false });
    reporter.observe({ type: 'reconciled', cause: 'interruption', repairs: { 'vectors without chunk': 3 } });
    reporter.observe({ type: 'reconciled', cause: 'unknown', repairs: {} });
    reporter.observe({ type: 'reconciled', cause: 'another-program', repairs: { 'files to parse again': 1 } });
    expect(err.lines()).toEqual([
      'repaired after an interruption: vectors without chunk 3',
      'put right in what mcp-vector-search left: files to parse again 1',
    ]);
  });
});

describe('live progress', () => {
  it('keeps to one line of the terminal, around which other lines are written', () => {
    const err = capture({ isTTY: true, columns: 40 });
    const reporter = liveReporter(err.output);
    reporter.observe(START);
    reporter.observe({ type: 'warning', message: 'unreadable', path: 'a.ts' });
    reporter.observe(END);
    reporter.close();
    expect(err.text()).toContain('unreadable\n');
    expect(err.text()).toContain('Phase 2  embed  done in 1m 21s\n');
    expect(err.lines().every((line) => line.length <= 40 * 3)).toBe(true);
  });
});

describe('the choice of a reporter', () => {
  const usual = { quiet: false, progress: true, canRedraw: true };

  it.each([
    ['a terminal', true, usual, true],
    ['a pipe', false, usual, false],
    ['a terminal without redrawing', true, { ...usual, canRedraw: false }, false],
    ['a terminal without progress', true, { ...usual, progress: false }, false],
  ])('for %s', async (_, isTTY, choice, isLive) => {
    const err = capture({ isTTY, columns: 80 });
    const reporter = await createReporter(err.output, choice);
    reporter.observe({ type: 'notice', message: 'hello' });
    reporter.close();
    expect(err.text().includes('hello\n')).toBe(true);
    expect(err.text().includes('\u001b[')).toBe(isLive); // a live line hides the cursor
  });

  it('is silence if quiet', async () => {
    const err = capture({ isTTY: true });
    const reporter = await createReporter(err.output, { ...usual, quiet: true });
    reporter.observe(START);
    reporter.say('hello');
    reporter.close();
    expect(err.text()).toBe('');
  });
});
