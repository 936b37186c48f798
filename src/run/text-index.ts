// The text index after a run: brought up to the chunks.
import { updateTextIndex } from '../text-index/update.ts';
import type { WritableIndex } from './opened.ts';

/** Errors: LOCK_LOST, and those of the machine. The chunks are stored by then, and the next run does it again. */
export async function refreshTextIndex({ stores, fault }: WritableIndex): Promise<void> {
  await updateTextIndex({
    textDir: stores.layout.textDir,
    chunks: stores.chunks.table,
    assertHeld: () => stores.lock.assertHeld(),
    fault,
  });
}
