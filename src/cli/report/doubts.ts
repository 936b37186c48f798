// What an answer does not know, one line each, for people.
import type { SearchAnswer } from '../../index.ts';
import { count } from '../format.ts';
import type { Output } from '../output.ts';
import { visible } from '../visible.ts';

/** `next` makes a command line that can be typed. */
export function printDoubts(err: Output, answer: SearchAnswer, next: (command: string) => string): void {
  const warn = (text: string) => err.line(`${err.yellow('warning')} ${text}`);
  const state = describeState(answer.index, next);
  if (state !== null) warn(state);
  for (const note of describeHow(answer.how, next)) warn(note);
  for (const doubt of describeFilters(answer.filters)) warn(doubt);
  const { similar_to: similar } = answer;
  if (similar?.stale === true || similar?.stale === 'gone') {
    const what = similar.stale === 'gone' ? 'is gone' : 'has changed since';
    warn(`${visible(similar.file_path)} ${what}; what was indexed of it was compared`);
  }
  const stale = answer.hits.filter((hit) => hit.stale === true || hit.stale === 'gone').length;
  if (stale === 0) return;
  const what = stale === 1 ? 'hit is from a file that has' : 'hits are from files that have';
  warn(`${stale} ${what} changed or vanished since; bring the index up to date with: ${next('index')}`);
}

/** Values that match nothing beside others that do. */
function describeFilters({ files, languages, kinds }: SearchAnswer['filters']): string[] {
  const meant = (nearest: string | null) => (nearest === null ? '' : `; did you mean ${visible(nearest)}?`);
  return [
    ...(files ?? [])
      .filter(({ taken_as }) => taken_as === null)
      .map(({ typed, nearest }) => `no indexed file matches "${visible(typed)}" of --files${meant(nearest)}`),
    ...(languages ?? [])
      .filter(({ language }) => language === null)
      .map(({ typed, nearest }) => `no indexed file is in "${visible(typed)}" of --language${meant(nearest)}`),
    ...(kinds ?? [])
      .filter(({ kind }) => kind === null)
      .map(({ typed, nearest }) => `nothing in the index is "${visible(typed)}" of --kind${meant(nearest)}`),
  ];
}

/** What was searched otherwise than was asked for, or only in part. */
function describeHow({ mode, reason, left_out }: SearchAnswer['how'], next: (command: string) => string): string[] {
  const notes: string[] = [];
  if (reason !== null) notes.push(`this answer is by ${mode === 'lexical' ? 'words' : mode} alone: ${visible(reason)}`);
  if (left_out > 0) {
    const what = `${count(left_out)} chunks could not be searched by their words`;
    notes.push(`${what}, which are missing from the text index; update it with: ${next('index')}`);
  }
  return notes;
}

/** Null where every chunk that is known can be found. */
function describeState({ chunks, phase1, locked_by }: SearchAnswer['index'], next: (command: string) => string) {
  const { total, embedded, error } = chunks;
  const missing: string[] = [];
  if (embedded + error < total) missing.push(`${count(embedded)} of ${count(total)} chunks are embedded`);
  if (phase1 === 'unfinished') missing.push('not every file is parsed yet');
  if (error > 0) missing.push(`${count(error)} of ${count(total)} chunks could not be embedded`);
  if (missing.length === 0) return null;
  const isBegun = phase1 === 'unfinished' || (phase1 === 'finished' && embedded + error < total);
  const command = isBegun ? 'resume' : 'index';
  const how =
    locked_by === null
      ? `continue with: ${next(command)}`
      : `pid ${locked_by.pid} on ${visible(locked_by.host)} is at work on it (${visible(locked_by.command)})`;
  return `the index is not complete: ${missing.join(', ')}; ${how}`;
}
