// Progress for logs and agents: few lines, and never a silence that reads as a hang.
import { count } from '../format.ts';
import type { Output } from '../output.ts';
import { eventLines, phaseEnd } from './events.ts';
import { createProgress, PHASE_NAMES } from './progress.ts';
import type { Reporter } from './types.ts';

const SILENCE_MS = 15_000;
/** After so many progress lines (five minutes) a line also takes five per cent of progress; until then a dot is written. */
const LINES_BY_TIME = 20;
const STEP = 0.05;

/** `progress: false` leaves only the events that have lines of their own. */
export function plainReporter(
  err: Output,
  {
    progress: showsProgress,
    verbose = false,
    now = () => performance.now(),
  }: { progress: boolean; verbose?: boolean; now?: () => number },
): Reporter {
  const progress = createProgress(now, verbose);
  const tell = eventLines(err);
  let timer: NodeJS.Timeout | undefined;
  let isOpen = showsProgress;
  let progressLines = 0;
  let lastFraction = 0;
  let dots = 0;

  const line = (text: string) => {
    endDots();
    err.line(text);
    listenAgain();
  };
  const endDots = () => {
    if (dots > 0) err.raw('\n');
    dots = 0;
  };
  const listenAgain = () => {
    clearTimeout(timer);
    if (isOpen) timer = setTimeout(breakSilence, SILENCE_MS);
  };
  const breakSilence = () => {
    const hasMoved = Math.abs(progress.fraction() - lastFraction) >= STEP;
    if (progressLines < LINES_BY_TIME || hasMoved) {
      progressLines += 1;
      lastFraction = progress.fraction();
      line(progress.describe());
    } else {
      dots += 1;
      err.raw('.');
      listenAgain();
    }
  };

  listenAgain();
  return {
    observe: (event) => {
      progress.observe(event);
      if (['notice', 'warning', 'resuming', 'reconciled'].includes(event.type)) {
        endDots();
        if (tell(event)) listenAgain();
      }
      if (!showsProgress) return;
      if (event.type === 'phase-started') {
        lastFraction = 0;
        line(`Phase ${event.phase}  ${PHASE_NAMES[event.phase]}  ${count(event.total)} ${event.unit}`);
      } else if (event.type === 'phase-finished') {
        line(phaseEnd(event));
      }
    },
    say: line,
    close: () => {
      isOpen = false;
      clearTimeout(timer);
      endDots();
    },
  };
}
