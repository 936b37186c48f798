// The engine makes a folder for temporary files at each connection and leaves it behind when the process exits, two or
// more for each command. It finds a folder of this process's own instead, which goes with it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';

const VARIABLES = ['TMPDIR', 'TMP', 'TEMP'];

let folder: string | undefined;

/** To be called before native code is loaded, for its threads read the environment. A kill leaves the one folder. */
export function useOwnTemporaryFolder(): void {
  if (folder !== undefined) return;
  for (const name of VARIABLES) {
    const place = process.env[name];
    if (place && !isAbsolute(place)) delete process.env[name]; // it would be a folder of the project
  }
  try {
    folder = mkdtempSync(join(tmpdir(), 'tandem-'));
  } catch {
    return; // said, with what to do about it, where the engine is first needed
  }
  for (const name of VARIABLES) process.env[name] = folder;
  const own = folder;
  process.on('exit', () => {
    try {
      rmSync(own, { recursive: true, force: true });
    } catch {
      // A thread of the engine is still writing there: a folder left behind must not change what the command ends with.
    }
  });
}
