// What an agent can do about what is missing from an answer. Each is one sentence that names a tool.
import type { ChangesSince, IndexState, SearchAnswer, StatusReport } from '../index.ts';
import type { Fitted } from './fit.ts';

export function afterSearch(answer: SearchAnswer, fitted: Fitted, changes: ChangesSince | null): string[] {
  const { hits, how } = answer;
  const stale = hits.filter((hit) => hit.stale === true || hit.stale === 'gone').map(({ rank }) => rank);
  return [
    ...ofState(answer.index),
    ...(how.reason === null ? [] : [`only words were compared: ${how.reason}`]),
    ...(how.left_out === 0
      ? []
      : [`the words of ${how.left_out} chunks were not searched; index builds what is missing`]),
    ...(stale.length === 0
      ? []
      : [
          `changed since they were indexed: the files of ${stale.length === 1 ? 'hit' : 'hits'} ${stale.join(', ')}; text_found says whether the text is still there. index brings the index up to date`,
        ]),
    ...(stale.length === 0 ? ofChanges(changes) : []),
    ...(hits.length === 0 ? ['no hit: ask in other words, drop a filter, or look around with outline'] : []),
    ...ofFit(fitted),
  ];
}

function ofFit({ shortened, left_out }: Fitted): string[] {
  return [
    ...(shortened === 0 ? [] : [`${shortened} hits are cut: read_chunk with a chunk_id gives the whole definition`]),
    ...(left_out === 0
      ? []
      : [`${left_out} more hits do not fit: raise max_tokens, or narrow with files or languages`]),
  ];
}

/** What the index itself lacks. */
export function ofState({ complete, phase1, chunks, locked_by }: IndexState): string[] {
  if (complete) return [];
  if (locked_by !== null) return [`an index run is at work (pid ${locked_by.pid}): answers grow until it ends`];
  if (phase1 !== 'finished') return ['not every file is parsed yet: index goes on with it'];
  if (chunks.pending > 0)
    return [`${chunks.pending} of ${chunks.total} chunks are found by their words only: index embeds them`];
  return [`${chunks.error} of ${chunks.total} chunks could not be embedded, and are found by their words only`];
}

function ofChanges(changes: ChangesSince | null): string[] {
  if (changes === null) return [];
  const { added, changed, removed, unknown } = changes;
  const parts = [
    [changed, 'changed'],
    [added, 'new'],
    [removed, 'removed'],
    [unknown, 'touched'],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  if (told.length === 0) return [];
  return [`files since the last run: ${told.join(', ')}. index brings the index up to date`];
}

export function afterStatus(status: StatusReport): string[] {
  if (status.layout === 'none') return ['there is no index: index makes one (ask the user first; it may take minutes)'];
  if (status.layout === 'code_search') return ['the index has an old layout: index converts it and keeps a backup'];
  if (status.locked_by !== null) return [`a run is at work (pid ${status.locked_by.pid}); ask for the status again`];
  const unfinished = status.files.unfinished;
  const waiting = status.chunks.pending + status.chunks.processing;
  return [
    ...(waiting > 0 ? [`${waiting} chunks wait for their vectors: index embeds them`] : []),
    ...(unfinished > 0 ? [`${unfinished} files could not be read: index tries again`] : []),
    ...ofChanges(status.changes),
  ];
}
