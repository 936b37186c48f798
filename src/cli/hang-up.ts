// A terminal that is closed while the process runs. At exit Node restores each terminal's settings and aborts if that
// fails, as it does on a terminal that is gone: the process would end with SIGSEGV or SIGABRT instead of its exit code.
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { isatty } from 'node:tty';

const STANDARD_STREAMS = [0, 1, 2];

/** At exit, replaces each standard stream whose terminal is gone with the null device, which Node leaves alone. */
export function surviveHangUp(): void {
  const terminals = STANDARD_STREAMS.filter((fd) => isatty(fd));
  process.on('exit', () => {
    for (const fd of terminals) {
      if (isatty(fd)) continue;
      try {
        closeSync(fd);
        openSync(devNull, 'r+'); // takes the number that was just freed
      } catch {
        // Node skips a closed stream too.
      }
    }
  });
}
