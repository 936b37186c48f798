// How much of a text its grammar could not read.
import { byStart } from './captures.ts';
import type { Span } from './types.ts';

export interface Unreadable {
  /** Places with a mistake, those inside others not counted. */
  readonly count: number;
  /** Characters that stand in an error node and in no definition inside of it: one slip may turn a file into an error. */
  readonly characters: number;
}

/** `errors` and `definitions` are nodes of one tree: any two are apart, or one holds the other. */
export function measureUnreadable(errors: readonly Span[], definitions: readonly Span[]): Unreadable {
  if (errors.length === 0) return { count: 0, characters: 0 };
  const nodes = [
    ...errors.map(({ start, end }) => ({ start, end, isError: true })),
    ...definitions.map(({ start, end }) => ({ start, end, isError: false })),
  ].sort(byStart);
  const open: { end: number; isError: boolean }[] = [];
  let count = 0;
  let characters = 0;
  let at = 0;
  const advance = (to: number) => {
    if (open.at(-1)?.isError) characters += to - at;
    at = to;
  };
  const closeUntil = (offset: number) => {
    while (open.length > 0 && open.at(-1)!.end <= offset) {
      advance(open.at(-1)!.end);
      open.pop();
    }
  };
  let reached = -1;
  for (const { start, end, isError } of nodes) {
    closeUntil(start);
    advance(start);
    open.push({ end, isError });
    if (isError && end > reached) {
      count += 1;
      reached = end;
    }
  }
  closeUntil(Number.POSITIVE_INFINITY);
  return { count, characters };
}
