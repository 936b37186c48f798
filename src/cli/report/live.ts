// One live line on a terminal. ora draws, clears it around other lines, and gives the cursor back.
import ora from 'ora';
import type { Output } from '../output.ts';
import { eventLines, phaseEnd } from './events.ts';
import { createProgress } from './progress.ts';
import type { Reporter } from './types.ts';

const REDRAW_MS = 250;
/** What the spinner itself takes of a line. */
const SPINNER_COLUMNS = 3;

export function liveReporter(err: Output, verbose = false, now: () => number = () => performance.now()): Reporter {
  const progress = createProgress(now, verbose);
  const tell = eventLines(err);
  // Colour is ours to decide (ora looks at the environment by itself); stdin is left alone so that Ctrl-C stays a signal.
  const spinner = ora({ stream: err.stream, color: false, discardStdin: false, isEnabled: true });
  const draw = () => {
    spinner.text = progress.describe().slice(0, Math.max(10, (err.columns() ?? 80) - SPINNER_COLUMNS));
  };
  draw();
  spinner.start();
  const timer = setInterval(draw, REDRAW_MS);

  return {
    // While it spins, ora clears its line around whatever else is written to the stream.
    observe: (event) => {
      progress.observe(event);
      tell(event);
      if (event.type === 'phase-finished') err.line(phaseEnd(event));
    },
    say: (text) => err.line(text),
    close: () => {
      clearInterval(timer);
      spinner.stop();
    },
  };
}
