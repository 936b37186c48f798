// What is drawn on a terminal with and without a width.
import { expect, it } from 'vitest';
import { createReporter } from '../../../src/cli/report/reporter.ts';
import { capture } from '../captured.ts';

it.each([
  [0, false],
  [100, true],
])('a terminal of %i columns: the line is redrawn: %s', async (columns, isRedrawn) => {
  const err = capture({ isTTY: true, columns });
  const reporter = await createReporter(err.output, { quiet: false, progress: true, canRedraw: true });
  reporter.observe({ type: 'phase-started', phase: 2, total: 1000, unit: 'chunks' });
  reporter.close();
  expect(err.output.columns()).toBe(columns || 80);
  expect(err.text().includes('\u001b[')).toBe(isRedrawn);
  expect(err.text().includes('Phase 2  embed  1,000 chunks\n')).toBe(!isRedrawn);
});
