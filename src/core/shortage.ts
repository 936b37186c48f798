// Whether an error speaks of the machine, which may have more to give the next time, and not of what was worked on.
import { errnoOf } from './errors.ts';

/** V8's and the loader's words for memory that they did not get. */
const NO_MEMORY = /could not allocate|allocation failed|out of memory|array buffer allocation/i;

/** A failed call to the operating system, or memory that was refused. */
export function isShortage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return errnoOf(error) !== '' || NO_MEMORY.test(error.message);
}
