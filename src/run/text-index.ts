// The text index after a run: brought up to the chunks. It is derived from them, so that a failure costs only time.
import { errnoOf, IndexerError, messageOf } from '../core/errors.ts';
import { updateTextIndex } from '../text-index/update.ts';
import type { WritableIndex } from './opened.ts';

/** Errors: LOCK_LOST. Those of the machine, such as a full disk, are told as a warning: search then reads the chunks themselves. */
export async function refreshTextIndex({ stores, observe, fault }: WritableIndex): Promise<void> {
  try {
    await updateTextIndex({
      textDir: stores.layout.textDir,
      chunks: stores.chunks.table,
      assertHeld: () => stores.lock.assertHeld(),
      fault,
    });
  } catch (error) {
    const isOfTheMachine = errnoOf(error) !== '' || (error instanceof IndexerError && error.code !== 'LOCK_LOST');
    if (!isOfTheMachine) throw error;
    const message = `the text index could not be brought up to date (${messageOf(error)}); searches by words are slower until the next run`;
    observe({ type: 'warning', message });
  }
}
