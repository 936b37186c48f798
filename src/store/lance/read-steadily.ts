// Reading beside a writer that may remove the version that is being read.
import { isVersionGone } from './engine-failure.ts';
import type { TableHandle } from './table.ts';

/** Where the version is gone the latest is read, once: `read` has to begin anew when it is called again. */
export async function readSteadily<T>(
  tables: readonly (TableHandle | undefined)[],
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isVersionGone(error)) throw error;
    for (const table of tables) await table?.engine.checkoutLatest();
    return await read();
  }
}
